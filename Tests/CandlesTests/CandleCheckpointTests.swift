import Candles
import Feeds
import GoGoTradeTestSupport
import MarketCalendar
import MarketModel
import Testing

@Suite("The builder's checkpoint")
struct CandleCheckpointTests {
    /// A stream short enough to be cut at every point: three minutes, all kinds of instruments, one joined late, a
    /// late trade, volume taken back, an unknown token, an old snapshot and an impossible time.
    private static func frames(seed: UInt64) -> [LoggedFrame] {
        var tape = RandomTape(seed: seed)
        let end = at("09:17:30") * 1_000_000
        tape.ticks.removeAll {
            $0.receivedAt > end || ($0.tick.instrumentToken == Token.share && $0.receivedAt < end - 90_000_000)
        }
        let extra: [(Int64, Tick)] = [
            (at("09:16:20"), snapshot(99_00, of: Token.future, volume: 1_000_000, traded: at("09:15:59"))),
            (at("09:16:21"), snapshot(1_00, of: 77 << 8 | 1, volume: 1, traded: at("09:16:21"))),
            (at("09:16:22"), snapshot(1_00, of: Token.future, volume: 1, traded: at("09:16:22") - 86_400)),
            (at("09:16:22"), snapshot(1_00, of: Token.currency, volume: 9_000_000, traded: at("09:16:22"))),
            (at("09:16:23"), snapshot(1_00, of: Token.future, volume: 1, traded: at("09:20:23"))),
        ]
        tape.ticks += extra.map { ($0.0 * 1_000_000, $0.1) }
        tape.ticks.sort { $0.receivedAt < $1.receivedAt }
        return tape.ticks.map { LoggedFrame([$0.tick], receivedAt: $0.receivedAt) }
            + [LoggedFrame(received: at("09:19:00"))]
    }

    @Test(
        "restored at any point of a stream, the builder goes on to the same rows",
        arguments: [21, 22, 23] as [UInt64]
    )
    func anyPoint(seed: UInt64) throws {
        let frames = Self.frames(seed: seed)
        try #require(frames.count > 200)
        var whole = CandleBuilder(tokens: Token.all)
        let expected = whole.take(frames)
        #expect(expected.count > 8)
        #expect(expected.contains { $0.candle.flags == .partial })
        #expect(whole.counters.late > 0)
        #expect(whole.counters.corrections > 0)
        #expect(whole.counters.staleSnapshots > 0)
        #expect(whole.counters.implausibleTimes > 0)
        #expect(whole.counters.unknownTokens > 0)

        var first = CandleBuilder(tokens: Token.all)
        var closed: [ClosedCandle] = []
        for index in frames.indices {
            let checkpoint = first.checkpoint()
            var second = try CandleBuilder(checkpoint: checkpoint)
            #expect(second.checkpoint() == checkpoint)
            #expect(closed + second.take(frames[index...]) == expected, "restored before message \(index)")
            #expect(second.counters == whole.counters)
            #expect(second.time == whole.time)
            closed += first.take(frames[index])
        }
        #expect(closed == expected)
    }

    @Test("an instrument that is added again after a restart keeps its state, a new one begins")
    func instrumentsAfterRestart() throws {
        let frames = RandomTape(seed: 31).frames
        var whole = CandleBuilder(tokens: Token.all)
        let expected = whole.take(frames)
        var first = CandleBuilder(tokens: Token.all)
        let before = first.take(frames[..<300])
        var second = try CandleBuilder(checkpoint: first.checkpoint())
        for token in Token.all + [77 << 8 | 1] { second.follow(token) }
        #expect(second.knows(token: 77 << 8 | 1))
        #expect(before + second.take(frames[300...]) == expected)
    }

    @Test("the state of 3,000 instruments with open minutes fits into 300 KB")
    func size() throws {
        var builder = CandleBuilder()
        var ticks: [Tick] = []
        for number in 0..<3000 {
            let token = SimulatedInstruments.token(number)
            builder.follow(token)
            ticks.append(
                snapshot(1_000_00, of: token, volume: 1_000_000, traded: at("09:15:01"), openInterest: 1_000_000)
            )
        }
        _ = builder.take(LoggedFrame(ticks, receivedAt: at("09:15:01") * 1_000_000))
        let checkpoint = builder.checkpoint()
        #expect((200_000...300_000).contains(checkpoint.count), "\(checkpoint.count)")
        #expect(try CandleBuilder(checkpoint: checkpoint).checkpoint() == checkpoint)
    }

    /// The bytes of a builder in the middle of a minute.
    private static func bytes() -> [UInt8] {
        var builder = CandleBuilder(tokens: Token.all)
        _ = builder.take(RandomTape(seed: 41).frames.prefix(600))
        return builder.checkpoint()
    }

    @Test("cut at any length, or with bytes left over, it is refused")
    func cut() throws {
        let whole = Self.bytes()
        try #require(whole.count > 300)
        for length in 0..<whole.count {
            #expect(throws: CheckpointError.self, "\(length) bytes") {
                try CandleBuilder(checkpoint: Array(whole[..<length]))
            }
        }
        #expect(throws: CheckpointError.self) { try CandleBuilder(checkpoint: whole + [0]) }
        #expect(throws: Never.self) { try CandleBuilder(checkpoint: whole) }
    }

    @Test("of another version it is refused, and the version is named")
    func version() throws {
        var newer = Self.bytes()
        newer[0] = 4
        let error = try #require(throws: CheckpointError.self) { try CandleBuilder(checkpoint: newer) }
        #expect(error.description == "the recorder's checkpoint has version 2, this program knows 1")
    }

    @Test("damaged at random it is refused, or restored to a builder that works", arguments: [1, 2, 3, 4] as [UInt64])
    func damage(seed: UInt64) throws {
        let whole = Self.bytes()
        let frames = RandomTape(seed: 42).frames
        let rest = Array(frames[600..<800]) + [LoggedFrame(received: RandomTape.end)]
        var random = SeededGenerator(seed: seed)
        #if DEBUG
            let rounds = 150
        #else
            let rounds = 2000
        #endif
        var restored = 0
        for _ in 0..<rounds {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let position = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[position] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 2: bytes.insert(UInt8.random(in: 0...255, using: &random), at: position)
                // The largest numbers that there are, of either sign.
                default:
                    bytes.replaceSubrange(position...position, with: Self.extremes.randomElement(using: &random) ?? [])
                }
            }
            guard var builder = try? CandleBuilder(checkpoint: bytes) else { continue }
            restored += 1
            for closed in builder.take(rest) { _ = closed.candle.fault }
            _ = builder.checkpoint()
        }
        #expect((rounds / 100..<rounds).contains(restored), "\(restored) of \(rounds) were restored")
    }

    /// Int64.max, Int64.min and UInt32.max as zig-zag varints.
    private static let extremes: [[UInt8]] = [
        [0xFE] + Array(repeating: 0xFF, count: 8) + [0x01], Array(repeating: 0xFF, count: 9) + [0x01],
        [0xFE, 0xFF, 0xFF, 0xFF, 0x1F],
    ]
}
