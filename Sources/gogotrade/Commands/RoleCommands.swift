internal import ArgumentParser
internal import Feeds
internal import Gateway
internal import LiveMarket
internal import MarketCalendar
internal import MarketModel
internal import MarketStore
internal import Recorder

extension FeedClockMode: ExpressibleByArgument {}

struct FeedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "feed",
        abstract: "Takes ticks from a ticker into the tick log and the live prices."
    )

    @OptionGroup var options: CommonOptions

    @Option(name: .customLong("ticker-url"), help: "The ticker: ws://HOST:PORT.")
    var tickerURL: String

    @Option(help: "Where the time comes from: wall (a real market) or feed (a simulated or replayed one).")
    var clock = FeedClockMode.wall

    func validate() throws {
        do {
            _ = try TickerURL(tickerURL)
        } catch {
            throw ValidationError("--ticker-url: \(error)")
        }
    }

    func run() async throws {
        let logger = options.makeLogger()
        let url = try TickerURL(tickerURL)
        try await Site.with(options, logger: logger) { site in
            try options.dropPrivileges()
            let tokens = try await site.store.watchlist.all().map(\.token)
            let configuration = FeedConfiguration(address: { url }, clock: clock, tokens: tokens)
            let feed = try Feed(
                configuration,
                keys: LiveKeys(shard: 0),
                log: site.log,
                cache: site.cache,
                logger: logger
            )
            let ready = ReadyService(roles: { [feed.report] }, announce: { _ in Console.line("ready: \(url)") })
            try await runRoles([("feed", feed), ("ready", ready)], logger: logger)
        }
    }
}

struct RecordCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record",
        abstract: "Makes candles of the tick log and stores them."
    )

    @OptionGroup var options: CommonOptions

    func run() async throws {
        let logger = options.makeLogger()
        try await Site.with(options, logger: logger) { site in
            try options.dropPrivileges()
            let recorder = Recorder(keys: LiveKeys(shard: 0), store: site.store, redis: site.log, logger: logger)
            let ready = ReadyService(roles: { [recorder.report] }, announce: { _ in Console.line("ready: shard 0") })
            try await runRoles([("record", recorder), ("ready", ready)], logger: logger)
        }
    }
}

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serves the REST interface on 127.0.0.1."
    )

    @OptionGroup var options: CommonOptions

    @Option(help: "The port on 127.0.0.1.")
    var port = 8080

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port must be 0 to 65535, not \(port)") }
    }

    func run() async throws {
        let logger = options.makeLogger()
        try await Site.with(options, logger: logger) { site in
            try options.dropPrivileges()
            let gateway = Gateway(
                port: port,
                store: site.store,
                cache: site.cache,
                log: site.log,
                roles: { [] },
                logger: logger
            )
            let ready = ReadyService(
                roles: { [gateway.report] },
                announce: { _ in
                    Console.line("ready: http://127.0.0.1:\(gateway.listeningPort ?? port)")
                }
            )
            try await runRoles([("serve", gateway), ("ready", ready)], logger: logger)
        }
    }
}

struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "A simulated exchange that speaks Kite's ticker protocol.",
        discussion: """
            The market starts with its first client. With --register its instruments are added to the store and the \
            watchlist, so that `gogotrade feed` subscribes to them.
            """
    )

    @OptionGroup var options: CommonOptions

    @Option(help: "The port on 127.0.0.1; 0 takes a free one.")
    var port = 8765

    @Option(help: "How many days are played; then the market stays shut (default: for ever).")
    var days: Int?

    @Flag(help: "Add the instruments to the store and to the watchlist first.")
    var register = false

    @OptionGroup var simulation: SimulationOptions

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port must be 0 to 65535, not \(port)") }
        if let days, days < 1 { throw ValidationError("--days must be at least 1, not \(days)") }
    }

    func run() async throws {
        let logger = options.makeLogger()
        if register {
            try await Site.withStore(options, logger: logger) { store in
                _ = try await Migrator(pool: store.pool).migrate()
                _ = try await SimulatedRegistry.register(simulation.instruments, in: store)
            }
        }
        try options.dropPrivileges()
        let today = WeekdayCalendar.tradingDay(onOrBefore: IndiaTime.date(of: WallClock.now()))
        var configuration = simulation.exchange(start: .day(simulation.date ?? today), port: port)
        configuration.days = days
        let exchange = try SimulatedExchange(configuration, logger: logger)
        let announcement = ExchangeAnnouncement(exchange: exchange)
        try await runRoles([("simulate", exchange), ("ready", announcement)], logger: logger)
    }
}
