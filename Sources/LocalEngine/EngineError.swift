/// Why the private engine cannot be made, started or stopped.
///
/// The message says what to do.
package struct EngineError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// No PostgreSQL with TimescaleDB, or no redis-server, on this machine.
        case programMissing
        /// The home folder is not usable: permissions, another program's data, a newer format.
        case home
        /// Another program works on the same home.
        case inUse
        /// A server did not start, or ended by itself.
        case server
        /// Started by root, and the system user is not there.
        case user
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
