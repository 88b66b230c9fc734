import Candles
import Feeds
import GoGoTradeTestSupport
import KiteProtocol
import MarketCalendar
import MarketModel
import Testing

/// What happens to the messages of a simulated day on their way.
enum Disturbance: String, CaseIterable, CustomTestStringConvertible {
    case none
    /// 1 % come one place later, within the grace.
    case swapped
    /// 1 % come one to four seconds late, some of them beyond the grace.
    case late
    /// 0.1 % come twice.
    case doubled
    /// 1 % are cut, or have flipped bits.
    case damaged
    case all

    var testDescription: String { rawValue }

    func includes(_ other: Disturbance) -> Bool { self == other || self == .all }
}

/// A simulated day, message by message: one a second for all instruments that have changed.
struct DayStream {
    private(set) var market: SimulatedMarket
    private let disturbance: Disturbance
    private var random: SeededGenerator
    private var held: [(frame: LoggedFrame, until: Int64)] = []
    private(set) var disturbed = 0

    init(instruments: Int, seed: UInt64, disturbance: Disturbance) {
        guard let date = CivilDate("2026-09-01") else { preconditionFailure("no such day") }
        market = SimulatedMarket(date: date, instruments: instruments, seed: seed)
        random = SeededGenerator(seed: seed &+ 77)
        self.disturbance = disturbance
    }

    /// The messages received in the next second, in their order; nil when the day is over.
    mutating func next() -> [LoggedFrame]? {
        guard !market.isOver || !held.isEmpty else { return nil }
        let second = market.nextSecond
        var frames: [LoggedFrame] = []
        if !market.isOver {
            let changed = market.step()
            let frame = LoggedFrame(changed.map { market.tick($0) }, receivedAt: second * 1_000_000)
            take(frame, second, into: &frames)
        }
        let clock = market.isOver ? Int64.max : second
        frames += held.filter { $0.until <= clock }.map(\.frame)
        held.removeAll { $0.until <= clock }
        // Received one after the other within the second; nothing goes back in time.
        return frames.enumerated().map { number, frame in
            LoggedFrame(bytes: frame.bytes, receivedAt: second * 1_000_000 + Int64(min(number, 9)) * 100_000)
        }
    }

    private mutating func take(_ frame: LoggedFrame, _ second: Int64, into frames: inout [LoggedFrame]) {
        if disturbance.includes(.swapped), random.next() % 100 == 0 {
            disturbed += 1
            return held.append((frame, second + 1))
        }
        if disturbance.includes(.late), random.next() % 100 == 0 {
            disturbed += 1
            return held.append((frame, second + Int64.random(in: 1...4, using: &random)))
        }
        var frame = frame
        if disturbance.includes(.damaged), random.next() % 100 == 0 {
            disturbed += 1
            damage(&frame.bytes)
        }
        frames.append(frame)
        if disturbance.includes(.doubled), random.next() % 1000 == 0 {
            disturbed += 1
            frames.append(frame)
        }
    }

    private mutating func damage(_ bytes: inout [UInt8]) {
        if random.next() % 2 == 0 { return bytes.removeLast(Int.random(in: 1...bytes.count, using: &random)) }
        for _ in 0..<8 {
            let position = Int.random(in: 0..<bytes.count, using: &random)
            bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        }
    }
}

@Suite("A whole simulated day", .serialized)
struct WholeDayTests {
    #if DEBUG
        private static let few = 3
        private static let many = 3
    #else
        private static let few = 30
        private static let many = 200
    #endif

    /// How many rows there are at least: a lively instrument trades in every minute, a quiet one in most.
    private static func leastRows(_ instruments: Int) -> Int { instruments * 330 }

    /// The undisturbed day and the one with every disturbance at once are played with all instruments.
    private static func instruments(_ disturbance: Disturbance) -> Int {
        disturbance == .none || disturbance == .all ? many : few
    }

    private static func tokens(_ instruments: Int) -> [UInt32] {
        (0..<instruments).map { SimulatedInstruments.token($0) }
    }

