package import MarketCalendar
package import MarketModel

/// A minute candle that the builder has closed.
package struct ClosedCandle: Sendable, Equatable {
    package let instrument: InstrumentID
    package let candle: Candle
}

/// What the builder left out, and why.
package struct BuilderCounters: Sendable, Equatable {
    /// Ticks of tokens that the builder does not know.
    package var unknownTokens: Int64 = 0
    /// Snapshots of an earlier day, as a broker sends them after a subscription.
    package var staleSnapshots: Int64 = 0
    /// Ticks with an exchange or trade time more than a minute ahead of the log.
    package var implausibleTimes: Int64 = 0
    /// Ticks without a time of their own (`ltp` and `quote` mode): no minute can be told.
    package var untimed: Int64 = 0
    /// Trades that arrived after their minute had been closed.
    package var late: Int64 = 0
    /// Falls of the cumulative volume within a day.
    package var corrections: Int64 = 0

    package init() {}
}

/// Makes minute candles of ticks.
///
/// Time and order come from the outside: the builder has no clock.
///
/// A minute is closed when the time given to `advance(to:)` has passed its end by the grace. Ticks of a minute are
/// ordered by (last trade time, cumulative volume, arrival); its volume is its largest cumulative volume less the
/// largest before it. Trades outside of continuous trading make no candle, but those before the open raise the
/// cumulative volume that the first minute starts from. Rules: docs/candles.md.
package struct CandleBuilder: Sendable {
    /// How long after its end a minute still takes ticks.
    package static let grace: Duration = .seconds(2)
    /// How far a tick's time may lie ahead of the log's.
    package static let plausibleLead: Int64 = 60

    var instruments: [InstrumentState]
    private var indexOfToken: [UInt32: Int]
    /// Every minute before this one is closed (minutes since 1970).
    var openFrom: Int64
    /// The newest time given, seconds since 1970.
    var now: Int64
    package internal(set) var counters = BuilderCounters()

    package init() {
        instruments = []
        indexOfToken = [:]
        openFrom = 0
        now = 0
    }

    init(instruments: [InstrumentState], openFrom: Int64, now: Int64, counters: BuilderCounters) {
        self.instruments = instruments
        self.openFrom = openFrom
        self.now = now
        self.counters = counters
        self.indexOfToken = Dictionary(
            instruments.enumerated().map { ($1.token, $0) },
            uniquingKeysWith: { _, last in last }
        )
    }

    /// The newest time the builder was given, nil before the first.
    package var time: Timestamp? { now == 0 ? nil : Timestamp(seconds: now) }

    /// Adds an instrument whose ticks have this token.
    ///
    /// One that is known already keeps its state; a token that now belongs to another instrument begins anew.
    package mutating func add(_ id: InstrumentID, token: UInt32, hours: TradingHours, isIndex: Bool) {
        if let index = indexOfToken[token] {
            if instruments[index].id != id {
                instruments[index] = InstrumentState(id: id, token: token, hours: hours, isIndex: isIndex)
            }
            return
        }
        indexOfToken[token] = instruments.count
        instruments.append(InstrumentState(id: id, token: token, hours: hours, isIndex: isIndex))
    }

    /// Whether ticks of this token are taken.
    package func knows(token: UInt32) -> Bool { indexOfToken[token] != nil }

    /// Says what time it is in the log, and returns the candles of the minutes that this closes, by minute, then in the
    /// order the instruments were added.
    ///
    /// Time never goes back: an earlier one changes nothing.
    package mutating func advance(to time: Timestamp) -> [ClosedCandle] {
        let seconds = time.seconds
        guard seconds > now, time <= Timestamp.writable.upperBound else { return [] }
        now = seconds
        let firstOpen = floorDivide(seconds - Self.grace.components.seconds, 60)
        guard firstOpen > openFrom else { return [] }
        openFrom = firstOpen
        var closed: [ClosedCandle] = []
        for index in instruments.indices { instruments[index].close(before: firstOpen, into: &closed) }
        // Usually this was one minute; after a silence several are closed together.
        if closed.count > 1 { closed.sort { $0.candle.start < $1.candle.start } }
        return closed
    }

    /// Takes a tick that was received at the time last given to `advance(to:)`.
    package mutating func apply(_ tick: Tick) {
        guard let index = indexOfToken[tick.instrumentToken] else {
            counters.unknownTokens += 1
            return
        }
        guard let exchangeTime = tick.exchangeTime.map({ Int64($0) }) else {
            counters.untimed += 1
            return
        }
        let today = IndiaTime.date(of: Timestamp(seconds: now))
        guard max(exchangeTime, Int64(tick.lastTradeTime ?? 0)) <= now + Self.plausibleLead else {
            counters.implausibleTimes += 1
            return
        }
        let moment = Moment(today: today, now: now, openFrom: openFrom)
        guard IndiaTime.date(of: Timestamp(seconds: exchangeTime)) == today else {
            counters.staleSnapshots += 1
            instruments[index].listen(at: moment)
            return
        }
        instruments[index].apply(tick, exchangeTime: exchangeTime, at: moment, &counters)
    }
}

/// The time of a tick's arrival, for one instrument's state.
struct Moment {
    let today: CivilDate
    /// Seconds since 1970.
    let now: Int64
    /// The first minute that is not closed.
    let openFrom: Int64
}
