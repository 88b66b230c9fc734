import Gateway
import GoGoTradeTestSupport
import Logging
import MarketModel
import MarketStore
import PostgresClient
import RedisClient
import ServiceLifecycle

/// The servers of a gateway, and how to run one over them.
struct GatewaySite: Sendable {
    let store: MarketStore
    let cache: RedisClient
    let log: RedisClient
    /// The instruments of ``TestMarket``.
    let instruments: [String: Instrument]

    /// Errors that a test provokes need not be read by those who run it.
    static let logger = Logger(label: "gateway tests") { _ in SwiftLogNoOpLogHandler() }

    static let serving: @Sendable () -> [RoleReport] = { [RoleReport(name: "serve", isReady: true, detail: "serves")] }

    /// Runs a gateway on a free port for as long as `body` takes, then shuts it down and waits for its end.
    func withGateway<Value>(
        roles: @escaping @Sendable () -> [RoleReport] = GatewaySite.serving,
        _ body: (GatewayClient) async throws -> Value
    ) async throws -> Value {
        try await withGatewayAndGroup(roles: roles) { client, _ in try await body(client) }
    }

    func withGatewayAndGroup<Value>(
        roles: @escaping @Sendable () -> [RoleReport] = GatewaySite.serving,
        _ body: (GatewayClient, ServiceGroup) async throws -> Value
    ) async throws -> Value {
        let gateway = makeGateway(port: 0, roles: roles)
        let group = ServiceGroup(services: [gateway], logger: Self.logger)
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let client = GatewayClient(port: try await listeningPort(of: gateway))
            defer { client.close() }
            let result: Result<Value, any Error>
            do {
                result = .success(try await body(client, group))
            } catch {
                result = .failure(error)
            }
            // Also after an error: NIO traps when a server is cancelled that has just accepted a connection.
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return try result.get()
        }
    }

    func makeGateway(port: Int, roles: @escaping @Sendable () -> [RoleReport] = GatewaySite.serving) -> Gateway {
        Gateway(port: port, store: store, cache: cache, log: log, roles: roles, logger: Self.logger)
    }

    private func listeningPort(of gateway: Gateway) async throws -> Int {
        for _ in 0..<5000 {
            if let port = gateway.listeningPort { return port }
            try await Task.sleep(for: .milliseconds(2))
        }
        throw GatewayTestError("the gateway does not listen")
    }
}

/// The sites of this process. One for each edition is shared by the tests that only read.
actor GatewaySites {
    static let shared = GatewaySites()

    private var sites: [TestEdition: Task<GatewaySite, any Error>] = [:]
    private var redis: [TestEdition: Task<(cache: RedisClient, log: RedisClient), any Error>] = [:]

    /// The site that nobody may break or write to, but for live prices of instruments that a test has for itself.
    func site(_ edition: TestEdition) async throws -> GatewaySite {
        if let made = sites[edition] { return try await made.value }
        let task = Task { try await makeSite(edition) }
        sites[edition] = task
        return try await task.value
    }

    /// A site with a database of its own; Redis is the shared one.
    func makeSite(_ edition: TestEdition) async throws -> GatewaySite {
        let store = try await TestEngines.shared.makeStore(edition)
        let instruments = try await TestMarket.fill(store)
        let (cache, log) = try await redis(edition)
        return GatewaySite(store: store, cache: cache, log: log, instruments: instruments)
    }

    /// One database number for all tests here: there are only sixteen.
    private func redis(_ edition: TestEdition) async throws -> (cache: RedisClient, log: RedisClient) {
        if let made = redis[edition] { return try await made.value }
        let task = Task {
            let urls = try await TestEngines.shared.makeRedisURLs(edition)
            let cache = RedisClient(configuration: try RedisConfiguration(url: urls.cache), logger: GatewaySite.logger)
            let log = RedisClient(configuration: try RedisConfiguration(url: urls.log), logger: GatewaySite.logger)
            return (cache: cache, log: log)
        }
        redis[edition] = task
        return try await task.value
    }
}
