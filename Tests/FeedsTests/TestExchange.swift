import Feeds
import GoGoTradeTestSupport
import KiteProtocol
import LiveMarket
import Logging
import MarketModel
import NIOCore
import NIOWebSocket
import RedisClient
import ServiceLifecycle
import Testing

let quietLogger = Logger(label: "feeds-tests") { _ in SwiftLogNoOpLogHandler() }

/// Tuesday, 2026-09-01, on Indian clocks: `moment("15:20:00")`.
func moment(_ time: String) -> Timestamp {
    guard let moment = Timestamp("2026-09-01 \(time)") else { preconditionFailure("no time: \(time)") }
    return moment
}

/// An exchange of five instruments that goes on behind a moment of its day.
func exchangeConfiguration(after time: String, speed: Double?, seed: UInt64 = 7, port: Int = 0) -> ExchangeConfiguration
{
    var configuration = ExchangeConfiguration(start: .after(moment(time)))
    configuration.instruments = 5
    configuration.seed = seed
    configuration.speed = speed
    configuration.days = 1
    configuration.port = port
    return configuration
}

let fiveTokens = (0..<5).map { SimulatedInstruments.token($0) }

/// Runs an exchange while the body runs, which gets its port.
func withExchange<R: Sendable>(
    _ configuration: ExchangeConfiguration,
    _ body: (Int) async throws -> R
) async throws -> R {
    let exchange = try SimulatedExchange(configuration, logger: quietLogger)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await exchange.run() }
        defer { group.cancelAll() }
        return try await body(try await exchange.port())
    }
}

/// An exchange that is stopped in the middle of a test.
struct SimulatedExchangeTask {
    private let exchange: SimulatedExchange
    private let task: Task<Void, any Error>

    init(_ configuration: ExchangeConfiguration) throws {
        let exchange = try SimulatedExchange(configuration, logger: quietLogger)
        self.exchange = exchange
        task = Task { try await exchange.run() }
    }

    func port() async throws -> Int { try await exchange.port() }

    /// - Throws: What the exchange failed with before.
    func stop() async throws {
        task.cancel()
        try await task.value
    }
}

/// Runs a feed while the body runs, then shuts it down as the program does, and waits until it has ended.
func withFeed<R: Sendable>(_ feed: Feed, _ body: () async throws -> R) async throws -> R {
    var configuration = ServiceGroupConfiguration(services: [feed], logger: quietLogger)
    configuration.maximumGracefulShutdownDuration = .seconds(20)
    configuration.maximumCancellationDuration = .seconds(20)
    let services = ServiceGroup(configuration: configuration)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await services.run() }
        let result: Result<R, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        await services.triggerGracefulShutdown()
        try await group.waitForAll()
        return try result.get()
    }
}

/// Waits until something holds; fails loudly when it does not within a minute.
func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw TestSupportError("waited for a minute: \(what)") }
        try await Task.sleep(for: .milliseconds(3))
    }
}

/// The addresses of the suite's two Redis servers: one database for all tests here, which differ by their names.
actor FeedRedis {
    static let shared = FeedRedis()
    static let isAvailable = !TestEdition.available.isEmpty
    static let reason: Comment = "NOT TESTED: no PostgreSQL with TimescaleDB for the test engine, see scripts/setup"

    private var addresses: Task<(log: String, cache: String), any Error>?
    private var names = 0

    func urls() async throws -> (log: String, cache: String) {
        if let addresses { return try await addresses.value }
        guard let edition = TestEdition.available.first else { throw TestSupportError("\(Self.reason)") }
        let task = Task { try await TestEngines.shared.makeRedisURLs(edition) }
        addresses = task
        return try await task.value
    }

    func keys() -> LiveKeys {
        names += 1
        return LiveKeys(shard: 0, namespace: "feeds-test-\(names)")
    }
}

/// Where a feed writes in a test.
struct FeedSite: Sendable {
    let keys: LiveKeys
    let log: RedisClient
    let cache: RedisClient

    /// Runs a test with clients of Redis: one for each duty, or one for both.
    static func with<R: Sendable>(isShared: Bool = false, _ body: (FeedSite) async throws -> R) async throws -> R {
        let urls = try await FeedRedis.shared.urls()
        let log = RedisClient(configuration: try RedisConfiguration(url: urls.log), logger: quietLogger)
        let cache =
            isShared ? log : RedisClient(configuration: try RedisConfiguration(url: urls.cache), logger: quietLogger)
        let site = FeedSite(keys: await FeedRedis.shared.keys(), log: log, cache: cache)
        let result: Result<R, any Error>
        do { result = .success(try await body(site)) } catch { result = .failure(error) }
        await log.shutdown()
        await cache.shutdown()
        return try result.get()
    }

    func feed(port: Int, clock: FeedClockMode = .feed, change: (inout FeedConfiguration) -> Void = { _ in }) throws
        -> Feed
    {
        var configuration = FeedConfiguration(
            address: { TickerURL(host: "127.0.0.1", port: port) },
            clock: clock,
            tokens: fiveTokens
        )
        change(&configuration)
        return try Feed(configuration, keys: keys, log: log, cache: cache, logger: quietLogger)
    }

    /// The whole log, oldest first.
    func entries() async throws -> [LoggedEntry] {
        let keys = keys
        return try await log.withDedicatedConnection { connection in
            var entries: [LoggedEntry] = []
            while true {
                let more = try await TickLog.read(
                    connection,
                    keys: keys,
                    after: entries.last?.id ?? .zero,
                    count: 1000,
                    block: .milliseconds(1)
                )
                if more.isEmpty { return entries }
                entries += more
            }
        }
    }
}

/// A message of a ticker or of the log, packet by packet.
struct Packets: Equatable {
    var packets: [[UInt8]] = []

    init(_ frame: [UInt8]) {
        _ = KiteFrame.forEachPacket(in: frame.span.bytes) { packet in
            packets.append((0..<packet.byteCount).map { packet.unsafeLoad(fromByteOffset: $0, as: UInt8.self) })
        }
    }

    /// The exchange's time of the first packet in full mode.
    var exchangeTime: Int64? {
        packets.lazy.compactMap { KitePacket.exchangeTime($0.span.bytes).map { Int64($0) } }.first
    }
}

/// What the exchange sends behind the first second after a moment: messages with something in them, in order.
///
/// The first second is left out, as the snapshots that follow a subscription can be of it as well.
func playedFrames(after time: String, seed: UInt64 = 7) -> [Packets] {
    guard let day = CivilDate("2026-09-01") else { preconditionFailure("no such day") }
    var market = SimulatedMarket(date: day, instruments: 5, seed: seed)
    market.skip(to: moment(time) + .seconds(1))
    var frames: [Packets] = []
    while !market.isOver {
        var encoder = KiteFrameEncoder()
        for number in market.step() { encoder.append(market.tick(number)) }
        if encoder.packetCount > 0 { frames.append(Packets(encoder.finish())) }
    }
    return frames
}

extension [LoggedEntry] {
    /// The messages of the log behind a second of the market's.
    func frames(after second: Int64) -> [Packets] {
        compactMap { logged -> Packets? in
            guard case .frame(let frame, _) = logged.entry else { return nil }
            let packets = Packets([UInt8](frame.readableBytesView))
            guard let time = packets.exchangeTime, time > second else { return nil }
            return packets
        }
    }
}