    private struct Outcome {
        var rows: [SlowCandleReference.Row]
        var counters: BuilderCounters
        var market: SimulatedMarket
        var disturbed: Int
    }

    /// Plays a day through the builder; through the reference as well, message by message, if there is one.
    private static func play(
        _ disturbance: Disturbance,
        instruments: Int,
        reference: inout SlowCandleReference?
    ) -> Outcome {
        var stream = DayStream(instruments: instruments, seed: 2026, disturbance: disturbance)
        var builder = CandleBuilder(tokens: tokens(instruments))
        var rows: [SlowCandleReference.Row] = []
        while let frames = stream.next() {
            for frame in frames {
                let closed = builder.take(frame)
                // Flipped bits make prices that no candle of the market has, but never a candle that cannot be.
                for candle in closed where candle.candle.fault != nil { Issue.record("\(candle)") }
                rows += closed.map(\.row)
                reference?.add(frame: frame.bytes, receivedAt: frame.receivedAt)
            }
        }
        return Outcome(rows: rows, counters: builder.counters, market: stream.market, disturbed: stream.disturbed)
    }

    @Test("every candle is the slow reference's, whatever happens to the messages", arguments: Disturbance.allCases)
    func equalsReference(disturbance: Disturbance) throws {
        let instruments = Self.instruments(disturbance)
        let hours = (openSeconds: 33_300, closeSeconds: 55_800)
        var reference: SlowCandleReference? = SlowCandleReference(
            sessions: Dictionary(uniqueKeysWithValues: Self.tokens(instruments).map { ($0, hours) })
        )
        let outcome = Self.play(disturbance, instruments: instruments, reference: &reference)
        let expected = try #require(reference).finish()
        #expect(expected.count > Self.leastRows(instruments))
        #expect(outcome.rows.count == expected.count)
        #expect(disturbance == .none ? outcome.disturbed == 0 : outcome.disturbed > 10)
        var differences = 0
        for (ours, theirs) in zip(outcome.rows.sorted(), expected) where ours != theirs {
            differences += 1
            if differences <= 5 { Issue.record("the builder has \(ours), the reference \(theirs)") }
        }
        #expect(differences == 0)
    }

    @Test(
        "messages that come twice, or one place late within the grace, change no candle",
        arguments: [
            Disturbance.swapped, .doubled,
        ]
    )
    func harmless(disturbance: Disturbance) {
        var none: SlowCandleReference?
        let expected = Self.play(.none, instruments: Self.few, reference: &none)
        let outcome = Self.play(disturbance, instruments: Self.few, reference: &none)
        #expect(expected.rows.count > Self.leastRows(Self.few))
        #expect(outcome.disturbed > 10)
        #expect(outcome.rows == expected.rows)
        #expect(outcome.counters.late == 0)
    }

    @Test("the minutes of a day add up to what the exchange says of the day")
    func addsUp() throws {
        var none: SlowCandleReference?
        let outcome = Self.play(.none, instruments: Self.many, reference: &none)
        #expect(outcome.counters == BuilderCounters())
        let byToken = Dictionary(grouping: outcome.rows, by: \.token)
        #expect(byToken.count == Self.many)
        for number in 0..<Self.many {
            let tick = outcome.market.tick(number)
            let rows = try #require(byToken[tick.instrumentToken])
            let day = try #require(tick.day)
            #expect(rows.allSatisfy { !$0.partial })
            #expect(rows.reduce(0) { $0 + $1.volume } == Int64(tick.trading?.volume ?? 0))
            #expect(rows.last?.close == tick.price(tick.lastPrice).scaled)
            #expect(
                rows.last?.openInterest
                    == (tick.instrumentToken & 0xFF == 2 ? tick.openInterest.map { Int64($0.current) } : nil)
            )
            // The first snapshots of an index, before the open, are of the day before.
            #expect(rows.map(\.high).max() == tick.price(day.high).scaled || number == 0)
            #expect(rows.map(\.low).min() == tick.price(day.low).scaled || number == 0)
            #expect(rows.first?.open == tick.price(day.open).scaled || number == 0)
        }
    }
}
