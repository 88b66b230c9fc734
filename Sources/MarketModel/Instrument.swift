/// The identity of an instrument for life: a UUID.
///
/// Tokens are reused and symbols renamed; this never changes.
package struct InstrumentID: Hashable, Sendable {
    /// The UUID's first eight bytes, big-endian.
    package let high: UInt64
    /// The UUID's last eight bytes, big-endian.
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Makes a version 4 UUID.
    package static func random(using generator: inout some RandomNumberGenerator) -> InstrumentID {
        let high = generator.next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        let low = generator.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        return InstrumentID(high: high, low: low)
    }
}

extension InstrumentID: CustomStringConvertible {
    /// The canonical form of a UUID, in lower case.
    package var description: String {
        let digits = hex(high) + hex(low)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index == 8 || index == 12 || index == 16 || index == 20 { text.append("-") }
            text.append(digit)
        }
        return text
    }

    private func hex(_ value: UInt64) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}

/// What kind of thing is traded; the database's enum `instrument_type`.
package enum InstrumentType: String, CaseIterable, Sendable {
    case equity = "EQUITY"
    case futures = "FUTURES"
    case options = "OPTIONS"
    case currency = "CURRENCY"
    case commodity = "COMMODITY"
}

/// An instrument's public name, `EXCHANGE:SYMBOL`, such as `NSE:INFY` or `NSE:NIFTY 50`.
package struct InstrumentSymbol: Hashable, Sendable, CustomStringConvertible {
    /// The exchange's short name in upper case: NSE, BSE, NFO, BFO, CDS, BCD, MCX, NCO, or SIM for simulated ones.
    package let exchange: String
    /// The trading symbol in upper case.
    package let tradingSymbol: String

    package init(exchange: String, tradingSymbol: String) {
        self.exchange = exchange
        self.tradingSymbol = tradingSymbol
    }

    /// Reads `EXCHANGE:SYMBOL` (case does not matter).
    ///
    /// Returns nil without a colon or with an empty or overlong part.
    package init?(_ text: some StringProtocol) {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let exchange = text[..<colon]
        let symbol = text[text.index(after: colon)...]
        guard (1...10).contains(exchange.utf8.count), (1...50).contains(symbol.utf8.count) else { return nil }
        self.init(exchange: exchange.uppercased(), tradingSymbol: symbol.uppercased())
    }

    package var description: String { "\(exchange):\(tradingSymbol)" }
}

/// A row of the master registry.
package struct Instrument: Sendable, Hashable {
    package var id: InstrumentID
    /// The broker's number for it now; nil once the contract has expired.
    package var token: UInt32?
    /// The exchange's own number.
    package var exchangeToken: Int64?
    package var symbol: InstrumentSymbol
    package var name: String?
    package var type: InstrumentType
    /// The broker's name of the market segment: NSE, INDICES, NFO-FUT.
    package var segment: String
    package var lastPrice: Price?
    package var expiry: Timestamp?
    package var strike: Price?
    /// The smallest step of the price.
    package var tickSize: Price?
    /// Units in a lot.
    package var lotSize: Int32?

    package init(
        id: InstrumentID,
        token: UInt32?,
        exchangeToken: Int64? = nil,
        symbol: InstrumentSymbol,
        name: String? = nil,
        type: InstrumentType,
        segment: String,
        lastPrice: Price? = nil,
        expiry: Timestamp? = nil,
        strike: Price? = nil,
        tickSize: Price? = nil,
        lotSize: Int32? = nil
    ) {
        self.id = id
        self.token = token
        self.exchangeToken = exchangeToken
        self.symbol = symbol
        self.name = name
        self.type = type
        self.segment = segment
        self.lastPrice = lastPrice
        self.expiry = expiry
        self.strike = strike
        self.tickSize = tickSize
        self.lotSize = lotSize
    }
}
