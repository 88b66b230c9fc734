/// Where a candle came from.
///
/// A write never replaces a row of a higher rank.
package enum CandleSource: String, CaseIterable, Sendable, Comparable {
    case tick
    case rollup
    case imported = "import"
    case broker
    case bhavcopy

    /// 0 for the source that every other one outranks.
    package var rank: Int {
        switch self {
        case .tick: 0
        case .rollup: 1
        case .imported: 2
        case .broker: 3
        case .bhavcopy: 4
        }
    }

    package static func < (left: CandleSource, right: CandleSource) -> Bool {
        left.rank < right.rank
    }
}

/// What is special about a stored candle; the bits of `ohlcv_data.flags`.
package struct CandleFlags: OptionSet, Sendable, Hashable {
    package let rawValue: Int16

    package init(rawValue: Int16) {
        self.rawValue = rawValue
    }

    /// Recording began within the candle: its volume and extremes may be too small.
    package static let partial = CandleFlags(rawValue: 1)
    /// The candle was changed after it had been published.
    package static let revised = CandleFlags(rawValue: 2)
    /// The feed was interrupted within the candle.
    package static let gap = CandleFlags(rawValue: 4)

    /// The names of the flags that are set, in a fixed order.
    package var names: [String] {
        var names: [String] = []
        if contains(.partial) { names.append("partial") }
        if contains(.revised) { names.append("revised") }
        if contains(.gap) { names.append("gap") }
        return names
    }
}

/// One candle of one instrument: prices, volume and open interest of the time from `start` on.
package struct Candle: Sendable, Hashable {
    /// The start of the candle; a day's candle starts at 00:00 IST.
    package var start: Timestamp
    package var open: Price
    package var high: Price
    package var low: Price
    package var close: Price
    /// Units traded (shares, or contracts times lot size).
    package var volume: Int64
    /// Open contracts in units at the end of the candle; nil where the instrument has none.
    package var openInterest: Int64?
    /// Number of trades; nil where the feed sends snapshots and cannot know it.
    package var tradesCount: Int32?
    package var source: CandleSource
    package var flags: CandleFlags

    package init(
        start: Timestamp,
        open: Price,
        high: Price,
        low: Price,
        close: Price,
        volume: Int64,
        openInterest: Int64? = nil,
        tradesCount: Int32? = nil,
        source: CandleSource,
        flags: CandleFlags = []
    ) {
        self.start = start
        self.open = open
        self.high = high
        self.low = low
        self.close = close
        self.volume = volume
        self.openInterest = openInterest
        self.tradesCount = tradesCount
        self.source = source
        self.flags = flags
    }

    /// Why the candle cannot be true, or nil when nothing speaks against it.
    ///
    /// Checked are the rules that the store's CHECK constraints enforce: low ≤ open, close ≤ high; volume, open
    /// interest and trades not negative; prices within `numeric(12,4)`.
    package var fault: String? {
        if low > high { return "low \(low) is above high \(high)" }
        if open < low || open > high { return "open \(open) is outside low \(low) to high \(high)" }
        if close < low || close > high { return "close \(close) is outside low \(low) to high \(high)" }
        if volume < 0 { return "volume \(volume) is negative" }
        if let openInterest, openInterest < 0 { return "open interest \(openInterest) is negative" }
        if let tradesCount, tradesCount < 0 { return "number of trades \(tradesCount) is negative" }
        if !Price.storable.contains(low) || !Price.storable.contains(high) {
            return "a price is beyond 99,999,999.9999"
        }
        return nil
    }
}
