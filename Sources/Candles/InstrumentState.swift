internal import MarketCalendar
internal import MarketModel

/// What the builder keeps of one instrument: its day's cumulative volume and the minutes that are not closed.
struct InstrumentState: Sendable, Equatable {
    let id: InstrumentID
    let token: UInt32
    let hours: TradingHours
    let isIndex: Bool
    /// The Indian day of everything below; nil before the first tick.
    var day: CivilDate?
    /// The largest cumulative volume before the open minutes.
    var base: Int64 = 0
    /// The largest cumulative volume seen today.
    var largest: Int64 = 0
    /// The minute in which recording began in mid-session (minutes since 1970): its candle, and one of an earlier
    /// minute that still took ticks then, are partial.
    var joinedIn: Int64?
    /// The newest exchange time, to tell a correction from a tick that came out of order.
    var newestExchangeTime: Int64 = 0
    /// The minutes that are not closed, in order; hardly ever more than two.
    var minutes: [MinuteState] = []

    init(id: InstrumentID, token: UInt32, hours: TradingHours, isIndex: Bool) {
        self.id = id
        self.token = token
        self.hours = hours
        self.isIndex = isIndex
    }

    /// A snapshot of an earlier day came.
    ///
    /// Before the open it says nothing of today but that we listen already: the instrument's first tick of today is
    /// then no joining in mid-session, however late it comes.
    mutating func listen(at moment: Moment) {
        let session = hours.session(on: moment.today)
        guard day != moment.today, moment.now < session.lowerBound.seconds else { return }
        begin(moment, session: session, volume: 0)
    }

    mutating func apply(_ tick: Tick, exchangeTime: Int64, at moment: Moment, _ counters: inout BuilderCounters) {
        let session = hours.session(on: moment.today)
        let volume = Int64(tick.trading?.volume ?? 0)
        if day != moment.today { begin(moment, session: session, volume: volume) }
        if volume < largest, exchangeTime > newestExchangeTime, !isIndex { counters.corrections += 1 }
        newestExchangeTime = max(newestExchangeTime, exchangeTime)

        let tradeTime: Int64
        if isIndex {
            tradeTime = exchangeTime
        } else {
            guard let time = tick.lastTradeTime.map({ Int64($0) }),
                time >= IndiaTime.startOfDay(moment.today).seconds
            else { return }
            tradeTime = time
        }
        largest = max(largest, volume)
        guard tradeTime >= session.lowerBound.seconds else {
            base = max(base, volume)
            return
        }
        guard tradeTime < session.upperBound.seconds else { return }
        let minute = tradeTime / 60
        guard minute >= moment.openFrom else {
            // Nothing but a change of depth, unless the closed minutes miss volume.
            if volume > base {
                counters.late += 1
                base = volume
            }
            return
        }
        let observation = Observation(
            time: tradeTime,
            volume: volume,
            price: tick.price(tick.lastPrice),
            openInterest: openInterest(tick)
        )
        update(minute, observation)
    }

    /// Emits the candles of all minutes before `minute`, oldest first.
    mutating func close(before minute: Int64, into closed: inout [ClosedCandle]) {
        var count = 0
        for state in minutes {
            guard state.minute < minute else { break }
            closed.append(ClosedCandle(instrument: id, candle: candle(of: state)))
            base = max(base, state.largestVolume)
            count += 1
        }
        if count > 0 { minutes.removeFirst(count) }
    }

    /// A day's first tick.
    private mutating func begin(_ moment: Moment, session: Range<Timestamp>, volume: Int64) {
        day = moment.today
        minutes = []
        newestExchangeTime = 0
        let sawTheOpen = moment.now < session.lowerBound.seconds
        base = sawTheOpen ? 0 : volume
        largest = base
        joinedIn = sawTheOpen ? nil : moment.now / 60
    }

    private mutating func update(_ minute: Int64, _ observation: Observation) {
        var index = minutes.count
        while index > 0, minutes[index - 1].minute >= minute {
            index -= 1
            if minutes[index].minute == minute {
                minutes[index].add(observation, keepsRepetitions: isIndex)
                return
            }
        }
        minutes.insert(MinuteState(minute: minute, first: observation), at: index)
    }

    private func candle(of state: MinuteState) -> Candle {
        Candle(
            start: Timestamp(seconds: state.minute * 60),
            open: state.first.price,
            high: state.high,
            low: state.low,
            close: state.last.price,
            volume: isIndex ? 0 : max(0, state.largestVolume - base),
            openInterest: state.last.openInterest,
            source: .tick,
            flags: joinedIn.map { state.minute <= $0 } ?? false ? .partial : []
        )
    }

    /// Shares and indices have no open interest, whatever the packet says.
    private func openInterest(_ tick: Tick) -> Int64? {
        switch token & 0xFF {
        case 1, 4, 9: nil
        default: tick.openInterest.map { Int64($0.current) }
        }
    }
}

/// One trade as a snapshot shows it.
struct Observation: Sendable, Equatable {
    /// Seconds since 1970.
    var time: Int64
    /// Cumulative volume of the day.
    var volume: Int64
    var price: Price
    var openInterest: Int64?

    /// The order of observations; equal ones are ordered by their arrival.
    func precedes(_ other: Observation) -> Bool {
        (time, volume) < (other.time, other.volume)
    }

    func isRepetition(of other: Observation) -> Bool {
        time == other.time && volume == other.volume
    }
}

/// A minute that is not closed.
struct MinuteState: Sendable, Equatable {
    /// Minutes since 1970.
    let minute: Int64
    var first: Observation
    var last: Observation
    var high: Price
    var low: Price
    var largestVolume: Int64

    init(minute: Int64, first: Observation) {
        self.minute = minute
        self.first = first
        self.last = first
        self.high = first.price
        self.low = first.price
        self.largestVolume = first.volume
    }

    init(
        minute: Int64,
        first: Observation,
        last: Observation,
        high: Price,
        low: Price,
        largestVolume: Int64
    ) {
        self.minute = minute
        self.first = first
        self.last = last
        self.high = high
        self.low = low
        self.largestVolume = largestVolume
    }

    /// Adds an observation; the same trade seen again is a change of depth only, and is left out.
    ///
    /// An index keeps repetitions: its every snapshot is a new value.
    mutating func add(_ observation: Observation, keepsRepetitions: Bool) {
        if !keepsRepetitions, observation.isRepetition(of: last) || observation.isRepetition(of: first) { return }
        high = max(high, observation.price)
        low = min(low, observation.price)
        largestVolume = max(largestVolume, observation.volume)
        if observation.precedes(first) { first = observation }
        if !observation.precedes(last) { last = observation }
    }
}
