import Feeds
import LiveMarket
import LocalEngine
import MarketModel
import RedisClient
import ServiceLifecycle

/// Ticks from the simulated exchange's socket until Redis has acknowledged them: tick log, live prices, publication.
enum FeedBenchmark {
    static func run(_ bench: Bench) async throws {
        let engine = try await bench.engine()
        for count in [200, 3000] { try await measure(bench, engine.addresses, instruments: count) }
    }

    private static func measure(_ bench: Bench, _ addresses: EngineAddresses, instruments: Int) async throws {
        guard let date = CivilDate("2026-09-01") else { return }
        let log = RedisClient(configuration: try RedisConfiguration(url: addresses.redisLogURL), logger: bench.logger)
        let cache = RedisClient(
            configuration: try RedisConfiguration(url: addresses.redisCacheURL),
            logger: bench.logger
        )
        var configuration = ExchangeConfiguration(start: .day(date))
        configuration.instruments = instruments
        configuration.speed = nil
        configuration.days = 1
        let exchange = try SimulatedExchange(configuration, logger: bench.logger)
        let keys = LiveKeys(shard: 0, namespace: "bench\(instruments)")
        let feed = try Feed(
            FeedConfiguration(
                address: { TickerURL(host: "127.0.0.1", port: try await exchange.port()) },
                clock: .feed,
                tokens: (0..<instruments).map { SimulatedInstruments.token($0) }
            ),
            keys: keys,
            log: log,
            cache: cache,
            logger: bench.logger
        )
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: exchange), .init(service: feed)],
                logger: bench.logger
            )
        )
        let tickLog = TickLog(keys: keys, client: log)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            while feed.statistics.packets == 0 { try await Task.sleep(for: .milliseconds(5)) }
            var rates: [Double] = []
            for _ in 0..<8 {
                let before = feed.statistics.packets
                let start = ContinuousClock.now
                try await Task.sleep(for: .seconds(1))
                let taken = ContinuousClock.now - start
                let packets = Double(feed.statistics.packets - before)
                rates.append(packets / (Double(taken.components.seconds) + Double(taken.components.attoseconds) / 1e18))
                // What was acknowledged is not needed any more.
                if let last = try await tickLog.last() { try await tickLog.trim(before: last.id) }
            }
            print(
                """
                \(instruments) instruments: \(Bench.spread(Array(rates.dropFirst()), Bench.rate)) ticks/s from frame to \
                Redis, exchange, feed and two Redis servers on this machine together
                """
            )
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        await log.shutdown()
        await cache.shutdown()
    }
}
