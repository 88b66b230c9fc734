import Foundation
import GoGoTradeTestSupport
import KiteProtocol
import LiveMarket
import MarketModel
import NIOCore
import RedisClient
import Testing

/// Every test has instruments for itself: the quotes of all lie in one Redis database.
@Suite("Live prices over HTTP")
struct PriceRouteTests {
    static let marketTime = Timestamp(microseconds: 1_788_234_300_123_456)
    static let receivedAt = Timestamp(microseconds: 1_788_240_000_000_001)
    static let keys = LiveKeys(shard: 0)

    /// Stores a quote as the feed does, and takes the price key's second away, so that no machine is too slow.
    private func store(_ tick: Tick, in site: GatewaySite) async throws {
        var encoder = KiteFrameEncoder()
        encoder.append(tick)
        let packet = ByteBuffer(bytes: encoder.finish().dropFirst(4))
        for _ in 0..<20 {
            var batch = RedisCommandBatch()
            LivePrices.append(
                to: &batch,
                keys: Self.keys,
                token: tick.instrumentToken,
                packet: packet,
                marketTime: Self.marketTime,
                receivedAt: Self.receivedAt,
                quoteLifetime: .seconds(3600)
            )
            #expect(try await site.cache.sendCountingErrors(batch).errors == 0)
            // 1 says that the key was there and would have gone by itself.
            let reply = try await site.cache.command("PERSIST", Self.keys.price(tick.instrumentToken))
            if case .integer(1) = reply { return }
        }
        throw GatewayTestError("the price key never lived long enough")
    }

    @Test("a price has all its decimals, and is stale when its second is over", arguments: TestEdition.available)
    func currency(_ edition: TestEdition) async throws {
        let site = try await GatewaySites.shared.site(edition)
        var tick = Tick(instrumentToken: 412_675, priceDecimals: 7, isTradable: true, lastPrice: 881_234_567)
        tick.day = DayPrices(open: 880_000_000, high: 881_300_001, low: -5, close: 0)
        tick.trading = TradingFigures(
            lastTradedQuantity: 1,
            averagePrice: 2,
            volume: 4_294_967_295,
            totalBuyQuantity: 0,
            totalSellQuantity: 0
        )
        try await store(tick, in: site)
        let expected =
            #"{"prices":[{"symbol":"CDS:USDINR26SEPFUT","last_price":88.1234567,"#
            + #""as_of":"2026-09-01T03:45:00.123456Z","received_at":"2026-09-01T05:20:00.000001Z","stale":false,"#
            + #""volume":4294967295,"open_interest":null,"#
            + #""ohlc":{"open":88,"high":88.1300001,"low":-0.0000005,"close":0}}]}"#
        try await site.withGateway { client in
            let live = try await client.get("/api/v1/prices?i=CDS:USDINR26SEPFUT")
            #expect(live.status == 200)
            #expect(live.type == "application/json; charset=utf-8")
            #expect(live.text == expected)

            #expect(try await site.cache.delete([Self.keys.price(tick.instrumentToken)]) == 1)
            let stale = try await client.get("/api/v1/prices?i=cds:usdinr26sepfut")
            #expect(stale.text == expected.replacingOccurrences(of: #""stale":false"#, with: #""stale":true"#))
        }
    }

    @Test("an index and a last price alone have null for what they lack", arguments: TestEdition.available)
    func partial(_ edition: TestEdition) async throws {
        let site = try await GatewaySites.shared.site(edition)
        var index = Tick(instrumentToken: 256_265, priceDecimals: 2, isTradable: false, lastPrice: 2_463_105)
        index.day = DayPrices(open: 2_460_000, high: 2_464_000, low: 2_459_995, close: 2_450_010)
        index.exchangeTime = 1_788_234_300
        index.hasExchangeTimeField = true
        try await store(index, in: site)
        let brief = Tick(instrumentToken: 629_505, priceDecimals: 2, isTradable: true, lastPrice: -5)
        try await store(brief, in: site)
        try await site.withGateway { client in
            let answer = try await client.get("/api/v1/prices?i=NSE:BRIEF&i=NSE:NIFTY%2050")
            #expect(try answer.strings("symbol", of: "prices") == ["NSE:BRIEF", "NSE:NIFTY 50"])
            let none = #""volume":null,"open_interest":null"#
            #expect(answer.text.contains(#""last_price":-0.05,"#))
            #expect(answer.text.contains(#""stale":false,\#(none),"ohlc":null}"#))
            #expect(answer.text.contains(#""last_price":24631.05,"#))
            let day = #""ohlc":{"open":24600,"high":24640,"low":24599.95,"close":24500.1}}"#
            #expect(answer.text.contains(#"\#(none),\#(day)"#))
        }
    }

    @Test("a contract has volume and open interest, a share no open interest", arguments: TestEdition.available)
    func full(_ edition: TestEdition) async throws {
        let site = try await GatewaySites.shared.site(edition)
        for token: UInt32 in [730_626, 629_761] {
            var tick = Tick(instrumentToken: token, priceDecimals: 2, isTradable: true, lastPrice: 10_005)
            tick.trading = TradingFigures(
                lastTradedQuantity: 1,
                averagePrice: 2,
                volume: 3_000_000_000,
                totalBuyQuantity: 0,
                totalSellQuantity: 0
            )
            tick.day = DayPrices(open: 1, high: 2, low: 1, close: 1)
            tick.openInterest = OpenInterest(current: 4_000_000_001, dayHigh: 0, dayLow: 0)
            tick.depth = MarketDepth()
            tick.hasExchangeTimeField = true
            try await store(tick, in: site)
        }
        try await site.withGateway { client in
            let contract = try await client.get("/api/v1/prices?i=NFO:NIFTY26SEP25000CE")
            #expect(contract.text.contains(#""last_price":100.05,"#))
            #expect(contract.text.contains(#""volume":3000000000,"open_interest":4000000001,"#))
            let share = try await client.get("/api/v1/prices?i=NSE:FULL")
            #expect(share.text.contains(#""volume":3000000000,"open_interest":null,"#))
        }
    }

    @Test("an instrument without a token, or never seen, is absent", arguments: TestEdition.available)
    func absent(_ edition: TestEdition) async throws {
        let site = try await GatewaySites.shared.site(edition)
        let tick = Tick(instrumentToken: 629_249, priceDecimals: 2, isTradable: true, lastPrice: 100)
        try await store(tick, in: site)
        try await site.withGateway { client in
            let none = try await client.get("/api/v1/prices?i=NSE:EXPIRED&i=NSE:SILENT")
            #expect(none.status == 200)
            #expect(none.text == #"{"prices":[]}"#)
            let some = try await client.get("/api/v1/prices?i=NSE:EXPIRED&i=NSE:FADING&i=NSE:SILENT&i=NSE:FADING")
            #expect(try some.strings("symbol", of: "prices") == ["NSE:FADING", "NSE:FADING"])

            let many = repeatElement("i=NSE:FADING", count: 500).joined(separator: "&")
            #expect(try await client.get("/api/v1/prices?\(many)").array("prices").count == 500)

            // The session is over: the quote is gone as well.
            #expect(try await site.cache.delete([Self.keys.quote(629_249)]) == 1)
            #expect(try await client.get("/api/v1/prices?i=NSE:FADING").array("prices").isEmpty)
        }
    }
}
