import GoGoTradeTestSupport
import LocalEngine
import MarketStore
import PostgresClient
import RedisClient
import Testing

@Suite("The gateway when its servers fail")
struct OutageTests {
    /// An instrument that was asked for before is known for a while, its candles and prices are not.
    static let targets = [
        "instruments", "instruments/BSE:INFY", "instruments/NSE:NOSUCH", "candles/NSE:INFY", "candles/BSE:INFY",
        "prices?i=NSE:INFY", "prices?i=BSE:INFY", "status",
    ]

    @Test(
        "servers that stop are 503 within seconds, and answered again when they are back",
        arguments: TestEdition.available
    )
    func outage(_ edition: TestEdition) async throws {
        let home = try TestFolder.make("outage")
        let engine = try await startEngine(home, edition)
        let pool = try PostgresPool(engine.addresses.database, logger: GatewaySite.logger)
        defer { pool.shutDown() }
        _ = try await Migrator(pool: pool).migrate()
        let store = MarketStore(pool: pool)
        let site = GatewaySite(
            store: store,
            cache: try redis(engine.addresses.redisCacheURL),
            log: try redis(engine.addresses.redisLogURL),
            instruments: try await TestMarket.fill(store)
        )
        try await site.withGateway { client in
            #expect(try await client.get("/readyz").status == 200)
            #expect(try await client.get("/api/v1/prices?i=NSE:INFY").array("prices").isEmpty)

            await engine.stop()
            let clock = ContinuousClock()
            for target in Self.targets {
                let start = clock.now
                let answer = try await client.get("/api/v1/\(target)")
                try answer.expectError(503, "unavailable", mentioning: "does not answer", "\(target)")
                #expect(clock.now - start < .seconds(10), "\(target)")
            }
            let away = try await client.get("/readyz")
            #expect(away.status == 503)
            let missing = try away.object()["missing"] as? [String]
            #expect(missing == ["the database does not answer", "Redis (prices) does not answer"])
            #expect(try await client.get("/healthz").status == 200)

            try await engine.start()
            TestFolder.stopAtExit(engine)
            try await waitUntilReady(client)
            #expect(try await client.get("/api/v1/candles/NSE:INFY").array("candles").count == 5)
            #expect(try await client.get("/api/v1/prices?i=NSE:INFY").status == 200)
        }
        await engine.stop()
        await site.cache.shutdown()
        await site.log.shutdown()
    }

    @Test("a database without a free connection is 503 when the time-out is over", arguments: TestEdition.available)
    func exhausted(_ edition: TestEdition) async throws {
        let shared = try await GatewaySites.shared.makeSite(edition)
        var settings = PostgresPoolConfiguration()
        settings.size = 1
        settings.maximumOverflow = 0
        settings.timeout = .milliseconds(200)
        let pool = try PostgresPool(shared.store.pool.configuration, settings: settings, logger: GatewaySite.logger)
        let site = GatewaySite(
            store: MarketStore(pool: pool),
            cache: shared.cache,
            log: shared.log,
            instruments: shared.instruments
        )
        try await site.withGateway { client in
            let blocked = try await site.whileInstrumentsAreLocked { release in
                async let blocked = client.get("/api/v1/instruments")
                try await site.waitForBlockedStatement()
                let refused = try await client.get("/api/v1/candles/NSE:INFY")
                try refused.expectError(503, "unavailable", mentioning: "database")
                release()
                return try await blocked
            }
            #expect(try blocked.array("instruments").count == site.instruments.count)
            #expect(try await client.get("/api/v1/candles/NSE:INFY").array("candles").count == 5)
        }
    }

    private func startEngine(_ home: String, _ edition: TestEdition) async throws -> LocalEngine {
        let engine = try LocalEngine(
            path: home,
            content: nil,
            programs: edition.programs,
            size: .test,
            logger: GatewaySite.logger
        )
        try await engine.start()
        TestFolder.stopAtExit(engine)
        return engine
    }

    private func redis(_ url: String) throws -> RedisClient {
        RedisClient(configuration: try RedisConfiguration(url: url), logger: GatewaySite.logger)
    }

    private func waitUntilReady(_ client: GatewayClient) async throws {
        for _ in 0..<300 {
            if try await client.get("/readyz").status == 200 { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw GatewayTestError("the gateway does not find its servers again")
    }
}
