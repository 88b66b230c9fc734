/// Where a ticker is: `ws://HOST[:PORT][/PATH][?QUERY]`.
///
/// The query of a broker's address holds the access token: it is part of no description.
package struct TickerURL: Sendable, CustomStringConvertible, CustomReflectable {
    package let host: String
    package let port: Int
    /// Path and query, as the request line has them.
    package let target: String

    package init(host: String, port: Int, target: String = "/") {
        self.host = host
        self.port = port
        self.target = target
    }

    /// - Throws: ``FeedError`` `.invalidAddress`; the message does not repeat the query.
    package init(_ text: String) throws(FeedError) {
        if text.hasPrefix("wss://") {
            throw FeedError(.invalidAddress, "wss:// addresses (TLS) are not supported yet; use ws://HOST:PORT")
        }
        guard text.hasPrefix("ws://") else {
            throw FeedError(.invalidAddress, "the ticker's address must have the form ws://HOST:PORT")
        }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw FeedError(.invalidAddress, "the ticker's address holds a space or a character that no address has")
        }
        let rest = text.dropFirst(5)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let target = rest.dropFirst(authority.count)
        let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
        guard let host = parts.first, !host.isEmpty, parts.count <= 2 else {
            throw FeedError(.invalidAddress, "the ticker's address names no host: expected ws://HOST:PORT")
        }
        var port = 80
        if parts.count == 2 {
            guard let given = Int(parts[1]), (1...65_535).contains(given) else {
                throw FeedError(.invalidAddress, "the ticker's port must be 1 to 65535, not '\(parts[1])'")
            }
            port = given
        }
        self.init(
            host: String(host),
            port: port,
            target: target.hasPrefix("/") ? String(target) : "/" + target
        )
    }

    package var description: String { "ws://\(host):\(port)" }

    /// A mirror without children, so that `dump` does not show the query either.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
