internal import HTTPTypes
internal import Hummingbird
internal import LiveMarket
internal import MarketModel
internal import MarketStore
internal import RedisClient

/// What the REST server answers.
///
/// The forms stand in docs/api.md.
struct GatewayRoutes: Sendable {
    let store: MarketStore
    let catalogue: InstrumentCatalogue
    let prices: LivePrices
    let cache: RedisClient
    let log: RedisClient
    let roles: @Sendable () -> [RoleReport]

    func add(to router: Router<BasicRequestContext>) {
        router.get("/healthz") { _, _ in Response(bytes: Array("ok\n".utf8), type: "text/plain; charset=utf-8") }
        router.get("/readyz") { _, _ in try await readiness() }
        router.get("/api/v1/status") { request, _ in
            _ = try QueryParameters(request, allowed: [])
            return try await status()
        }
        router.get("/api/v1/instruments") { request, _ in try await instruments(request) }
        router.get("/api/v1/instruments/:symbol") { request, context in
            _ = try QueryParameters(request, allowed: [])
            let found = try await instrument(context)
            var json = JSONWriter()
            json.instrument(found)
            return Response(json: json)
        }
        router.get("/api/v1/candles/:symbol") { request, context in try await candles(request, context) }
        router.get("/api/v1/prices") { request, _ in try await livePrices(request) }
    }

    private func instrument(_ context: BasicRequestContext) async throws -> Instrument {
        guard let name = decodePercent(try context.parameters.require("symbol")) else {
            throw APIError.invalidParameter("the instrument's name is not properly percent-encoded")
        }
        return try await catalogue.instrument(named: name)
    }

    private func instruments(_ request: Request) async throws -> Response {
        let query = try QueryParameters(request, allowed: ["query", "exchange", "type", "limit"])
        let type = try query["type"].map { name throws(APIError) in
            guard let type = InstrumentType(rawValue: name.uppercased()) else {
                let names = InstrumentType.allCases.map(\.rawValue).joined(separator: ", ")
                throw APIError.invalidParameter("'type' must be one of \(names), not '\(name)'")
            }
            return type
        }
        let found = try await store.instruments.search(
            text: query["query"],
            exchange: query["exchange"],
            type: type,
            limit: query.integer("limit", in: 1...1000, default: 100)
        )
        var json = JSONWriter(reservingCapacity: 256 * found.count + 32)
        json.object { json in
            json.key("instruments")
            json.array { json in for instrument in found { json.instrument(instrument) } }
        }
        return Response(json: json)
    }

    private func candles(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let query = try QueryParameters(request, allowed: ["timeframe", "from", "to", "limit"])
        let name = query["timeframe"] ?? Timeframe.oneMinute.rawValue
        guard let timeframe = Timeframe(rawValue: name) else {
            throw APIError.invalidParameter("'timeframe' must be one of \(Timeframe.names), not '\(name)'")
        }
        let limit = try query.integer("limit", in: 1...CandleStore.readLimit, default: 500)
        let instrument = try await instrument(context)
        let to = try query.time("to") ?? .distantFuture
        let from = try query.time("from") ?? .distantPast
        let found = try await store.candles.candles(
            of: instrument.id,
            timeframe: timeframe,
            from: from,
            to: to,
            limit: limit
        )
        if prefersCSV(request) {
            var bytes = Array(CandleCSV.header.utf8)
            bytes.reserveCapacity(96 * found.count)
            for candle in found { CandleCSV.append(candle, to: &bytes) }
            return Response(bytes: bytes, type: "text/csv; charset=utf-8")
        }
        var json = JSONWriter(reservingCapacity: 224 * found.count + 128)
        json.object { json in
            json.key("symbol")
            json.string(instrument.symbol.description)
            json.key("timeframe")
            json.string(timeframe.rawValue)
            json.key("candles")
            json.array { json in for candle in found { json.candle(candle) } }
        }
        return Response(json: json)
    }

    private func prefersCSV(_ request: Request) -> Bool {
        let accepted = request.headers[.accept] ?? ""
        return accepted.contains("text/csv") && !accepted.contains("application/json")
    }

    private func livePrices(_ request: Request) async throws -> Response {
        let query = try QueryParameters(request, allowed: ["i"], repeatable: ["i"])
        let names = query.all("i")
        guard (1...500).contains(names.count) else {
            throw APIError.invalidParameter("give 1 to 500 instruments as i=EXCHANGE:SYMBOL&i=…, not \(names.count)")
        }
        var asked: [(Instrument, UInt32)] = []
        for name in names {
            let instrument = try await catalogue.instrument(named: name)
            if let token = instrument.token { asked.append((instrument, token)) }
        }
        let keys = LiveKeys(shard: 0)
        let quotes = try await prices.quotes(asked.map { ($0.1, keys) })
        var json = JSONWriter(reservingCapacity: 512 * names.count)
        json.object { json in
            json.key("prices")
            json.array { json in
                for (index, (instrument, _)) in asked.enumerated() {
                    guard let quote = quotes[index] else { continue }
                    json.quote(quote, of: instrument)
                }
            }
        }
        return Response(json: json)
    }
}

extension Timestamp {
    /// Bounds of a query without bounds: the first second of the year 1 and the last one of 9999.
    static let distantPast = Timestamp(seconds: -62_135_596_800)
    static let distantFuture = Timestamp(seconds: 253_402_300_799)
}
