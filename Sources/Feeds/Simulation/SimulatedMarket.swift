internal import MarketCalendar
package import MarketModel

/// A day on the simulated exchange: the same seed, day and number of instruments give the same ticks, always.
///
/// The market steps from second to second, from 09:14:50 (the state before the open) to 15:31:00 (after the close no
/// trades take place, but snapshots go on, as on a real exchange). Prices are a random walk in steps of 0.05 rupee.
package struct SimulatedMarket: Sendable {
    package let date: CivilDate
    /// The second that ``step()`` plays next.
    package private(set) var nextSecond: Int64
    private var instruments: [SimulatedInstrumentState]
    private let session: Range<Int64>

    /// Seconds that are played before the open and after the close.
    private static let before: Int64 = 10
    private static let after: Int64 = 60

    package init(date: CivilDate, instruments count: Int, seed: UInt64) {
        let hours = TradingHours.equity.session(on: date)
        self.date = date
        session = hours.lowerBound.seconds..<hours.upperBound.seconds
        nextSecond = session.lowerBound - Self.before
        instruments = (0..<count).map { number in
            let daySeed = seed &* 0x0001_0000_01B3 &+ UInt64(bitPattern: date.daysSince1970) &* 0x9E37_79B1
            return SimulatedInstrumentState(number: number, seed: daySeed &+ UInt64(number) &* 0xD1B5_4A32_D192_ED03)
        }
    }

    /// True when the day has been played to its end.
    package var isOver: Bool { nextSecond >= session.upperBound + Self.after }

    /// Plays one second: the instruments whose snapshot changed (their numbers), in order.
    ///
    /// Read them with `tick(_:)`.
    package mutating func step() -> [Int] {
        let second = nextSecond
        nextSecond += 1
        let isFirst = second == session.lowerBound - Self.before
        let isOpen = session.contains(second)
        var changed: [Int] = []
        changed.reserveCapacity(instruments.count)
        for index in instruments.indices {
            let hasChanged = instruments[index].step(second: second, isOpen: isOpen)
            if hasChanged || isFirst { changed.append(index) }
        }
        return changed
    }

    /// Plays without looking until `time`, so that a simulation can go on where it was.
    package mutating func skip(to time: Timestamp) {
        while nextSecond <= time.seconds, !isOver { _ = step() }
    }

    /// The present snapshot of an instrument in full mode.
    package func tick(_ number: Int) -> Tick {
        instruments[number].tick(exchangeTime: UInt32(truncatingIfNeeded: nextSecond - 1))
    }
}

/// One instrument of the simulated exchange.
///
/// Prices in paise.
private struct SimulatedInstrumentState: Sendable {
    private let number: Int
    private let kind: SimulatedInstruments.Kind
    private var random: SeededGenerator
    private let previousClose: Int32
    private var last: Int32
    private var day: DayPrices
    private var volume: UInt32 = 0
    private var turnover: Int64 = 0
    private var lastQuantity: UInt32 = 0
    private var lastTradeTime: UInt32 = 0
    private var openInterest: UInt32
    private var openInterestHigh: UInt32
    private var openInterestLow: UInt32
    private var buyQuantity: UInt32 = 40_000
    private var sellQuantity: UInt32 = 40_000
    private var bookSeed: UInt64 = 0
    /// Trades a second out of 1000; some instruments are quiet.
    private let liveliness: Int

    init(number: Int, seed: UInt64) {
        self.number = number
        kind = SimulatedInstruments.kind(number)
        random = SeededGenerator(seed: seed)
        let price = Int32(10_000 + random.below(400_000)) / 5 * 5
        previousClose = price
        last = price
        day = DayPrices(open: 0, high: 0, low: 0, close: price)
        openInterest = kind == .future ? UInt32(1_000_000 + random.below(9_000_000)) / 25 * 25 : 0
        openInterestHigh = openInterest
        openInterestLow = openInterest
        liveliness = number % 7 == 3 ? 20 : 600 + random.below(300)
    }

    /// Returns true when the snapshot has changed.
    mutating func step(second: Int64, isOpen: Bool) -> Bool {
        let dice = random.below(1000)
        guard isOpen else {
            // Before the open and after the close only the book moves.
            if dice < 300 { moveBook() }
            return dice < 300
        }
        if dice < liveliness {
            trade(second)
            return true
        }
        if dice >= 950 { moveBook() }
        return dice >= 950
    }

    private mutating func trade(_ second: Int64) {
        let move = Int32(random.below(7) - 3) * 5
        last = max(500, last + move)
        if day.open == 0 { day = DayPrices(open: last, high: last, low: last, close: previousClose) }
        day.high = max(day.high, last)
        day.low = min(day.low, last)
        let lots = UInt32(1 + random.below(40))
        lastQuantity = kind == .future ? lots * 25 : lots * 3
        lastTradeTime = UInt32(truncatingIfNeeded: second)
        if kind != .index {
            volume &+= lastQuantity
            turnover += Int64(lastQuantity) * Int64(last)
        }
        if kind == .future {
            let change = Int32(random.below(21) - 10) * 25
            openInterest = UInt32(max(0, Int64(openInterest) + Int64(change)))
            openInterestHigh = max(openInterestHigh, openInterest)
            openInterestLow = min(openInterestLow, openInterest)
        }
        moveBook()
    }

    private mutating func moveBook() {
        bookSeed = random.next()
        buyQuantity = UInt32(20_000 + random.below(60_000))
        sellQuantity = UInt32(20_000 + random.below(60_000))
    }

    func tick(exchangeTime: UInt32) -> Tick {
        let isIndex = kind == .index
        var tick = Tick(
            instrumentToken: SimulatedInstruments.token(number),
            priceDecimals: 2,
            isTradable: !isIndex,
            lastPrice: last
        )
        tick.day = day
        tick.exchangeTime = exchangeTime
        tick.hasExchangeTimeField = true
        guard !isIndex else { return tick }
        tick.trading = TradingFigures(
            lastTradedQuantity: lastQuantity,
            averagePrice: volume == 0 ? 0 : Int32(truncatingIfNeeded: turnover / Int64(volume)),
            volume: volume,
            totalBuyQuantity: buyQuantity,
            totalSellQuantity: sellQuantity
        )
        tick.lastTradeTime = lastTradeTime == 0 ? nil : lastTradeTime
        tick.openInterest = OpenInterest(current: openInterest, dayHigh: openInterestHigh, dayLow: openInterestLow)
        tick.depth = depth()
        return tick
    }

    private func depth() -> MarketDepth {
        var depth = MarketDepth()
        var book = SeededGenerator(seed: bookSeed)
        for level in 0..<5 {
            let distance = Int32(level + 1) * 5
            depth.buy[level] = DepthLevel(
                quantity: UInt32(1 + book.below(5000)),
                price: last - distance,
                orders: UInt16(1 + book.below(40))
            )
            depth.sell[level] = DepthLevel(
                quantity: UInt32(1 + book.below(5000)),
                price: last + distance,
                orders: UInt16(1 + book.below(40))
            )
        }
        return depth
    }
}
