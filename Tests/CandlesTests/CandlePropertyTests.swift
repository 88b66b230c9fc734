import Candles
import Feeds
import GoGoTradeTestSupport
import MarketModel
import Testing

/// A stream of snapshots of several instruments, made of a seed: from before the open over a few minutes, with quiet
/// times, pre-open trades, changes of depth alone and silent instruments.
struct RandomTape {
    var ticks: [(receivedAt: Int64, tick: Tick)] = []
    static let end = at("09:25:02")

    init(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for token in Token.all {
            var last = snapshot(10_000, of: token, sent: at("08:59:30"))
            // Every instrument is seen before any exchange has opened.
            ticks.append((at("08:59:30") * 1_000_000, last))
            var volume: UInt32 = 0
            var second = at("09:14:30")
            while second < at("09:25:00") {
                let isQuiet = token == Token.otherShare && second % 180 < 120
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<6 where !isQuiet:
                    volume += UInt32.random(in: 1...500, using: &random)
                    last = snapshot(
                        Int32.random(in: 9_000...11_000, using: &random),
                        of: token,
                        volume: volume,
                        traded: second,
                        openInterest: UInt32.random(in: 0...900, using: &random)
                    )
                case 6..<8: last.exchangeTime = UInt32(second)
                default:
                    second += 1
                    continue
                }
                ticks.append((second * 1_000_000 + Int64.random(in: 0..<900_000, using: &random), last))
                // The value of an index has no more than its second to be ordered by.
                second += Int64.random(in: (token == Token.index ? 1 : 0)...3, using: &random)
            }
        }
        ticks.sort { $0.receivedAt < $1.receivedAt }
    }

    /// One message for each tick, and one at the end that closes every minute.
    var frames: [LoggedFrame] {
        ticks.map { LoggedFrame([$0.tick], receivedAt: $0.receivedAt) } + [LoggedFrame(received: Self.end)]
    }
}

@Suite("Properties of the candle builder")
struct CandlePropertyTests {
    static let seeds: [UInt64] = Array(1...12)

    private static func build(_ frames: [LoggedFrame]) -> (rows: [SlowCandleReference.Row], counters: BuilderCounters) {
        var builder = CandleBuilder(tokens: Token.all)
        let rows = builder.take(frames).map(\.row)
        return (rows, builder.counters)
    }

    @Test(
        "a random stream gives the reference's rows, by minute, then in the order of the instruments",
        arguments: seeds
    )
    func reference(seed: UInt64) {
        let frames = RandomTape(seed: seed).frames
        let (rows, counters) = Self.build(frames)
        #expect(rows.count > 40)
        #expect(rows.allSatisfy { !$0.partial })
        #expect(Set(rows.map(\.token)).count == Token.all.count)
        #expect(rows.sorted() == referenceRows(frames, tokens: Token.all))
        let order = rows.map { ($0.start, Token.all.firstIndex(of: $0.token) ?? -1) }
        #expect(zip(order, order.dropFirst()).allSatisfy { $0 < $1 })
        #expect(counters == BuilderCounters())
    }

    @Test("ticks in any order within the grace give the same candles", arguments: seeds)
    func order(seed: UInt64) {
        let tape = RandomTape(seed: seed)
        let expected = Self.build(tape.frames).rows
        var random = SeededGenerator(seed: seed &+ 1000)
        for _ in 0..<5 {
            var shuffled = tape
            for index in shuffled.ticks.indices where index >= Token.all.count {
                // Within the second of the trade or the one after it: at most 1.999999 s late.
                let sent = Int64(shuffled.ticks[index].tick.exchangeTime ?? 0)
                shuffled.ticks[index].receivedAt = sent * 1_000_000 + Int64.random(in: 0..<2_000_000, using: &random)
            }
            shuffled.ticks.sort { $0.receivedAt < $1.receivedAt }
            let (rows, counters) = Self.build(shuffled.frames)
            #expect(rows == expected)
            #expect(counters.late == 0)
            #expect(counters.corrections == 0)
        }
    }

    @Test("any split of a stream into messages gives the same rows", arguments: seeds)
    func splits(seed: UInt64) {
        var tape = RandomTape(seed: seed)
        // Ticks of half a second are received together, in one message or in several.
        for index in tape.ticks.indices { tape.ticks[index].receivedAt -= tape.ticks[index].receivedAt % 500_000 }
        let expected = Self.build(tape.frames).rows
        #expect(expected.count > 40)
        var random = SeededGenerator(seed: seed)
        for longest in [1, 2, 5, 1000] {
            var frames: [LoggedFrame] = []
            var rest = tape.ticks[...]
            while let first = rest.first {
                let together = rest.prefix { $0.receivedAt == first.receivedAt }
                let part = together.prefix(Int.random(in: 1...longest, using: &random))
                frames.append(LoggedFrame(part.map(\.tick), receivedAt: first.receivedAt))
                rest = rest.dropFirst(part.count)
            }
            frames.append(LoggedFrame(received: RandomTape.end))
            #expect(Self.build(frames).rows == expected)
        }
    }

    @Test("messages that come again, at once or a little later, change nothing", arguments: seeds)
    func duplicates(seed: UInt64) {
        let frames = RandomTape(seed: seed).frames
        let expected = Self.build(frames).rows
        var random = SeededGenerator(seed: seed &+ 5)
        var repeated: [LoggedFrame] = []
        var copies = 0
        for (index, frame) in frames.enumerated() {
            repeated.append(frame)
            let earlier = frames[max(0, index - Int.random(in: 0...3, using: &random))]
            // No later than its minute still takes ticks.
            guard Bool.random(using: &random), frame.receivedAt - earlier.receivedAt < 1_000_000 else { continue }
            repeated.append(LoggedFrame(bytes: earlier.bytes, receivedAt: frame.receivedAt))
            copies += 1
        }
        #expect(copies > 100)
        #expect(Self.build(repeated).rows == expected)
    }

    @Test("clock entries between the messages change nothing but when candles are closed", arguments: seeds)
    func clockEntries(seed: UInt64) {
        let frames = RandomTape(seed: seed).frames
        let expected = Self.build(frames).rows
        var builder = CandleBuilder(tokens: Token.all)
        var rows: [SlowCandleReference.Row] = []
        var clock = at("09:00:00") * 1_000_000
        for frame in frames {
            while clock < frame.receivedAt {
                rows += builder.advance(to: Timestamp(microseconds: clock)).map(\.row)
                clock += 1_000_000
            }
            rows += builder.take(frame).map(\.row)
        }
        #expect(rows == expected)
    }
}
