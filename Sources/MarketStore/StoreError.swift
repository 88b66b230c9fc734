package import PostgresClient

/// What the store refuses or fails at; safe to show to anyone.
package struct StoreError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// A request that can never succeed: an empty range, a limit out of bounds, an unknown instrument.
        case invalidInput
        /// The database's schema is not what this program works with.
        case schema
        /// Another recorder has taken over; this one must stop.
        case takenOver
        /// The database failed; see `cause`.
        case database
    }

    package let code: Code
    package let message: String
    package let cause: PostgresError?

    package init(_ code: Code, _ message: String, cause: PostgresError? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    package var description: String {
        guard let cause else { return message }
        return "\(message): \(cause)"
    }
}
