import Feeds
import Testing

@Suite("The ticker's address")
struct TickerURLTests {
    @Test(
        "host, port and target are read",
        arguments: [
            ("ws://127.0.0.1:8765", "127.0.0.1", 8765, "/"), ("ws://ticker.example", "ticker.example", 80, "/"),
            ("ws://ticker.example/", "ticker.example", 80, "/"), ("ws://host:1/path", "host", 1, "/path"),
            ("ws://host:65535?api_key=a&access_token=b", "host", 65_535, "/?api_key=a&access_token=b"),
            ("ws://host/path?x=/y:z", "host", 80, "/path?x=/y:z"),
        ]
    )
    func reads(text: String, host: String, port: Int, target: String) throws {
        let url = try TickerURL(text)
        #expect(url.host == host)
        #expect(url.port == port)
        #expect(url.target == target)
        #expect(url.description == "ws://\(host):\(port)")
    }

    @Test(
        "what is no address is refused with a reason, which never repeats the query",
        arguments: [
            ("", "ws://HOST:PORT"), ("host:80", "ws://HOST:PORT"), ("http://host?t=canary", "ws://HOST:PORT"),
            ("wss://ws.kite.trade?access_token=canary", "TLS"), ("ws://", "no host"), ("ws://:80?t=canary", "no host"),
            ("ws:///path?t=canary", "no host"), ("ws://host:0?t=canary", "port"), ("ws://host:65536?t=canary", "port"),
            ("ws://host:x?t=canary", "port"), ("ws://host:?t=canary", "port"), ("ws://a:b:c?t=canary", "no host"),
            ("ws://host/a b?t=canary", "space"), ("ws://host/\r\nX-Header: canary", "space"),
        ]
    )
    func refuses(text: String, reason: String) throws {
        let error = try #require(throws: FeedError.self) { try TickerURL(text) }
        #expect(error.code == .invalidAddress)
        #expect(error.description.contains(reason), "\(error)")
        #expect(!error.description.contains("canary"))
    }

    @Test("an access token in the query is printed in no way")
    func secrecy() throws {
        let url = try TickerURL("ws://host:80/path?access_token=canary")
        var dumped = ""
        dump(url, to: &dumped)
        dump([url], to: &dumped)
        for text in ["\(url)", String(reflecting: url), "\([url])", "\(Optional(url) as Any)", dumped] {
            #expect(!text.contains("canary"), "\(text)")
        }
    }
}
