import Foundation
import KiteProtocol
import Testing

@Suite("Text messages of the server")
struct KiteTextMessageTests {
    @Test("an order comes out as the text of its data, numbers untouched")
    func order() {
        let data = #"{"order_id": "1953341975595868160", "average_price":470.050, "meta":{"a":[1,{}]}, "x":1e400}"#
        let text = #" { "type" : "order", "id":"", "data" :\#(data) } "#
        #expect(KiteTextMessage.parse(text) == .order(json: data))
    }

    @Test("keys and strings with escapes mean what they mean in JSON")
    func escapes() {
        let text = #"{"\u0074ype":"err\u006fr","data":"a\"b\\c\/d\n\t\b\f\r\u20b9 \ud83d\ude00 ₹ \ud83d"}"#
        #expect(KiteTextMessage.parse(text) == .error("a\"b\\c/d\n\t\u{8}\u{c}\r₹ 😀 ₹ \u{FFFD}"))
    }

    @Test("errors and broadcasts are passed on, also when their data is no string")
    func errorsAndBroadcasts() {
        func expect(_ text: String, _ message: KiteTextMessage) {
            #expect(KiteTextMessage.parse(text) == message)
        }
        expect(#"{"type":"error","data":"Access token has expired"}"#, .error("Access token has expired"))
        expect(#"{"type":"error","data":{"code": 403}}"#, .error(#"{"code": 403}"#))
        expect(#"{"type":"error"}"#, .error("error without a text"))
        expect(#"{"type":"message","data":"Exchange broadcast"}"#, .message("Exchange broadcast"))
        expect(#"{"type":"message","data":[1, 2]}"#, .message("[1, 2]"))
    }

    @Test("of a key that is there twice the last counts")
    func duplicateKeys() {
        #expect(KiteTextMessage.parse(#"{"type":"order","type":"message","data":1,"data":"b"}"#) == .message("b"))
    }

    @Test(
        "what is not understood is ignored with a reason",
        arguments: [
            (#"{"type":"order"}"#, "order without data"), (#"{"type":"order","data":{}}"#, "order without data"),
            (#"{"type":"order","data":{ }}"#, "order without data"),
            (#"{"type":"order","data":null}"#, "order without data"),
            (#"{"type":"order","data":[1]}"#, "order without data"), (#"{"type":"message"}"#, "message without data"),
            ("{}", "no type"), ("[]", "no type"), ("7", "no type"), (#"{"type":1}"#, "no type"),
            (#"{"type":"instruments_meta","data":{"count":1}}"#, #"unknown type "instruments_meta""#),
            ("not json", "no valid JSON: expected a value at byte 0"),
            ("", "no valid JSON: expected a value at byte 0"),
            (#"{"type":"order","data":{"a":1}"#, "no valid JSON: expected a comma or } at byte 30"),
            (#"{"type":"order","data":{"a":1}}x"#, "no valid JSON: expected the end at byte 31"),
        ]
    )
    func ignored(text: String, reason: String) {
        #expect(KiteTextMessage.parse(text) == .ignored(reason: reason))
    }

    @Test("a long unknown type is cut in the reason")
    func longType() {
        let type = String(repeating: "x", count: 10_000)
        #expect(
            KiteTextMessage.parse(#"{"type":"\#(type)"}"#)
                == .ignored(reason: #"unknown type "\#(type.prefix(40))"…"#)
        )
    }

    @Test(
        "text that is not JSON is ignored",
        arguments: [
            "{", "[", "[1", "[1,", "[1,]", "{\"a\"", "{\"a\":", "{\"a\":1,", "{\"a\":1,}", "{a:1}", "{1:1}", "\"",
            "\"a",
            "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"a\nb\"", "01", "-", "1.", ".5", "1e", "1e+", "+1",
            "tru",
            "nul", "NaN", "Infinity", "'a'", "{\"type\":\"message\",\"data\":\"a\" \"b\"}", "\u{FEFF}{}", "1 2",
        ]
    )
    func malformed(text: String) {
        guard case .ignored(let reason) = KiteTextMessage.parse(text) else {
            Issue.record("was not ignored")
            return
        }
        #expect(reason.hasPrefix("no valid JSON: "))
        // Foundation agrees, but for a byte order mark and a comma behind the last element, which it lets pass.
        if ["\u{FEFF}{}", "[1,]", #"{"a":1,}"#].contains(text) { return }
        #expect(throws: (any Error).self) { try JSON(text.utf8) }
    }

    @Test("deep nesting is refused, not followed until the stack ends")
    func deepNesting() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(KiteTextMessage.parse(deep) == .ignored(reason: "no valid JSON: nested more than 32 deep at byte 33"))
        let allowed = String(repeating: "[", count: 31) + String(repeating: "]", count: 31)
        #expect(KiteTextMessage.parse(#"{"type":"message","data":\#(allowed)}"#) == .message(allowed))
    }

    @Test("random changes of messages never trap, and what is accepted is JSON to Foundation too", arguments: 1...5)
    func randomMutations(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let data = #"{"a":[1,-2.5e3,"\u00e9\n"],"b":{"c":null,"d":true}}"#
        let original = Array(#"{"type":"order","id":"","data":\#(data)}"#.utf8)
        let alphabet = Array(#"{}[]",:\0123456789.eE+-truefalsn "#.utf8)
        var accepted = 0
        for _ in 0..<2000 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...2, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                bytes[index] = alphabet.randomElement(using: &random) ?? 0
            }
            let text = String(decoding: bytes, as: UTF8.self)
            if case .order(let json) = KiteTextMessage.parse(text) {
                accepted += 1
                #expect(throws: Never.self, "\(text)") { try JSONSerialization.jsonObject(with: Data(json.utf8)) }
            }
        }
        #expect(accepted > 100)
    }
}
