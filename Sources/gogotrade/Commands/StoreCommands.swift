internal import ArgumentParser
internal import LiveMarket
internal import MarketModel
internal import MarketStore
internal import PostgresClient

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Brings the database's schema up to date."
    )

    @OptionGroup var options: CommonOptions

    @Flag(help: "Show which steps are applied, and change nothing.")
    var status = false

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let logger = options.makeLogger()
        try await Site.withStore(options, logger: logger) { store in
            let migrator = Migrator(pool: store.pool)
            if !status {
                let applied = try await migrator.migrate()
                if !json {
                    for step in applied { Console.line("applied \(step)") }
                    if applied.isEmpty { Console.line("up to date") }
                    return
                }
            }
            show(try await migrator.status())
        }
    }

    private func show(_ status: MigrationStatus) {
        guard json else {
            for step in status.steps {
                Console.line("\(step.number)  \(step.appliedAt ?? "to come             ")  \(step.name)")
            }
            return
        }
        var text = JSONWriter()
        text.object { text in
            text.key("pending")
            text.integer(status.pending)
            text.key("steps")
            text.array { text in
                for step in status.steps {
                    text.object { text in
                        text.key("number")
                        text.integer(step.number)
                        text.key("name")
                        text.string(step.name)
                        text.key("applied_at")
                        text.optional(step.appliedAt) { $0.string($1) }
                    }
                }
            }
        }
        Console.line(text.text)
    }
}

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows the state of the store and of the tick log."
    )

    @OptionGroup var options: CommonOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let logger = options.makeLogger()
        try await Site.with(options, logger: logger) { site in
            let edition = try await TimescaleEdition.detect(site.store.pool)
            let migrations = try await Migrator(pool: site.store.pool).status()
            let newest = try await site.store.candles.newestStart(.oneMinute)
            let watched = try await site.store.watchlist.all().count
            let checkpoint = try await site.store.checkpoints.read(shard: 0)
            let tickLog = TickLog(keys: LiveKeys(shard: 0), client: site.log)
            let entries = try await tickLog.count()
            let marketTime = try await tickLog.last()?.entry.time
            guard json else {
                Console.line("store        \(edition)")
                Console.line(
                    "schema       \(migrations.steps.count - migrations.pending) steps applied, \(migrations.pending) to come"
                )
                Console.line("newest 1m    \(newest.map { IndiaTime.text($0) + " IST" } ?? "none")")
                Console.line("watchlist    \(watched) instruments")
                Console.line(
                    "tick log     \(entries) entries, market time \(marketTime.map { IndiaTime.text($0) + " IST" } ?? "none")"
                )
                Console.line("checkpoint   \(checkpoint.map { "\($0.position), epoch \($0.epoch)" } ?? "none")")
                return
            }
            var text = JSONWriter()
            text.object { text in
                text.key("postgresql")
                text.string(edition.serverVersion)
                text.key("timescaledb")
                text.string(edition.version)
                text.key("edition")
                text.string(edition.name)
                text.key("migrations_pending")
                text.integer(migrations.pending)
                text.key("newest_candle")
                text.optional(newest) { $0.time($1) }
                text.key("watched")
                text.integer(watched)
                text.key("log_entries")
                text.integer(entries)
                text.key("market_time")
                text.optional(marketTime) { $0.time($1) }
                text.key("checkpoint")
                text.optional(checkpoint) { $0.string($1.position) }
            }
            Console.line(text.text)
        }
    }
}

/// An instrument's name as an argument.
struct SymbolArgument: ExpressibleByArgument {
    let symbol: InstrumentSymbol

    init?(argument: String) {
        guard let symbol = InstrumentSymbol(argument) else { return nil }
        self.symbol = symbol
    }
}

extension MarketStore {
    /// The instrument of that name.
    ///
    /// - Throws: ``CommandError`` when there is none.
    func instrument(_ symbol: InstrumentSymbol) async throws -> Instrument {
        guard let found = try await instruments.find(symbol) else {
            throw CommandError("there is no instrument \(symbol): see `gogotrade instruments search`")
        }
        return found
    }
}

struct InstrumentsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "instruments",
        abstract: "The registry of instruments.",
        subcommands: [Search.self]
    )

    struct Search: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Finds instruments by the beginning of their symbol or a part of their name."
        )

        @OptionGroup var options: CommonOptions

        @Argument(help: "What to look for.")
        var text: String

        @Option(help: "The most shown, 1 to 1000.")
        var limit = 50

        @Flag(help: "Print JSON, one line each.")
        var json = false

        func validate() throws {
            guard (1...1000).contains(limit) else { throw ValidationError("--limit must be 1 to 1000, not \(limit)") }
        }

        func run() async throws {
            let logger = options.makeLogger()
            try await Site.withStore(options, logger: logger) { store in
                let found = try await store.instruments.search(text: text, exchange: nil, type: nil, limit: limit)
                for instrument in found {
                    guard json else {
                        let token = instrument.token.map { "\($0)" } ?? "-"
                        Console.line(
                            "\(instrument.symbol)\t\(instrument.type.rawValue)\t\(token)\t\(instrument.name ?? "")"
                        )
                        continue
                    }
                    var text = JSONWriter()
                    text.object { text in
                        text.key("symbol")
                        text.string(instrument.symbol.description)
                        text.key("id")
                        text.string(instrument.id.description)
                        text.key("instrument_type")
                        text.string(instrument.type.rawValue)
                        text.key("instrument_token")
                        text.optional(instrument.token) { $0.integer($1) }
                    }
                    Console.line(text.text)
                }
            }
        }
    }
}

struct WatchlistCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watchlist",
        abstract: "What the feed subscribes to; a running feed takes changes over at its next start.",
        subcommands: [Add.self, Remove.self, List.self]
    )

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Adds instruments.")
        @OptionGroup var options: CommonOptions
        @Argument(help: "EXCHANGE:SYMBOL …") var symbols: [SymbolArgument]

        func run() async throws {
            try await Site.withStore(options, logger: options.makeLogger()) { store in
                var ids: [InstrumentID] = []
                for argument in symbols { ids.append(try await store.instrument(argument.symbol).id) }
                try await store.watchlist.add(ids)
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Removes instruments; their candles stay.")
        @OptionGroup var options: CommonOptions
        @Argument(help: "EXCHANGE:SYMBOL …") var symbols: [SymbolArgument]

        func run() async throws {
            try await Site.withStore(options, logger: options.makeLogger()) { store in
                var ids: [InstrumentID] = []
                for argument in symbols { ids.append(try await store.instrument(argument.symbol).id) }
                try await store.watchlist.remove(ids)
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the watched instruments.")
        @OptionGroup var options: CommonOptions
        @Flag(help: "Print JSON, one line each.") var json = false

        func run() async throws {
            try await Site.withStore(options, logger: options.makeLogger()) { store in
                for watched in try await store.watchlist.all() {
                    guard json else {
                        Console.line("\(watched.symbol)\t\(watched.token)")
                        continue
                    }
                    var text = JSONWriter()
                    text.object { text in
                        text.key("symbol")
                        text.string(watched.symbol.description)
                        text.key("instrument_token")
                        text.integer(watched.token)
                        text.key("shard")
                        text.integer(watched.shard)
                    }
                    Console.line(text.text)
                }
            }
        }
    }
}
