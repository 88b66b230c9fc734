internal import ArgumentParser
internal import Feeds
internal import Gateway
internal import LiveMarket
internal import LocalEngine
internal import Logging
internal import MarketCalendar
internal import MarketModel
internal import MarketStore
internal import Recorder
internal import RedisClient
internal import ServiceLifecycle
internal import Synchronization

/// Where `up` takes its ticks from.
enum FeedSource: String, ExpressibleByArgument, CaseIterable {
    case simulated
    case kite
    case none
}

struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Runs everything: private servers, feed, recorder and REST server.",
        discussion: """
            Prints `ready: http://127.0.0.1:PORT` once everything answers. Ctrl-C stops all of it cleanly; a second \
            start goes on where the first ended. With DATABASE_URL and REDIS_URL no private servers are started.
            """
    )

    @OptionGroup var options: CommonOptions

    @Option(help: "The port of the REST server on 127.0.0.1.")
    var port = 8080

    @Option(help: "Where ticks come from: simulated, kite or none.")
    var feed = FeedSource.simulated

    @Option(name: .customLong("ticker-url"), help: "The ticker of --feed kite: ws://HOST:PORT.")
    var tickerURL: String?

    @OptionGroup var simulation: SimulationOptions

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port must be 0 to 65535, not \(port)") }
        if feed == .kite, tickerURL == nil {
            throw ValidationError("--feed kite needs the ticker's address: --ticker-url ws://HOST:PORT")
        }
    }

    func run() async throws {
        let settings = try await Settings.load()
        let home = options.homePath
        try options.dropPrivileges()
        let logger = options.makeLogger()
        guard (settings.database == nil) == (settings.redisURL == nil) else {
            throw CommandError("set DATABASE_URL and REDIS_URL both to use servers of your own, or neither")
        }
        var engine: LocalEngine?
        if settings.database == nil {
            let content: EngineContent? = feed == .none ? nil : feed == .simulated ? .simulated : .real
            let own = try LocalEngine(path: home, content: content, logger: logger)
            Console.line("engine   \(own.programs.title), home \(home)")
            try await withSignals { try await own.start() }
            engine = own
        }
        do {
            let site = try Site(settings: settings, addresses: engine?.addresses, logger: logger)
            try await run(site, engine: engine, logger: logger)
            await site.close()
        } catch {
            await engine?.stop()
            throw error
        }
        await engine?.stop()
        Console.line("stopped")
    }

    private func run(_ site: Site, engine: LocalEngine?, logger: Logger) async throws {
        let migrator = Migrator(pool: site.store.pool)
        for step in try await withSignals({ try await migrator.migrate() }) { Console.line("migrate  \(step)") }
        let edition = try await TimescaleEdition.detect(site.store.pool)
        Console.line("store    \(edition)")

        let keys = LiveKeys(shard: 0)
        var services: [(name: String, service: any Service)] = []
        let reports = Mutex<[@Sendable () -> RoleReport]>([])
        if let engine { services.append(("engine", EngineService(engine: engine))) }
        let recorder = Recorder(keys: keys, store: site.store, redis: site.log, logger: logger)
        services.append(("record", recorder))
        reports.withLock { $0.append { recorder.report } }
        if let feed = try await makeFeed(site, keys: keys, logger: logger, services: &services) {
            services.append(("feed", feed))
            reports.withLock { $0.append { feed.report } }
        }
        let roles = Roles(reports.withLock { $0 })
        let gateway = Gateway(
            port: port,
            store: site.store,
            cache: site.cache,
            log: site.log,
            roles: roles.reports,
            logger: logger
        )
        services.append(("serve", gateway))
        let all = Roles(roles.all + [{ gateway.report }])
        services.append(
            (
                "ready",
                ReadyService(roles: all.reports) { reports in
                    for report in reports { Console.line(line(report)) }
                    Console.line("ready: http://127.0.0.1:\(gateway.listeningPort ?? port)")
                }
            )
        )
        try await runRoles(services, logger: logger)
    }

    private func line(_ report: RoleReport) -> String {
        report.name + String(repeating: " ", count: max(1, 9 - report.name.count)) + report.detail
    }

    private func makeFeed(
        _ site: Site,
        keys: LiveKeys,
        logger: Logger,
        services: inout [(name: String, service: any Service)]
    ) async throws -> Feed? {
        switch feed {
        case .none: return nil
        case .kite:
            let url = try TickerURL(tickerURL ?? "")
            let tokens = try await site.store.watchlist.all().map(\.token)
            let configuration = FeedConfiguration(address: { url }, clock: .wall, tokens: tokens)
            return try Feed(configuration, keys: keys, log: site.log, cache: site.cache, logger: logger)
        case .simulated:
            let instruments = try await SimulatedRegistry.register(simulation.instruments, in: site.store)
            let start = try await SimulatedRegistry.start(simulation.date, keys: keys, site: site)
            let exchange = try SimulatedExchange(simulation.exchange(start: start, port: 0), logger: logger)
            services.append(("exchange", exchange))
            let configuration = FeedConfiguration(
                address: { TickerURL(host: "127.0.0.1", port: try await exchange.port()) },
                clock: .feed,
                tokens: instruments.compactMap(\.token)
            )
            return try Feed(configuration, keys: keys, log: site.log, cache: site.cache, logger: logger)
        }
    }
}

/// The roles whose reports make the status.
struct Roles: Sendable {
    let all: [@Sendable () -> RoleReport]

    init(_ all: [@Sendable () -> RoleReport]) {
        self.all = all
    }

    var reports: @Sendable () -> [RoleReport] { { all.map { $0() } } }
}

/// Watches the private servers, and stops them last.
struct EngineService: Service {
    let engine: LocalEngine

    func run() async throws {
        try await cancelWhenGracefulShutdown { try await engine.watch() }
    }
}
