/// A password that does not show itself when it, or anything that holds it, is printed.
package struct RedisSecret: Sendable, Equatable {
    /// The password itself, to be sent to the server and nowhere else.
    package let revealed: String

    /// Keeps a password.
    package init(_ password: String) {
        self.revealed = password
    }
}

extension RedisSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always `<redacted>`.
    package var description: String { "<redacted>" }

    /// Always `<redacted>`.
    package var debugDescription: String { "<redacted>" }

    /// A mirror without children, so that `dump` shows nothing either.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
