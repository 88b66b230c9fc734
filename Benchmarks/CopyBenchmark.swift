import Foundation
import LocalEngine
import MarketModel
import MarketStore
import PostgresClient
import Synchronization

/// COPY of candles by the client, encoding included, against the server reading the same rows from a file itself.
enum CopyBenchmark {
    private static let rows = 1_000_000
    private static let rounds = 5

    static func run(_ bench: Bench) async throws {
        let engine = try await bench.engine()
        let pool = try PostgresPool(engine.addresses.database, logger: bench.logger)
        defer { pool.shutDown() }
        _ = try await Migrator(pool: pool).migrate()
        try await pool.execute(
            """
            CREATE TABLE bench_plain (LIKE ohlcv_data INCLUDING DEFAULTS);
            CREATE TABLE bench_key (LIKE ohlcv_data INCLUDING DEFAULTS,
                                    PRIMARY KEY (instrument_id, timeframe, timestamp));
            """
        )
        let file = engine.home.path + "/candles.copy"
        _ = try await copy(pool, table: "bench_plain")
        try await pool.execute("COPY bench_plain (\(columns)) TO '\(file)' (FORMAT binary)")
        let size = (try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int) ?? 0
        print("\(rows) candles, \(size / rows) bytes each in the file")
        for (table, title) in [("bench_plain", "table without a key"), ("bench_key", "table with the primary key")] {
            var client: [Double] = []
            var server: [Double] = []
            for _ in 0..<rounds {
                try await pool.execute("TRUNCATE \(table)")
                try await pool.execute("CHECKPOINT")
                let byServer = try await bench.seconds {
                    try await pool.execute("COPY \(table) (\(columns)) FROM '\(file)' (FORMAT binary)")
                }
                try await pool.execute("TRUNCATE \(table)")
                try await pool.execute("CHECKPOINT")
                let byClient = try await bench.seconds {
                    let copied = try await copy(pool, table: table)
                    precondition(copied == rows, "COPY took \(copied) of \(rows) rows")
                }
                server.append(Double(rows) / byServer)
                client.append(Double(rows) / byClient)
            }
            let ratios = zip(client, server).map { $0 / $1 }
            print(
                """
                \(title): client COPY \(Bench.spread(client, Bench.rate)) rows/s, server reading the file itself \
                \(Bench.spread(server, Bench.rate)) rows/s, ratio \(Bench.spread(ratios, Bench.ratio))
                """
            )
        }
    }

    private static let columns = """
        instrument_id, timestamp, timeframe, open, high, low, close, volume, open_interest, trades_count, source, flags
        """

    private static func copy(_ pool: PostgresPool, table: String) async throws -> Int {
        try await pool.withConnection { session in
            var next = 0
            return try session.copy("COPY \(table) (\(columns)) FROM STDIN (FORMAT binary)") { writer in
                guard next < rows else { return false }
                CandleStore.encode(candle(next), into: &writer)
                next += 1
                return true
            }
        }
    }

    private static func candle(_ number: Int) -> StoredCandle {
        let price = Int64(1_000_000 + number % 9_973 * 500)
        return StoredCandle(
            instrument: InstrumentID(high: 0x1234_5678_9ABC_4DEF, low: 0x8000_0000_0000_0000 | UInt64(number / 375)),
            timeframe: .oneMinute,
            candle: Candle(
                start: Timestamp(seconds: 1_788_234_300 + Int64(number % 375) * 60),
                open: Price(scaled: price),
                high: Price(scaled: price + 5_500),
                low: Price(scaled: price - 4_500),
                close: Price(scaled: price + 1_000),
                volume: Int64(number % 100_000),
                openInterest: number % 10 == 0 ? 1_000_000 : nil,
                source: .tick
            )
        )
    }
}
