/// Why a text message could not be read.
package struct KiteTextError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, in words that can be sent back to whoever sent the message.
    package let message: String

    /// Makes an error that says `message`.
    package init(_ message: String) {
        self.message = message
    }

    /// What is wrong, in words.
    package var description: String { message }

    /// A piece of foreign text in quotation marks, cut to a bearable length, with control characters escaped.
    static func quoted(_ text: String) -> String {
        text.count > 40 ? String(text.prefix(40)).debugDescription + "…" : text.debugDescription
    }
}
