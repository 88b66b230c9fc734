import Feeds
import KiteProtocol
import MarketModel
import NIOWebSocket
import Testing

@Suite("The simulated exchange over a socket", .timeLimit(.minutes(2)))
struct SimulatedExchangeTests {
    private static let index = fiveTokens[0]
    private static let share = fiveTokens[1]
    private static let other = fiveTokens[2]

    @Test("garbage gets an error in words, and the client lives on")
    func garbage() async throws {
        try await withExchange(exchangeConfiguration(after: "10:00:00", speed: 100)) { port in
            try await ExchangeLink.with(port: port) { link in
                for text in ["garbage", "", "{}", #"{"a":"subscribe","v":["x"]}"#, #"{"a":"dance","v":[1]}"#] {
                    try await link.send(text: text)
                    let answer = String(decoding: try await link.next(.text), as: UTF8.self)
                    guard case .error(let reason) = KiteTextMessage.parse(answer) else {
                        Issue.record("\(text) was answered with \(answer)")
                        continue
                    }
                    #expect(reason.contains("not understood"))
                }
                try await link.send(.subscribe([Self.share, 5, .max]))
                #expect(try await link.nextPackets() == [Self.share: 44])
            }
        }
    }

    @Test("each mode has its packets: 44 and 28 bytes at first, then 8, then 184 and 32")
    func modes() async throws {
        try await withExchange(exchangeConfiguration(after: "10:00:00", speed: 200)) { port in
            try await ExchangeLink.with(port: port) { link in
                try await link.send(.subscribe([Self.index, Self.share]))
                #expect(try await link.nextPackets() == [Self.index: 28, Self.share: 44])
                try await link.send(.mode(.lastPrice, [Self.index, Self.share]))
                #expect(try await link.nextPackets() == [Self.index: 8, Self.share: 8])
                try await link.send(.mode(.full, [Self.share]))
                var seen: [UInt32: Set<Int>] = [:]
                while seen[Self.share]?.contains(184) != true || seen[Self.index] == nil {
                    for (token, length) in try await link.nextPackets() { seen[token, default: []].insert(length) }
                }
                #expect(seen[Self.index] == [8])
                try await link.send(.mode(.full, [Self.index]))
                while seen[Self.index]?.contains(32) != true {
                    for (token, length) in try await link.nextPackets() { seen[token, default: []].insert(length) }
                }
                for _ in 0..<20 {
                    for (token, length) in try await link.nextPackets() {
                        #expect(length == (token == Self.index ? 32 : 184))
                    }
                }
            }
        }
    }

    @Test("what is unsubscribed from comes no longer, the rest goes on")
    func unsubscribe() async throws {
        try await withExchange(exchangeConfiguration(after: "10:00:00", speed: 200)) { port in
            try await ExchangeLink.with(port: port) { link in
                try await link.send(.subscribe([Self.share, Self.other]))
                try await link.send(.mode(.lastPrice, [Self.share, Self.other]))
                while try await link.nextPackets()[Self.share] == nil {}
                try await link.send(.unsubscribe([Self.share]))
                // Messages are taken in their order: the full packet shows that this one was.
                try await link.send(.mode(.full, [Self.other]))
                while try await link.nextPackets()[Self.other] != 184 {}
                for _ in 0..<50 { #expect(try await link.nextPackets().keys.sorted() == [Self.other]) }
            }
        }
    }

    @Test("heartbeats come every second, also to a client that has not subscribed to anything")
    func heartbeats() async throws {
        try await withExchange(exchangeConfiguration(after: "10:00:00", speed: 1)) { port in
            try await ExchangeLink.with(port: port) { link in
                let begin = ContinuousClock.now
                for _ in 0..<2 {
                    let message = try await link.next(.binary)
                    #expect(message.count == 1)
                }
                #expect(ContinuousClock.now - begin > .milliseconds(1500))
            }
        }
    }

    @Test("pings and the end are answered by the rules of WebSocket")
    func control() async throws {
        try await withExchange(exchangeConfiguration(after: "10:00:00", speed: 1)) { port in
            try await ExchangeLink.with(port: port) { link in
                try await link.send(.ping, Array("are you there".utf8))
                #expect(try await link.next(.pong) == Array("are you there".utf8))
                try await link.send(.connectionClose, [0x03, 0xE8])
                #expect(try await link.next(.connectionClose) == [0x03, 0xE8])
            }
        }
    }

    @Test("two clients have modes of their own, and one that goes away does not disturb the other")
    func twoClients() async throws {
        try await withExchange(exchangeConfiguration(after: "10:00:00", speed: 200)) { port in
            try await ExchangeLink.with(port: port) { first in
                try await ExchangeLink.with(port: port) { second in
                    try await second.send(.subscribe([Self.share]))
                    try await second.send(.mode(.full, [Self.share]))
                    try await first.send(.subscribe([Self.share]))
                    try await first.send(.mode(.lastPrice, [Self.share]))
                    while try await second.nextPackets() != [Self.share: 184] {}
                    while try await first.nextPackets() != [Self.share: 8] {}
                }
                for _ in 0..<20 { #expect(try await first.nextPackets() == [Self.share: 8]) }
            }
        }
    }

    @Test("settings out of range are all named, and keep the exchange from starting")
    func validation() throws {
        var configuration = exchangeConfiguration(after: "10:00:00", speed: 0)
        configuration.instruments = 3001
        configuration.port = 65_536
        configuration.days = 0
        let error = try #require(throws: FeedError.self) {
            try SimulatedExchange(configuration, logger: quietLogger)
        }
        for word in ["instruments", "speed", "port", "days"] { #expect(error.description.contains(word)) }
        configuration = exchangeConfiguration(after: "10:00:00", speed: .nan)
        #expect(throws: FeedError.self) { try configuration.validate() }
    }

    @Test("a port that is taken is said plainly")
    func portTaken() async throws {
        try await withExchange(exchangeConfiguration(after: "10:00:00", speed: 1)) { port in
            let second = try SimulatedExchange(
                exchangeConfiguration(after: "10:00:00", speed: 1, port: port),
                logger: quietLogger
            )
            let error = try await #require(throws: FeedError.self) { try await second.run() }
            #expect(error.code == .connectionFailed)
            #expect(error.description.contains("cannot listen at 127.0.0.1:\(port)"))
        }
    }
}
