package import MarketModel

/// Ticks as JSON with the field names of the official Python client.
///
/// Prices are exact decimal strings, times RFC 3339 in UTC without a fraction, what the feed sent as 0 for "no time"
/// is null. Only the keys that a packet of the tick's mode has are there.
package enum KiteTickJSON {
    /// Appends a tick as a JSON object.
    package static func append(_ tick: Tick, to buffer: inout [UInt8]) {
        let mode = tick.mode
        buffer += #"{"tradable":"#.utf8
        buffer += (tick.isTradable ? "true" : "false").utf8
        buffer += #","mode":""#.utf8
        buffer += mode.rawValue.utf8
        buffer += #"","instrument_token":"#.utf8
        appendNumber(tick.instrumentToken, to: &buffer)
        buffer += #","last_price":"#.utf8
        appendPrice(tick.lastPrice, of: tick, to: &buffer)
        if mode != .lastPrice { appendQuote(tick, to: &buffer) }
        if mode == .full { appendFull(tick, to: &buffer) }
        buffer.append(UInt8(ascii: "}"))
    }

    private static func appendQuote(_ tick: Tick, to buffer: inout [UInt8]) {
        if tick.isTradable {
            buffer += #","last_traded_quantity":"#.utf8
            appendNumber(tick.trading?.lastTradedQuantity, to: &buffer)
            buffer += #","average_traded_price":"#.utf8
            appendPrice(tick.trading?.averagePrice, of: tick, to: &buffer)
            buffer += #","volume_traded":"#.utf8
            appendNumber(tick.trading?.volume, to: &buffer)
            buffer += #","total_buy_quantity":"#.utf8
            appendNumber(tick.trading?.totalBuyQuantity, to: &buffer)
            buffer += #","total_sell_quantity":"#.utf8
            appendNumber(tick.trading?.totalSellQuantity, to: &buffer)
        }
        buffer += #","ohlc":{"open":"#.utf8
        appendPrice(tick.day?.open, of: tick, to: &buffer)
        buffer += #","high":"#.utf8
        appendPrice(tick.day?.high, of: tick, to: &buffer)
        buffer += #","low":"#.utf8
        appendPrice(tick.day?.low, of: tick, to: &buffer)
        buffer += #","close":"#.utf8
        appendPrice(tick.day?.close, of: tick, to: &buffer)
        buffer += #"},"change":"#.utf8
        appendChange(last: tick.lastPrice, close: tick.day?.close ?? 0, to: &buffer)
    }

    private static func appendFull(_ tick: Tick, to buffer: inout [UInt8]) {
        if tick.isTradable {
            buffer += #","last_trade_time":"#.utf8
            appendTime(tick.lastTradeTime, to: &buffer)
            buffer += #","oi":"#.utf8
            appendNumber(tick.openInterest?.current, to: &buffer)
            buffer += #","oi_day_high":"#.utf8
            appendNumber(tick.openInterest?.dayHigh, to: &buffer)
            buffer += #","oi_day_low":"#.utf8
            appendNumber(tick.openInterest?.dayLow, to: &buffer)
        }
        buffer += #","exchange_timestamp":"#.utf8
        appendTime(tick.exchangeTime, to: &buffer)
        guard let depth = tick.depth else { return }
        buffer += #","depth":{"buy":["#.utf8
        for level in 0..<5 { appendLevel(depth.buy[level], at: level, of: tick, to: &buffer) }
        buffer += #"],"sell":["#.utf8
        for level in 0..<5 { appendLevel(depth.sell[level], at: level, of: tick, to: &buffer) }
        buffer += "]}".utf8
    }

    private static func appendLevel(_ level: DepthLevel, at index: Int, of tick: Tick, to buffer: inout [UInt8]) {
        buffer += (index == 0 ? #"{"quantity":"# : #",{"quantity":"#).utf8
        appendNumber(level.quantity, to: &buffer)
        buffer += #","price":"#.utf8
        appendPrice(level.price, of: tick, to: &buffer)
        buffer += #","orders":"#.utf8
        appendNumber(UInt32(level.orders), to: &buffer)
        buffer.append(UInt8(ascii: "}"))
    }

    private static func appendNumber(_ number: UInt32?, to buffer: inout [UInt8]) {
        guard let number else {
            buffer += "null".utf8
            return
        }
        DecimalText.append(mantissa: Int64(number), decimals: 0, to: &buffer)
    }

    private static func appendPrice(_ price: Int32?, of tick: Tick, to buffer: inout [UInt8]) {
        guard let price else {
            buffer += "null".utf8
            return
        }
        buffer.append(UInt8(ascii: "\""))
        DecimalText.append(mantissa: Int64(price), decimals: Int(tick.priceDecimals), to: &buffer)
        buffer.append(UInt8(ascii: "\""))
    }

    private static func appendTime(_ seconds: UInt32?, to buffer: inout [UInt8]) {
        guard let seconds else {
            buffer += "null".utf8
            return
        }
        buffer.append(UInt8(ascii: "\""))
        Timestamp(seconds: Int64(seconds)).appendText(to: &buffer, fraction: false)
        buffer.append(UInt8(ascii: "\""))
    }

    /// The change in per cent as the nearest Double, in the fewest digits that give it back; the sums are exact.
    private static func appendChange(last: Int32, close: Int32, to buffer: inout [UInt8]) {
        guard close != 0, last != close else { return buffer.append(UInt8(ascii: "0")) }
        let change = Double((Int64(last) - Int64(close)) * 100) / Double(close)
        buffer += change.description.utf8
    }
}
