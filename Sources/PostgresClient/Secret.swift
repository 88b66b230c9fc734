/// A value that must never be printed: every textual form of it is `<redacted>`.
package struct PostgresSecret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// The value itself, for the call that needs it.
    package let exposed: String

    package init(_ value: String) {
        self.exposed = value
    }

    package var description: String { "<redacted>" }
    package var debugDescription: String { "<redacted>" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
