internal import Feeds
internal import Gateway
internal import Logging
internal import MarketModel
internal import Recorder
internal import ServiceLifecycle
internal import UnixSignals

/// Runs services until SIGINT or SIGTERM; they are stopped in the reverse order of the list.
func runRoles(_ services: [(name: String, service: any Service)], logger: Logger) async throws {
    var quiet = logger
    // The group tells about each of its steps; ours are told by the roles.
    quiet.logLevel = max(logger.logLevel, .warning)
    var configuration = ServiceGroupConfiguration(
        services: services.map { name, service in
            ServiceGroupConfiguration.ServiceConfiguration(
                service: service,
                successTerminationBehavior: .gracefullyShutdownGroup,
                failureTerminationBehavior: .gracefullyShutdownGroup,
                serviceName: name
            )
        },
        logger: quiet
    )
    configuration.gracefulShutdownSignals = [.sigint, .sigterm, .sighup]
    configuration.maximumGracefulShutdownDuration = .seconds(60)
    configuration.maximumCancellationDuration = .seconds(90)
    try await ServiceGroup(configuration: configuration).run()
}

/// Runs `body` and cancels it at SIGINT, SIGTERM or SIGHUP: servers that it started are stopped then, not left behind.
///
/// - Throws: what `body` throws; ``CommandError`` when a signal ended it.
func withSignals<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
    return try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            for await _ in signals { return nil }
            throw CancellationError()
        }
        let first = try await group.next() ?? nil
        group.cancelAll()
        if let first { return first }
        // The body ends first: it stops what it started.
        while let outcome = await group.nextResult() {
            if case .success(.some(let value)) = outcome { return value }
        }
        throw CommandError("interrupted")
    }
}

extension Feed {
    var report: RoleReport {
        let statistics = statistics
        guard statistics.isConnected, let time = statistics.marketTime else {
            return RoleReport(name: "feed", isReady: false, detail: statistics.lastError ?? "connecting")
        }
        let detail =
            "market time \(IndiaTime.text(time)) IST, \(statistics.frames) frames, \(statistics.packets) packets"
        return RoleReport(name: "feed", isReady: true, detail: detail)
    }
}

extension Recorder {
    var report: RoleReport {
        let statistics = statistics
        guard statistics.isLeading else {
            return RoleReport(name: "record", isReady: false, detail: statistics.lastError ?? "starting")
        }
        let detail = "\(statistics.candles) candles stored, \(statistics.ticks) ticks, \(statistics.late) late"
        return RoleReport(name: "record", isReady: true, detail: detail)
    }
}

extension Gateway {
    var report: RoleReport {
        guard let port = listeningPort else {
            return RoleReport(name: "serve", isReady: false, detail: "starting")
        }
        return RoleReport(name: "serve", isReady: true, detail: "http://127.0.0.1:\(port)")
    }
}

/// Waits until all roles are ready, then calls `announce` once; lasts until the shutdown.
struct ReadyService: Service {
    let roles: @Sendable () -> [RoleReport]
    let announce: @Sendable ([RoleReport]) -> Void

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            do {
                while !roles().allSatisfy(\.isReady) { try await Task.sleep(for: .milliseconds(20)) }
                announce(roles())
                try await Task.sleep(for: .seconds(86_400 * 3650))
            } catch is CancellationError {
                // Shut down.
            }
        }
    }
}

/// Tells where a simulated exchange listens.
struct ExchangeAnnouncement: Service {
    let exchange: SimulatedExchange

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            do {
                Console.line("ready: ws://127.0.0.1:\(try await exchange.port())")
                try await Task.sleep(for: .seconds(86_400 * 3650))
            } catch is CancellationError {
                // Shut down.
            }
        }
    }
}
