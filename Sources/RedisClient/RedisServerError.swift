/// An error reply of the server.
package struct RedisServerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of error: the reply's first word where that is in capitals ("WRONGTYPE", "NOAUTH"), otherwise "ERR".
    package let code: String
    /// The server's text without the code, and without arguments of the command that the server repeats.
    package let message: String

    /// Makes an error from its parts.
    package init(code: String, message: String) {
        self.code = code
        self.message = Self.withoutEchoedArguments(message)
    }

    /// Reads the text of an error reply, without its type byte.
    package init(reply: String) {
        let code = reply.prefix { $0 != " " && $0 != "\n" }
        let isCode = !code.isEmpty && code.utf8.allSatisfy { (0x41...0x5A).contains($0) || $0 == 0x5F }
        guard isCode else {
            self.init(code: "ERR", message: reply)
            return
        }
        self.init(code: String(code), message: String(reply.dropFirst(code.count + 1)))
    }

    /// The code and the message.
    package var description: String { message.isEmpty ? code : "\(code) \(message)" }

    /// Whether the server says so only for now: loading, fail-over, all clients in use.
    package var isTransient: Bool {
        switch code {
        case "LOADING", "TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "BUSY": true
        default: message.hasPrefix("max number of clients reached")
        }
    }

    /// An unknown command is reported with its arguments, which may be a password (HELLO on an old server).
    private static func withoutEchoedArguments(_ message: String) -> String {
        let words = Array(", with args beginning with".utf8)
        let bytes = Array(message.utf8)
        guard bytes.count >= words.count else { return message }
        for start in 0...(bytes.count - words.count) where bytes[start..<(start + words.count)] == words[...] {
            return String(decoding: bytes[..<start], as: UTF8.self)
        }
        return message
    }
}
