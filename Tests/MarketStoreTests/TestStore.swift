import GoGoTradeTestSupport
import MarketModel
import MarketStore
import PostgresClient
import Testing

@Suite("The editions on this machine")
struct EditionSummaryTests {
    @Test("store tests run on at least one edition, and say which")
    func summary() {
        print(TestEdition.summary)
        #expect(!TestEdition.available.isEmpty, "no PostgreSQL with TimescaleDB: run scripts/setup")
    }
}

/// A store in a database of its own with one instrument.
struct TestStore {
    let store: MarketStore
    let instrument: Instrument

    init(_ edition: TestEdition) async throws {
        store = try await TestEngines.shared.makeStore(edition)
        instrument = try await store.instruments.save([makeInstrument("INFY", token: 408_065)])[0]
    }

    var pool: PostgresPool { store.pool }
    var candles: CandleStore { store.candles }

    func stored(_ candle: Candle, _ timeframe: Timeframe = .oneMinute) -> StoredCandle {
        StoredCandle(instrument: instrument.id, timeframe: timeframe, candle: candle)
    }

    func upsert(_ candles: [Candle], _ timeframe: Timeframe = .oneMinute) async throws -> UpsertResult {
        try await store.candles.upsert(candles.map { stored($0, timeframe) })
    }

    /// All minute candles of the instrument.
    func read() async throws -> [Candle] {
        try await candles.candles(
            of: instrument.id,
            timeframe: .oneMinute,
            from: Timestamp(seconds: -100_000_000_000),
            to: Timestamp(seconds: 100_000_000_000)
        )
    }
}

func makeInstrument(_ symbol: String, exchange: String = "NSE", token: UInt32? = nil) -> Instrument {
    var generator = SystemRandomNumberGenerator()
    return Instrument(
        id: .random(using: &generator),
        token: token,
        symbol: InstrumentSymbol(exchange: exchange, tradingSymbol: symbol),
        type: .equity,
        segment: exchange
    )
}

/// 2026-09-01 09:15 IST.
let opening = Timestamp(seconds: 1_788_234_300)

/// A candle of that minute after the opening; prices in rupees.
func makeCandle(minute: Int, close: Int64 = 100, source: CandleSource = .tick) -> Candle {
    Candle(
        start: opening + .seconds(60 * minute),
        open: Price(scaled: 1_000_000),
        high: Price(scaled: max(1_000_000, close * 10_000) + 500),
        low: Price(scaled: min(1_000_000, close * 10_000) - 500),
        close: Price(scaled: close * 10_000),
        volume: 10 + Int64(minute),
        openInterest: 7,
        tradesCount: nil,
        source: source
    )
}
