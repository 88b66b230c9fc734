import KiteProtocol
import MarketModel
import Testing

@Suite("Text messages of clients")
struct KiteClientMessageTests {
    static let messages: [(KiteClientMessage, String)] = [
        (.subscribe([408_065, 884_737]), #"{"a":"subscribe","v":[408065,884737]}"#),
        (.unsubscribe([884_737]), #"{"a":"unsubscribe","v":[884737]}"#),
        (.subscribe([]), #"{"a":"subscribe","v":[]}"#),
        (.mode(.full, [408_065]), #"{"a":"mode","v":["full",[408065]]}"#),
        (.mode(.lastPrice, [0, .max]), #"{"a":"mode","v":["ltp",[0,4294967295]]}"#),
        (.mode(.quote, []), #"{"a":"mode","v":["quote",[]]}"#),
    ]

    @Test("a message is written as compact as Kite's and read back", arguments: messages)
    func roundTrip(message: KiteClientMessage, json: String) throws {
        #expect(message.json() == json)
        #expect(try KiteClientMessage(json: json) == message)
        #expect(try KiteClientMessage(json: Array(json.utf8)) == message)
    }

    @Test("random messages are read back as they were written")
    func randomRoundTrip() throws {
        var random = SplitMix64(seed: 5)
        for _ in 0..<200 {
            let count = Int.random(in: 0...50, using: &random)
            let tokens = (0..<count).map { _ in UInt32.random(in: 0...(.max), using: &random) }
            let mode = try #require(TickMode.allCases.randomElement(using: &random))
            for message in [KiteClientMessage.subscribe(tokens), .unsubscribe(tokens), .mode(mode, tokens)] {
                #expect(try KiteClientMessage(json: message.json()) == message)
            }
        }
    }

    @Test(
        "white space, the order of keys, further keys and escapes do not matter",
        arguments: [
            "{\"a\": \"mode\", \"v\": [\"full\", [408065]]}", "\n{ \"v\":[\t\"full\" ,[ 408065 ] ] ,\r\"a\":\"mode\" }",
            #"{"id":{"x":[1]},"a":"mode","v":["full",[408065]]}"#, #"{"\u0061":"mo\u0064e","v":["full",[408065]]}"#,
        ]
    )
    func tolerated(json: String) throws {
        #expect(try KiteClientMessage(json: json) == .mode(.full, [408_065]))
    }

    @Test(
        "a message that is not right is refused with what is wrong",
        arguments: [
            (#"{"a":"subscrbe","v":[1]}"#, #"unknown action "subscrbe"; known are subscribe, unsubscribe and mode"#),
            (#"{"a":"Mode","v":["full",[1]]}"#, #"unknown action "Mode"; known are subscribe, unsubscribe and mode"#),
            (#"{"a":1,"v":[1]}"#, #"the action "a" must be a string"#),
            (#"{"v":[1]}"#, #"the key "a" is missing"#), (#"{"a":"subscribe"}"#, #"the key "v" is missing"#),
            (#"{"a":"subscribe","a":"mode","v":[1]}"#, #"the key "a" is there twice"#),
            (#"{"a":"subscribe","v":["408065"]}"#, token(#""\"408065\"""#)),
            (#"{"a":"subscribe","v":[1,-1]}"#, token("-1")), (#"{"a":"subscribe","v":[1.0]}"#, token("1.0")),
            (#"{"a":"subscribe","v":[4294967296]}"#, token("4294967296")),
            (#"{"a":"subscribe","v":[1e3]}"#, token("1e3")), (#"{"a":"subscribe","v":[true]}"#, token(#""true""#)),
            (#"{"a":"subscribe","v":[[1]]}"#, token(#""[1]""#)), (#"{"a":"subscribe","v":[null]}"#, token(#""null""#)),
            (#"{"a":"subscribe","v":408065}"#, "the tokens must be a list: [408065]"),
            (#"{"a":"mode","v":["full",1]}"#, "the tokens must be a list: [408065]"),
            (#"{"a":"mode","v":["depth",[1]]}"#, #"unknown mode "depth"; known are ltp, quote and full"#),
            (#"{"a":"mode","v":["full"]}"#, modeShape), (#"{"a":"mode","v":[[1],"full"]}"#, modeShape),
            (#"{"a":"mode","v":["full",[1],2]}"#, modeShape), (#"{"a":"mode","v":"full"}"#, modeShape),
            ("[1]", "expected a JSON object"), ("subscribe", "no valid JSON: expected a value at byte 0"),
            (#"{"a":"subscribe","v":[1]"#, "no valid JSON: expected a comma or } at byte 24"),
            (#"{"a":"subscribe","v":[1]}{}"#, "no valid JSON: expected the end at byte 25"),
        ]
    )
    func refused(json: String, message: String) {
        #expect(throws: KiteTextError(message)) { try KiteClientMessage(json: json) }
    }

    @Test("bytes that are not UTF-8 are refused")
    func notUTF8() {
        let bytes = Array(#"{"a":"subscribe","v":[1],"x":""#.utf8) + [0xFF] + Array(#""}"#.utf8)
        #expect(throws: KiteTextError("no valid UTF-8")) { try KiteClientMessage(json: bytes) }
    }

    private static let modeShape = #""v" must be a mode and a list of tokens: ["full",[408065]]"#

    private static func token(_ text: String) -> String {
        "a token must be a whole number from 0 to 4294967295, not \(text)"
    }
}
