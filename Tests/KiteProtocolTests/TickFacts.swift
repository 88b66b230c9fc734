import MarketModel

/// Everything in a tick, to be compared as a whole.
struct TickFacts: Equatable {
    var token: UInt32
    var priceDecimals: UInt8
    var isTradable: Bool
    var mode: TickMode
    var lastPrice: Int32
    var day: DayPrices?
    var trading: TradingFigures?
    var exchangeTime: UInt32?
    var hasExchangeTimeField: Bool
    var lastTradeTime: UInt32?
    var openInterest: OpenInterest?
    var buy: [DepthLevel]?
    var sell: [DepthLevel]?

    init(_ tick: Tick) {
        token = tick.instrumentToken
        priceDecimals = tick.priceDecimals
        isTradable = tick.isTradable
        mode = tick.mode
        lastPrice = tick.lastPrice
        day = tick.day
        trading = tick.trading
        exchangeTime = tick.exchangeTime
        hasExchangeTimeField = tick.hasExchangeTimeField
        lastTradeTime = tick.lastTradeTime
        openInterest = tick.openInterest
        if let depth = tick.depth {
            buy = (0..<5).map { depth.buy[$0] }
            sell = (0..<5).map { depth.sell[$0] }
        }
    }
}

extension [Tick] {
    var facts: [TickFacts] { map(TickFacts.init) }
}
