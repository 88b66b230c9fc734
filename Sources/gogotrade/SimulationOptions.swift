internal import ArgumentParser
internal import Feeds
internal import LiveMarket
internal import MarketCalendar
internal import MarketModel
internal import MarketStore

/// A number of market seconds a second, or `max`.
struct SimulationSpeed: ExpressibleByArgument {
    /// nil is as fast as it goes.
    let value: Double?

    init?(argument: String) {
        if argument == "max" {
            value = nil
        } else if let number = Double(argument), number >= 0.01, number <= 10_000 {
            value = number
        } else {
            return nil
        }
    }

    init(_ value: Double) {
        self.value = value
    }

    var defaultValueDescription: String { value.map { "\(Int($0))" } ?? "max" }
}

extension CivilDate: ExpressibleByArgument {
    package init?(argument: String) {
        self.init(argument)
    }
}

/// What the simulated exchange plays.
struct SimulationOptions: ParsableArguments {
    @Option(help: "Simulated instruments, 1 to 3000.")
    var instruments = 50

    @Option(help: "Market seconds per second, 0.01 to 10000, or max.")
    var speed = SimulationSpeed(10)

    @Option(help: "The seed of the simulated market: the same one gives the same ticks.")
    var seed: UInt64 = 1

    @Option(help: "The simulated day to begin with, YYYY-MM-DD (default: where the store ends, else the last weekday).")
    var date: CivilDate?

    func validate() throws {
        guard (1...SimulatedInstruments.limit).contains(instruments) else {
            throw ValidationError("--instruments must be 1 to \(SimulatedInstruments.limit), not \(instruments)")
        }
        if let date, !WeekdayCalendar.isTradingDay(date) {
            throw ValidationError("--date \(date) is a Saturday or Sunday; the simulated exchange is shut")
        }
    }

    func exchange(start: ExchangeConfiguration.ExchangeStart, port: Int) -> ExchangeConfiguration {
        var configuration = ExchangeConfiguration(start: start)
        configuration.port = port
        configuration.instruments = instruments
        configuration.seed = seed
        configuration.speed = speed.value
        return configuration
    }
}

/// The simulated instruments in a store.
enum SimulatedRegistry {
    /// Adds the instruments to the registry and to the watchlist.
    static func register(_ count: Int, in store: MarketStore) async throws -> [Instrument] {
        let instruments = try await store.instruments.save(SimulatedInstruments.registry(count: count))
        try await store.watchlist.add(instruments.map(\.id))
        return instruments
    }

    /// Where a simulation begins: at the day asked for, where the log or the store ends, or with the last weekday.
    static func start(
        _ date: CivilDate?,
        keys: LiveKeys,
        site: Site
    ) async throws -> ExchangeConfiguration.ExchangeStart {
        if let date { return .day(date) }
        if let logged = try await TickLog(keys: keys, client: site.log).last()?.entry.time { return .after(logged) }
        if let newest = try await site.store.candles.newestStart(.oneMinute) { return .after(newest + .seconds(60)) }
        return .day(WeekdayCalendar.tradingDay(onOrBefore: IndiaTime.date(of: WallClock.now())))
    }
}
