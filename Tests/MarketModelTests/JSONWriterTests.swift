import Foundation
import MarketModel
import Testing

@Suite("JSON")
struct JSONWriterTests {
    private static func parse(_ writer: JSONWriter) throws -> Any {
        try JSONSerialization.jsonObject(with: Data(writer.bytes), options: [.fragmentsAllowed])
    }

    @Test("objects, arrays and all kinds of values are nested as they were told")
    func nesting() throws {
        var json = JSONWriter()
        json.object { json in
            json.key("empty")
            json.object { _ in }
            json.key("list")
            json.array { json in
                json.integer(-1)
                json.array { _ in }
                json.array { json in
                    json.boolean(true)
                    json.boolean(false)
                    json.null()
                }
                json.object { json in
                    json.key("deep")
                    json.string("x")
                }
                json.integer(UInt64.max)
            }
            json.key("price")
            json.price(Price(scaled: -28_840_500))
            json.key("rate")
            json.decimal(mantissa: 872_500_500, decimals: 7)
            json.key("at")
            json.time(Timestamp(microseconds: 1))
            json.key("none")
            json.optional(nil as Int?) { $0.integer($1) }
            json.key("some")
            json.optional(7) { $0.integer($1) }
        }
        #expect(
            json.text
                == #"{"empty":{},"list":[-1,[],[true,false,null],{"deep":"x"},18446744073709551615],"price":-2884.05,"#
                + #""rate":87.25005,"at":"1970-01-01T00:00:00.000001Z","none":null,"some":7}"#
        )
        let object = try #require(Self.parse(json) as? [String: Any])
        #expect(object.count == 7)
        #expect((object["list"] as? [Any])?.count == 5)
    }

    @Test(
        "every string is the same after Foundation has read it",
        arguments: [
            "", "plain", "\"quoted\"", "back\\slash", "a/b", "line\nfeed\r\ttab", "\u{0}\u{1}\u{1F}\u{7F}", "नमस्ते", "🧨",
            "\u{2028}\u{FEFF}",
            "e\u{301}", "</script>",
        ]
    )
    func escapes(text: String) throws {
        var json = JSONWriter()
        json.string(text)
        let back = try #require(Self.parse(json) as? String)
        #expect(Array(back.utf8) == Array(text.utf8))
    }

    @Test("every single character below 300, and random ones, survive")
    func escapesAll() throws {
        var generator = SplitMix64(seed: 5)
        var text = ""
        for value in 0..<300 { text.unicodeScalars.append(try #require(Unicode.Scalar(UInt32(value)))) }
        for _ in 0..<2000 {
            guard let scalar = Unicode.Scalar(UInt32.random(in: 0...0x10FFFF, using: &generator)) else { continue }
            text.unicodeScalars.append(scalar)
        }
        var json = JSONWriter()
        json.array { json in
            json.string(text)
            json.string("after")
        }
        let back = try #require(Self.parse(json) as? [String])
        #expect(back.count == 2)
        #expect(Array(back[0].utf8) == Array(text.utf8))
    }

    @Test("a candle is an object with exact numbers and the names of its flags")
    func candle() throws {
        var json = JSONWriter()
        json.candle(
            Candle(
                start: Timestamp(seconds: 0),
                open: Price(scaled: 1),
                high: Price(scaled: 100_500),
                low: Price(scaled: -1),
                close: Price(scaled: 10_000),
                volume: 5,
                openInterest: nil,
                tradesCount: 3,
                source: .imported,
                flags: [.revised, .partial]
            )
        )
        #expect(
            json.text
                == #"{"start":"1970-01-01T00:00:00.000000Z","open":0.0001,"high":10.05,"low":-0.0001,"close":1,"#
                + #""volume":5,"open_interest":null,"trades_count":3,"source":"import","flags":["partial","revised"]}"#
        )
        #expect(try Self.parse(json) is [String: Any])
    }
}
