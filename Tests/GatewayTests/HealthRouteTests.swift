import Gateway
import GoGoTradeTestSupport
import LiveMarket
import LocalEngine
import MarketModel
import MarketStore
import PostgresClient
import RedisClient
import Testing

@Suite("Health and status over HTTP")
struct HealthRouteTests {
    private static func roles(_ isReady: Bool) -> @Sendable () -> [RoleReport] {
        {
            [
                RoleReport(name: "feed", isReady: isReady, detail: "connecting \"x\""),
                RoleReport(name: "serve", isReady: true, detail: "http://127.0.0.1:1"),
            ]
        }
    }

    @Test("healthz says ok, whatever else is away", arguments: TestEdition.available)
    func healthy(_ edition: TestEdition) async throws {
        let site = try await GatewaySites.shared.makeSite(edition)
        site.store.pool.shutDown()
        try await site.withGateway(roles: Self.roles(false)) { client in
            let answer = try await client.get("/healthz")
            #expect(answer.status == 200)
            #expect(answer.type == "text/plain; charset=utf-8")
            #expect(answer.text == "ok\n")
        }
    }

    @Test("readyz is 200 when all is there", arguments: TestEdition.available)
    func ready(_ edition: TestEdition) async throws {
        let site = try await GatewaySites.shared.site(edition)
        try await site.withGateway(roles: Self.roles(true)) { client in
            let answer = try await client.get("/readyz")
            #expect(answer.status == 200)
            #expect(answer.text == #"{"ready":true,"missing":[]}"#)
        }
    }

    @Test("readyz is 503 and names each role that is not ready", arguments: TestEdition.available)
    func roleNotReady(_ edition: TestEdition) async throws {
        let site = try await GatewaySites.shared.site(edition)
        try await site.withGateway(roles: Self.roles(false)) { client in
            let answer = try await client.get("/readyz")
            #expect(answer.status == 503)
            let object = try answer.object()
            #expect(object["ready"] as? Bool == false)
            #expect(object["missing"] as? [String] == ["feed: connecting \"x\""])
        }
    }

    @Test("readyz is 503 when the database or Redis is away, and says which", arguments: TestEdition.available)
    func serversAway(_ edition: TestEdition) async throws {
        let shared = try await GatewaySites.shared.site(edition)
        let configuration = RedisConfiguration(address: .unixSocket(path: "/tmp/gogotrade-nobody-listens-here"))
        let nowhere = RedisClient(configuration: configuration, logger: GatewaySite.logger)
        let noRedis = GatewaySite(
            store: shared.store,
            cache: nowhere,
            log: nowhere,
            instruments: shared.instruments
        )
        try await noRedis.withGateway { client in
            let answer = try await client.get("/readyz")
            #expect(answer.status == 503)
            #expect(answer.text == #"{"ready":false,"missing":["Redis (prices) does not answer"]}"#)
            let prices = try await client.get("/api/v1/prices?i=NSE:SILENT")
            try prices.expectError(503, "unavailable", mentioning: "Redis")
            try await client.get("/api/v1/status").expectError(503, "unavailable", mentioning: "Redis")
            #expect(try await client.get("/api/v1/candles/NSE:INFY").array("candles").count == 5)
        }

        let noDatabase = try await GatewaySites.shared.makeSite(edition)
        noDatabase.store.pool.shutDown()
        try await noDatabase.withGateway { client in
            let answer = try await client.get("/readyz")
            #expect(answer.status == 503)
            #expect(answer.text == #"{"ready":false,"missing":["the database does not answer"]}"#)
            for target in ["instruments", "instruments/NSE:INFY", "candles/NSE:INFY", "prices?i=NSE:INFY", "status"] {
                let answer = try await client.get("/api/v1/\(target)")
                try answer.expectError(503, "unavailable", mentioning: "database", "\(target)")
            }
        }
    }

    @Test(
        "status tells the edition, the newest candle, the log, the pool and the roles",
        arguments: TestEdition.available
    )
    func status(_ edition: TestEdition) async throws {
        let site = try await GatewaySites.shared.site(edition)
        let id = RedisStreamID(milliseconds: 1, sequence: 1)
        var batch = RedisCommandBatch()
        TickLog.append(to: &batch, keys: LiveKeys(shard: 0), id: id, frame: nil, time: TestMarket.open)
        #expect(try await site.log.sendCountingErrors(batch).errors == 0)
        try await site.withGateway(roles: Self.roles(false)) { client in
            let answer = try await client.get("/api/v1/status")
            #expect(answer.status == 200)
            let object = try answer.object()
            let database = try #require(object["database"] as? [String: String])
            #expect(database["edition"] == (edition.programs.isCommunity ? "Community" : "Apache"))
            #expect(database["timescaledb"]?.hasPrefix("2.") == true)
            #expect(Int(database["postgresql"]?.prefix(2) ?? "") != nil)
            #expect(database["newest_candle"] == "2026-09-01T03:49:00.000000Z")
            let pool = try #require(object["pool"] as? [String: Int])
            #expect(Set(pool.keys) == ["idle", "busy", "waiting"])
            let log = try #require(object["tick_log"] as? [String: Any])
            #expect(log["entries"] as? Int == 1)
            #expect(Set(log.keys) == ["entries", "checkpoint", "epoch"])
            #expect(answer.text.contains(#""checkpoint":null,"epoch":null"#))
            let roles =
                #""roles":[{"name":"feed","ready":false,"detail":"connecting \"x\""},"#
                + #"{"name":"serve","ready":true,"detail":"http://127.0.0.1:1"}]}"#
            #expect(answer.text.hasSuffix(roles))
        }
    }
}
