internal import NIOCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Why the server cannot listen.
///
/// The message says what to do.
package struct GatewayError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The number is no port.
        case invalidPort
        /// Another program listens at the port.
        case portTaken
        /// The system does not let this user listen at the port, or refuses for another reason.
        case cannotListen
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }

    /// The error of a port that the system refused.
    init(port: Int, refusedWith error: IOError) {
        let remedy = "choose another port with --port (0 takes a free one)"
        switch error.errnoCode {
        case EADDRINUSE:
            self.init(.portTaken, "port \(port) is in use by another program: stop that one, or \(remedy)")
        case EACCES:
            self.init(.cannotListen, "this user may not listen at port \(port): \(remedy)")
        default:
            self.init(.cannotListen, "cannot listen at port \(port) (error \(error.errnoCode)): \(remedy)")
        }
    }
}
