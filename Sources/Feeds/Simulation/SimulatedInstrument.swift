package import MarketModel

/// The instruments of the simulated exchange.
///
/// Every tenth is a future with open interest, the first of all an index; the others are shares. Tokens are
/// `exchange token * 256 + segment`, as Kite's are.
package enum SimulatedInstruments {
    /// The exchange's short name.
    package static let exchange = "SIM"
    /// The most instruments: what one broker connection can carry.
    package static let limit = 3000

    package enum Kind: Sendable {
        case share
        case future
        case index

        var segment: UInt32 {
            switch self {
            case .share: 1
            case .future: 2
            case .index: 9
            }
        }
    }

    package static func kind(_ number: Int) -> Kind {
        if number == 0 { return .index }
        return number % 10 == 0 ? .future : .share
    }

    package static func token(_ number: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: 100_001 + number) << 8 | kind(number).segment
    }

    /// The number of an instrument by its token, nil when it is none of ours.
    package static func number(ofToken token: UInt32) -> Int? {
        let number = Int(token >> 8) - 100_001
        guard number >= 0, number < limit, Self.token(number) == token else { return nil }
        return number
    }

    /// `SIM0001` … for the shares and futures, `SIMINDEX` for the index.
    package static func symbol(_ number: Int) -> InstrumentSymbol {
        let digits = String(number)
        let padded = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        switch kind(number) {
        case .index: return InstrumentSymbol(exchange: exchange, tradingSymbol: "SIMINDEX")
        case .future: return InstrumentSymbol(exchange: exchange, tradingSymbol: "SIM\(padded)FUT")
        case .share: return InstrumentSymbol(exchange: exchange, tradingSymbol: "SIM\(padded)")
        }
    }

    /// The registry's rows of the first `count` instruments, with identities that depend on the symbol alone.
    package static func registry(count: Int) -> [Instrument] {
        (0..<count).map { number in
            var generator = SeededGenerator(seed: 0x51D0_0000 + UInt64(number))
            let kind = kind(number)
            return Instrument(
                id: .random(using: &generator),
                token: token(number),
                exchangeToken: Int64(100_001 + number),
                symbol: symbol(number),
                name: kind == .index ? "SIMULATED INDEX" : "SIMULATED \(number)",
                type: kind == .future ? .futures : .equity,
                segment: kind == .index ? "INDICES" : exchange,
                tickSize: kind == .index ? .zero : Price(scaled: 500),
                lotSize: kind == .future ? 25 : (kind == .index ? 0 : 1)
            )
        }
    }
}
