internal import ArgumentParser
internal import Candles
internal import FoundationEssentials
internal import LiveMarket
internal import MarketModel
internal import MarketStore

extension Timeframe: ExpressibleByArgument {}

struct CandlesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "candles",
        abstract: "Candles in the store.",
        subcommands: [Import.self, Show.self]
    )

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stores the candles of CSV files.",
            discussion: """
                The first line names the columns: timestamp, open, high, low, close, volume and, where there is one, oi. \
                Times without a zone are Indian. Lines that break a rule are named and left out, the others are stored; \
                importing the same file again changes nothing. Exit status 1 when a line was refused.
                """
        )

        @OptionGroup var options: CommonOptions

        @Argument(help: "CSV files.", completion: .file(extensions: ["csv"]))
        var files: [String]

        @Option(help: "Whose candles they are: EXCHANGE:SYMBOL.")
        var instrument: SymbolArgument

        @Option(help: "How long each candle is: \(Timeframe.names).")
        var timeframe: Timeframe

        @Flag(help: "Add the instrument to the registry if it is not there.")
        var create = false

        func run() async throws {
            var outcome = ImportOutcome()
            var candles: [[Candle]] = []
            for file in files { candles.append(try read(file, &outcome)) }
            let id = try await Site.withStore(options, logger: options.makeLogger()) { store in
                _ = try await Migrator(pool: store.pool).migrate()
                let id = try await instrumentID(store)
                for batch in candles {
                    for start in stride(from: 0, to: batch.count, by: 20_000) {
                        let rows = batch[start..<min(start + 20_000, batch.count)].map {
                            StoredCandle(instrument: id, timeframe: timeframe, candle: $0)
                        }
                        outcome.result += try await store.candles.upsert(rows)
                    }
                }
                return id
            }
            report(outcome, id)
            if outcome.refused > 0 { throw ExitCode(1) }
        }

        private func read(_ file: String, _ outcome: inout ImportOutcome) throws -> [Candle] {
            guard let data = FileManager.default.contents(atPath: file) else {
                throw CommandError("\(file) cannot be read: is the path right, and may this user read it?")
            }
            guard let text = String(validating: data, as: UTF8.self) else {
                throw CommandError("\(file) is no UTF-8 text; unpack or convert it first")
            }
            var reader = CandleCSVReader(timeframe: timeframe, source: .imported)
            var candles: [Candle] = []
            var places: [Timestamp: Int] = [:]
            var lines = text.split(omittingEmptySubsequences: false, whereSeparator: { $0 == "\n" || $0 == "\r\n" })[
                ...
            ]
            if lines.last?.isEmpty ?? false { lines.removeLast() }
            do {
                for line in lines {
                    guard let candle = try reader.take(line) else { continue }
                    if let place = places[candle.start] {
                        candles[place] = candle
                    } else {
                        places[candle.start] = candles.count
                        candles.append(candle)
                    }
                }
            } catch {
                throw CommandError("\(file), \(error)")
            }
            guard !lines.isEmpty else { throw CommandError("\(file) is empty") }
            for replaced in reader.replacements.prefix(20) { Console.report("\(file), \(replaced)") }
            for rejected in reader.rejected.prefix(20) { Console.report("\(file), \(rejected)") }
            if reader.rejected.count > 20 {
                Console.report("\(file): \(reader.rejected.count - 20) more lines refused")
            }
            outcome.read += candles.count
            outcome.duplicates += reader.duplicates
            outcome.refused += reader.rejected.count
            return candles
        }

        private func instrumentID(_ store: MarketStore) async throws -> InstrumentID {
            if let known = try await store.instruments.find(instrument.symbol) { return known.id }
            guard create else {
                throw CommandError(
                    "there is no instrument \(instrument.symbol): check the name, or add it with --create"
                )
            }
            var generator = SystemRandomNumberGenerator()
            let new = Instrument(
                id: .random(using: &generator),
                token: nil,
                symbol: instrument.symbol,
                type: InstrumentType(guessing: instrument.symbol),
                segment: instrument.symbol.exchange
            )
            let saved = try await store.instruments.save([new])
            return saved.first?.id ?? new.id
        }

        private func report(_ outcome: ImportOutcome, _ id: InstrumentID) {
            let result = outcome.result
            Console.line(
                """
                \(instrument.symbol) \(timeframe.rawValue): \(outcome.read) candles read, \(result.inserted) new, \
                \(result.updated) changed, \(result.unchanged) as before; \(outcome.duplicates) duplicate lines, \
                \(outcome.refused) lines refused
                """
            )
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Prints candles, oldest first, as CSV or JSON lines.")

        @OptionGroup var options: CommonOptions

        @Argument(help: "EXCHANGE:SYMBOL")
        var instrument: SymbolArgument

        @Argument(help: "\(Timeframe.names)")
        var timeframe: Timeframe

        @Option(help: "The first moment, such as 2026-09-01 or 2026-09-01T09:15:00+05:30.")
        var from: TimeArgument?

        @Option(help: "The first moment after the range.")
        var to: TimeArgument?

        @Option(help: "The most candles, 1 to 10000; the newest are kept.")
        var limit = 500

        @Flag(help: "Print JSON, one line each.")
        var json = false

        func validate() throws {
            guard (1...CandleStore.readLimit).contains(limit) else {
                throw ValidationError("--limit must be 1 to \(CandleStore.readLimit), not \(limit)")
            }
        }

        func run() async throws {
            try await Site.withStore(options, logger: options.makeLogger()) { store in
                let found = try await store.candles.candles(
                    of: store.instrument(instrument.symbol).id,
                    timeframe: timeframe,
                    from: from?.time ?? Timestamp(seconds: 0),
                    to: to?.time ?? Timestamp(seconds: 253_402_300_799),
                    limit: limit
                )
                var output = json ? [] : Array(CandleCSV.header.utf8)
                for candle in found {
                    guard json else {
                        CandleCSV.append(candle, to: &output)
                        continue
                    }
                    var text = JSONWriter()
                    text.candle(candle)
                    output += text.bytes + [UInt8(ascii: "\n")]
                }
                Console.write(output)
            }
        }
    }
}

/// What came of an import.
private struct ImportOutcome {
    var read = 0
    var duplicates = 0
    var refused = 0
    var result = UpsertResult()
}

/// A time as an argument; without a zone it is Indian.
struct TimeArgument: ExpressibleByArgument {
    let time: Timestamp

    init?(argument: String) {
        guard let time = Timestamp(argument) else { return nil }
        self.time = time
    }
}

extension InstrumentType {
    /// The likely kind of an instrument by its exchange and the ending of its symbol.
    init(guessing symbol: InstrumentSymbol) {
        switch symbol.exchange {
        case "CDS", "BCD": self = .currency
        case "MCX", "NCO": self = .commodity
        case "NFO", "BFO":
            let isOption = symbol.tradingSymbol.hasSuffix("CE") || symbol.tradingSymbol.hasSuffix("PE")
            self = isOption ? .options : .futures
        default: self = .equity
        }
    }
}
