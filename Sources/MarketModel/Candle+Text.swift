extension JSONWriter {
    /// Writes a candle as an object: `start`, prices as exact numbers, `volume`, `open_interest`, `trades_count`,
    /// `source` and the names of its `flags`.
    package mutating func candle(_ candle: Candle) {
        object { json in
            json.key("start")
            json.time(candle.start)
            json.key("open")
            json.price(candle.open)
            json.key("high")
            json.price(candle.high)
            json.key("low")
            json.price(candle.low)
            json.key("close")
            json.price(candle.close)
            json.key("volume")
            json.integer(candle.volume)
            json.key("open_interest")
            json.optional(candle.openInterest) { $0.integer($1) }
            json.key("trades_count")
            json.optional(candle.tradesCount) { $0.integer($1) }
            json.key("source")
            json.string(candle.source.rawValue)
            json.key("flags")
            json.array { json in for name in candle.flags.names { json.string(name) } }
        }
    }
}

/// Candles as CSV (RFC 4180 without quoting: no field needs it).
package enum CandleCSV {
    /// The names of the columns, with a line feed.
    package static let header = "start,open,high,low,close,volume,open_interest,source,flags\n"

    /// Appends a line; a missing open interest is an empty field, flags are joined by `|`.
    package static func append(_ candle: Candle, to bytes: inout [UInt8]) {
        let comma = UInt8(ascii: ",")
        candle.start.appendText(to: &bytes)
        for price in [candle.open, candle.high, candle.low, candle.close] {
            bytes.append(comma)
            DecimalText.append(mantissa: price.scaled, decimals: 4, to: &bytes)
        }
        bytes.append(comma)
        bytes.append(contentsOf: String(candle.volume).utf8)
        bytes.append(comma)
        if let openInterest = candle.openInterest { bytes.append(contentsOf: String(openInterest).utf8) }
        bytes.append(comma)
        bytes.append(contentsOf: candle.source.rawValue.utf8)
        bytes.append(comma)
        bytes.append(contentsOf: candle.flags.names.joined(separator: "|").utf8)
        bytes.append(UInt8(ascii: "\n"))
    }
}
