internal import MarketModel

/// Where the feed takes the time from.
package enum FeedClockMode: String, Sendable, CaseIterable {
    /// The machine's clock: for a real broker.
    case wall
    /// The newest plausible exchange time: for simulated and replayed markets, at any speed, on any day.
    case feed
}

/// The feed's clock: the time under which frames stand in the log. It never goes back.
///
/// An exchange time more than a minute ahead is not believed until several instruments show it (or all that are
/// subscribed, when they are fewer): one corrupt stamp must not close every minute.
struct FeedClock: Sendable {
    /// How far a time may jump ahead on the word of one instrument.
    static let plausibleLead: Int64 = 60
    /// How many instruments make a longer jump believable.
    static let agreement = 3

    let mode: FeedClockMode
    private let needed: Int
    private(set) var now: Timestamp?
    /// Exchange times that were not believed.
    private(set) var rejected: Int64 = 0
    /// Who has shown a time far ahead: token and time.
    private var candidates: [UInt32: Int64] = [:]

    init(mode: FeedClockMode, instruments: Int, now: Timestamp? = nil) {
        self.mode = mode
        self.needed = max(1, min(Self.agreement, instruments))
        self.now = now
    }

    /// A frame came in at `wall`; `times` are its packets' tokens and exchange times in seconds since 1970.
    mutating func receive(wall: Timestamp, times: some Sequence<(token: UInt32, seconds: Int64)>) -> Timestamp {
        switch mode {
        case .wall: move(to: wall)
        case .feed:
            for (token, seconds) in times { observe(token, seconds) }
        }
        return now ?? wall
    }

    /// The time of a clock entry at `wall`; nil while a feed clock has seen nothing.
    mutating func tick(wall: Timestamp) -> Timestamp? {
        if mode == .wall { move(to: wall) }
        return now
    }

    private mutating func move(to time: Timestamp) {
        now = max(now ?? time, time)
    }

    private mutating func observe(_ token: UInt32, _ seconds: Int64) {
        if let now, seconds <= now.seconds + Self.plausibleLead {
            if seconds > now.seconds { move(to: Timestamp(seconds: seconds)) }
            return
        }
        candidates[token] = seconds
        let agreeing = candidates.values.filter { abs($0 - seconds) <= Self.plausibleLead }
        guard agreeing.count >= needed, let newest = agreeing.max() else {
            rejected += 1
            return
        }
        candidates = [:]
        move(to: Timestamp(seconds: newest))
    }
}
