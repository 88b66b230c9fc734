package import MarketModel

/// Where the feed takes the time from.
package enum FeedClockMode: String, Sendable, CaseIterable {
    /// The machine's clock: for a real broker.
    case wall
    /// The newest plausible exchange time: for simulated and replayed markets, at any speed, on any day.
    case feed
}

/// The feed's clock: the time under which frames stand in the log.
///
/// It never goes back.
///
/// An exchange time more than a minute ahead is not believed until several instruments show it (or all that are
/// subscribed, when they are fewer): one corrupt stamp must not close every minute. Where hardly any of the subscribed
/// instruments are alive, it is believed after ``patience`` times in a row when most of those seen agree.
package struct FeedClock: Sendable {
    /// How far a time may jump ahead on the word of one instrument.
    package static let plausibleLead: Int64 = 60
    /// How many instruments make a longer jump believable.
    package static let agreement = 3
    /// How many times that are not believed, without one in between that is, show that the market has moved on.
    package static let patience = 60

    let mode: FeedClockMode
    private let needed: Int
    package private(set) var now: Timestamp?
    /// Exchange times that were not believed.
    package private(set) var rejected: Int64 = 0
    private var rejectedInARow = 0
    /// Who has shown a time far ahead: token and time.
    private var candidates: [UInt32: Int64] = [:]

    package init(mode: FeedClockMode, instruments: Int, now: Timestamp? = nil) {
        self.mode = mode
        self.needed = max(1, min(Self.agreement, instruments))
        self.now = now
    }

    /// A frame came in at `wall`; `times` are its packets' tokens and exchange times in seconds since 1970.
    ///
    /// Returns the frame's time in the log; nil while no frame has told a feed clock the time.
    package mutating func receive(
        wall: Timestamp,
        times: some Sequence<(token: UInt32, seconds: Int64)>
    ) -> Timestamp? {
        switch mode {
        case .wall: move(to: wall)
        case .feed:
            for (token, seconds) in times { observe(token, seconds) }
        }
        return now
    }

    /// How far the newest of these times lies behind the clock, if it lies behind by more than is plausible: the
    /// source plays a time that the log has passed.
    package func lag(of times: some Sequence<(token: UInt32, seconds: Int64)>) -> Duration? {
        guard mode == .feed, let now, let newest = times.map(\.seconds).max() else { return nil }
        let behind = now.seconds - newest
        return behind > Self.plausibleLead ? .seconds(behind) : nil
    }

    /// The time of a clock entry at `wall`; nil while a feed clock has seen nothing.
    package mutating func tick(wall: Timestamp) -> Timestamp? {
        if mode == .wall { move(to: wall) }
        return now
    }

    private mutating func move(to time: Timestamp) {
        now = max(now ?? time, time)
    }

    private mutating func observe(_ token: UInt32, _ seconds: Int64) {
        if let now, seconds <= now.seconds + Self.plausibleLead {
            if seconds > now.seconds { move(to: Timestamp(seconds: seconds)) }
            candidates[token] = nil
            rejectedInARow = 0
            return
        }
        candidates[token] = seconds
        let agreeing = candidates.values.filter { abs($0 - seconds) <= Self.plausibleLead }
        let isPatienceOver = rejectedInARow >= Self.patience && agreeing.count * 2 > candidates.count
        guard agreeing.count >= needed || isPatienceOver, let newest = agreeing.max() else {
            rejected += 1
            rejectedInARow += 1
            return
        }
        // Those that were counted before and agree were right after all.
        rejected -= Int64(agreeing.count - 1)
        candidates = [:]
        rejectedInARow = 0
        move(to: Timestamp(seconds: newest))
    }
}
