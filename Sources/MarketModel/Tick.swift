/// One packet of a market-data feed: a snapshot of one instrument.
///
/// Prices are kept as the feed sent them, an integer and the number of its decimals, so that nothing is rounded
/// before the store (``price(_:)``). Times are whole seconds since 1970 UTC; nil where the feed sent none or 0.
package struct Tick: Sendable {
    package var instrumentToken: UInt32
    /// Decimal places of every price in this tick: 2, 4 or 7.
    package var priceDecimals: UInt8
    /// False for an index.
    package var isTradable: Bool
    package var lastPrice: Int32
    /// Day prices; nil in `ltp` mode.
    package var day: DayPrices?
    /// Traded quantities; nil in `ltp` mode and for an index.
    package var trading: TradingFigures?
    /// When the exchange made the snapshot, seconds since 1970; full mode only.
    package var exchangeTime: UInt32?
    /// When the last trade took place, seconds since 1970; full mode of a tradable instrument only.
    package var lastTradeTime: UInt32?
    /// Open interest and its extremes of the day; full mode of a tradable instrument only.
    package var openInterest: OpenInterest?
    /// Market depth; full mode of a tradable instrument only.
    package var depth: MarketDepth?

    package init(instrumentToken: UInt32, priceDecimals: UInt8, isTradable: Bool, lastPrice: Int32) {
        self.instrumentToken = instrumentToken
        self.priceDecimals = priceDecimals
        self.isTradable = isTradable
        self.lastPrice = lastPrice
    }

    /// A price of this tick in 1/10,000 rupee, rounded half to even.
    package func price(_ raw: Int32) -> Price {
        Price(mantissa: Int64(raw), decimals: Int(priceDecimals))
    }

    /// What of the packet was there; the names of Kite's modes.
    package var mode: TickMode {
        if day == nil { return .lastPrice }
        return isTradable ? (depth == nil ? .quote : .full) : (hasExchangeTimeField ? .full : .quote)
    }

    /// True when the packet had a field for the exchange's time, even if it was 0.
    package var hasExchangeTimeField = false
}

/// How much of a snapshot a client asked for.
package enum TickMode: String, Sendable, CaseIterable {
    case lastPrice = "ltp"
    case quote
    case full
}

/// The day's prices in a tick, in the tick's own decimals.
package struct DayPrices: Sendable, Equatable {
    package var open: Int32
    package var high: Int32
    package var low: Int32
    /// The previous day's close while the session runs; not dependable after it.
    package var close: Int32

    package init(open: Int32, high: Int32, low: Int32, close: Int32) {
        self.open = open
        self.high = high
        self.low = low
        self.close = close
    }
}

/// What was traded, in units.
package struct TradingFigures: Sendable, Equatable {
    package var lastTradedQuantity: UInt32
    /// In the tick's own decimals.
    package var averagePrice: Int32
    /// Traded since the day began.
    package var volume: UInt32
    package var totalBuyQuantity: UInt32
    package var totalSellQuantity: UInt32

    package init(
        lastTradedQuantity: UInt32,
        averagePrice: Int32,
        volume: UInt32,
        totalBuyQuantity: UInt32,
        totalSellQuantity: UInt32
    ) {
        self.lastTradedQuantity = lastTradedQuantity
        self.averagePrice = averagePrice
        self.volume = volume
        self.totalBuyQuantity = totalBuyQuantity
        self.totalSellQuantity = totalSellQuantity
    }
}

/// Open contracts in units, now and at the day's extremes.
package struct OpenInterest: Sendable, Equatable {
    package var current: UInt32
    package var dayHigh: UInt32
    package var dayLow: UInt32

    package init(current: UInt32, dayHigh: UInt32, dayLow: UInt32) {
        self.current = current
        self.dayHigh = dayHigh
        self.dayLow = dayLow
    }
}

/// One level of the order book.
package struct DepthLevel: Sendable, Equatable {
    package var quantity: UInt32
    /// In the tick's own decimals.
    package var price: Int32
    package var orders: UInt16

    package init(quantity: UInt32 = 0, price: Int32 = 0, orders: UInt16 = 0) {
        self.quantity = quantity
        self.price = price
        self.orders = orders
    }
}

/// The five best levels of each side, the best first; a missing level is all zeros.
package struct MarketDepth: Sendable {
    package var buy: InlineArray<5, DepthLevel>
    package var sell: InlineArray<5, DepthLevel>

    package init() {
        buy = InlineArray(repeating: DepthLevel())
        sell = InlineArray(repeating: DepthLevel())
    }
}
