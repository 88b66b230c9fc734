/// Why a feed cannot go on, or the simulated exchange cannot start.
///
/// The message says what to do.
package struct FeedError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The address of the ticker is malformed, or of a kind that is not supported.
        case invalidAddress
        /// The peer refused the connection, or answered with something else than a WebSocket.
        case connectionFailed
        /// The peer closed the connection, or broke the protocol.
        case connectionLost
        /// Nothing came for too long, although the connection stands.
        case silent
        /// The watchlist is empty.
        case nothingToWatch
        /// The ticker plays a time that the log has passed.
        case behindLog
        /// Another feed writes the same log.
        case notAlone
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
