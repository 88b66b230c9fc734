import MarketModel
import MarketStore
import Testing

/// The instruments and candles that every site begins with.
enum TestMarket {
    /// 2026-09-01 09:15 IST.
    static let open = Timestamp(seconds: 1_788_234_300)

    /// Stores the market; returns its instruments by name.
    static func fill(_ store: MarketStore) async throws -> [String: Instrument] {
        let saved = try await store.instruments.save(instruments())
        let byName = Dictionary(uniqueKeysWithValues: saved.map { ($0.symbol.description, $0) })
        let infosys = try #require(byName["NSE:INFY"]).id
        let crude = try #require(byName["MCX:CRUDEOIL26SEPFUT"]).id
        var candles: [StoredCandle] = []
        for (minute, candle) in try minutes().enumerated() {
            var candle = candle
            candle.start = open + .seconds(60 * minute)
            candles.append(StoredCandle(instrument: infosys, timeframe: .oneMinute, candle: candle))
        }
        for day in 0..<3 {
            // 00:00 IST of 31 August, 1 and 2 September.
            let start = Timestamp(seconds: 1_788_114_600 + Int64(day) * 86_400)
            let candle = try candle(start: start, "100", "102.5", "99.95", "101", volume: Int64(day), source: .bhavcopy)
            candles.append(StoredCandle(instrument: infosys, timeframe: .oneDay, candle: candle))
        }
        let negative = try candle(start: open, "-37.63", "-0.0001", "-99999999.9999", "-10", volume: 3, source: .broker)
        candles.append(StoredCandle(instrument: crude, timeframe: .oneMinute, candle: negative))
        let result = try await store.candles.upsert(candles)
        #expect(result.inserted == candles.count)
        return byName
    }

    private static func minutes() throws -> [Candle] {
        var first = try candle("18631.2", "18640.05", "18600", "18602.15", volume: 1200)
        first.flags = [.partial, .gap]
        // More than a Double holds exactly, and the largest price of the store.
        let volume: Int64 = 9_007_199_254_740_993
        var second = try candle("0.05", "99999999.9999", "0.05", "0.1", volume: volume, source: .imported)
        second.openInterest = 4_294_967_296
        second.tradesCount = 7
        second.flags = .revised
        return [
            first,
            second,
            try candle("18602.1", "18602.1001", "18602", "18602.0001", volume: 0),
            try candle("600", "602", "599", "600.5", volume: 10),
            try candle("600.5", "600.5", "600.5", "600.5", volume: 1),
        ]
    }

    private static func candle(
        start: Timestamp = open,
        _ open: String,
        _ high: String,
        _ low: String,
        _ close: String,
        volume: Int64,
        source: CandleSource = .tick
    ) throws -> Candle {
        Candle(
            start: start,
            open: try #require(Price(open)),
            high: try #require(Price(high)),
            low: try #require(Price(low)),
            close: try #require(Price(close)),
            volume: volume,
            source: source
        )
    }

    /// A token's lowest byte is its segment: 1 NSE, 2 NFO, 3 CDS, 4 BSE, 7 MCX, 9 indices.
    private static func instruments() -> [Instrument] {
        var option = instrument("NFO:NIFTY26SEP25000CE", 730_626, .options, "NFO-OPT", "NIFTY")
        option.expiry = Timestamp(seconds: 1_790_677_800)
        option.strike = Price(scaled: 250_005_000)
        option.tickSize = Price(scaled: 500)
        option.lotSize = 75
        return [
            option,
            instrument("NSE:INFY", 408_065, .equity, "NSE", "INFOSYS"),
            instrument("BSE:INFY", 128_004, .equity, "BSE", "INFOSYS LTD."),
            instrument("NSE:M&M", 519_937, .equity, "NSE", "MAHINDRA & MAHINDRA"),
            instrument("NSE:NIFTY 50", 256_265, .equity, "INDICES", "NIFTY \"50\" \\ \u{20B9}\n\u{1}"),
            instrument("CDS:USDINR26SEPFUT", 412_675, .currency, "CDS-FUT", "USDINR"),
            instrument("MCX:CRUDEOIL26SEPFUT", 456_711, .futures, "MCX-FUT", "CRUDEOIL"),
            instrument("NSE:EXPIRED", nil, .equity, "NSE", nil),
            instrument("NSE:SILENT", 628_993, .equity, "NSE", nil),
            instrument("NSE:FADING", 629_249, .equity, "NSE", nil),
            instrument("NSE:BRIEF", 629_505, .equity, "NSE", nil),
            instrument("NSE:FULL", 629_761, .equity, "NSE", nil),
        ]
    }

    private static func instrument(
        _ name: String,
        _ token: UInt32?,
        _ type: InstrumentType,
        _ segment: String,
        _ company: String?
    ) -> Instrument {
        var generator = SystemRandomNumberGenerator()
        let colon = name.firstIndex(of: ":") ?? name.startIndex
        return Instrument(
            id: .random(using: &generator),
            token: token,
            symbol: InstrumentSymbol(
                exchange: String(name[..<colon]),
                tradingSymbol: String(name[name.index(after: colon)...])
            ),
            name: company,
            type: type,
            segment: segment
        )
    }
}
