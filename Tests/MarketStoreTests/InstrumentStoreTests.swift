import GoGoTradeTestSupport
import MarketModel
import MarketStore
import PostgresClient
import Testing

@Suite("The registry of instruments", .timeLimit(.minutes(5)))
struct InstrumentStoreTests {
    @Test("an instrument comes back with every field", arguments: TestEdition.available)
    func roundTrip(edition: TestEdition) async throws {
        let store = try await TestEngines.shared.makeStore(edition).instruments
        var full = makeInstrument("NIFTY26SEP24000CE", exchange: "NFO", token: .max)
        full.exchangeToken = .max
        full.name = "NIFTY – ₹"
        full.type = .options
        full.segment = "NFO-OPT"
        full.lastPrice = Price("123.45")
        full.expiry = Timestamp(seconds: 1_790_000_000)
        full.strike = Price("24000")
        full.tickSize = Price("0.0025")
        full.lotSize = 75
        let bare = makeInstrument("INFY")
        let saved = try await store.save([full, bare])
        #expect(saved == [full, bare])
        #expect(try await store.find(full.symbol) == full)
        #expect(try await store.find(bare.symbol) == bare)
        #expect(try await store.all() == [full, bare], "by exchange and symbol")
    }

    @Test("a known symbol keeps its identity and takes the new facts", arguments: TestEdition.available)
    func identity(edition: TestEdition) async throws {
        let store = try await TestEngines.shared.makeStore(edition).instruments
        let first = try await store.save([makeInstrument("INFY", token: 1)])[0]
        var changed = makeInstrument("INFY", token: 2)
        changed.name = "INFOSYS"
        changed.lotSize = 5
        let saved = try await store.save([makeInstrument("TCS", token: 3), changed])
        #expect(saved[1].id == first.id)
        #expect(saved[1].id != changed.id)
        #expect(saved[1].token == 2)
        #expect(saved[1].name == "INFOSYS")
        #expect(saved[1].lotSize == 5)
        #expect(try await store.all().count == 2)
    }

    @Test("the same symbol on another exchange is another instrument", arguments: TestEdition.available)
    func exchanges(edition: TestEdition) async throws {
        let store = try await TestEngines.shared.makeStore(edition).instruments
        let saved = try await store.save([
            makeInstrument("INFY", token: 1), makeInstrument("INFY", exchange: "BSE", token: 2),
        ])
        #expect(saved[0].id != saved[1].id)
        #expect(try await store.find(InstrumentSymbol(exchange: "BSE", tradingSymbol: "INFY"))?.token == 2)
        #expect(try await store.find(InstrumentSymbol(exchange: "MCX", tradingSymbol: "INFY")) == nil)
    }

    @Test("one instrument that is refused leaves none of the call", arguments: TestEdition.available)
    func allOrNone(edition: TestEdition) async throws {
        let store = try await TestEngines.shared.makeStore(edition).instruments
        let sameToken = [makeInstrument("A", token: 1), makeInstrument("B", token: 1)]
        let error = await #expect(throws: PostgresError.self) { try await store.save(sameToken) }
        #expect(error?.sqlState == "23505")
        #expect(error?.constraint == "instruments_instrument_token_key")
        let long = [makeInstrument("C"), makeInstrument(String(repeating: "X", count: 51))]
        await #expect(throws: PostgresError.self) { try await store.save(long) }
        #expect(try await store.all() == [])
    }

    @Test("a search takes symbols by their beginning and names by any part", arguments: TestEdition.available)
    func search(edition: TestEdition) async throws {
        let store = try await TestEngines.shared.makeStore(edition).instruments
        var infosys = makeInstrument("INFY")
        infosys.name = "Infosys Limited"
        var future = makeInstrument("INFY26SEPFUT", exchange: "NFO")
        future.type = .futures
        var tata = makeInstrument("TCS")
        tata.name = "TATA % CONSULTANCY"
        _ = try await store.save([infosys, future, tata])
        func symbols(
            _ text: String?,
            exchange: String? = nil,
            type: InstrumentType? = nil,
            limit: Int = 1000
        ) async throws -> [String] {
            try await store.search(text: text, exchange: exchange, type: type, limit: limit)
                .map(\.symbol.tradingSymbol)
        }
        #expect(try await symbols(nil) == ["INFY", "INFY26SEPFUT", "TCS"])
        #expect(try await symbols("inf") == ["INFY", "INFY26SEPFUT"])
        #expect(try await symbols("NFY") == [], "a symbol only from its beginning")
        #expect(try await symbols("LIMIT") == ["INFY"])
        #expect(try await symbols("%") == ["TCS"], "no pattern")
        #expect(try await symbols("_") == [])
        #expect(try await symbols("' OR 1=1 --") == [])
        #expect(try await symbols("INF", exchange: "nfo") == ["INFY26SEPFUT"])
        #expect(try await symbols(nil, type: .equity) == ["INFY", "TCS"])
        #expect(try await symbols(nil, exchange: "NSE", type: .futures) == [])
        #expect(try await symbols(nil, limit: 2) == ["INFY", "INFY26SEPFUT"])
    }

    @Test("the watchlist keeps its order, and forgets what is removed", arguments: TestEdition.available)
    func watchlist(edition: TestEdition) async throws {
        let store = try await TestEngines.shared.makeStore(edition)
        let saved = try await store.instruments.save([
            makeInstrument("TCS", token: 3), makeInstrument("INFY", token: 4), makeInstrument("OLD"),
        ])
        try await store.watchlist.add(saved.map(\.id))
        try await store.watchlist.add([saved[0].id])
        try await store.watchlist.add([])
        let watched = try await store.watchlist.all()
        #expect(watched.map(\.symbol.tradingSymbol) == ["INFY", "TCS"], "one without a token cannot be subscribed to")
        #expect(watched.map(\.token) == [4, 3])
        #expect(watched.map(\.shard) == [0, 0])
        try await store.watchlist.remove([saved[1].id, saved[1].id])
        #expect(try await store.watchlist.all().map(\.id) == [saved[0].id])
    }
}
