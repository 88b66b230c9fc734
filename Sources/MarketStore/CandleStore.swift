package import MarketModel
package import PostgresClient

/// A candle and whose it is.
package struct StoredCandle: Sendable, Hashable {
    package var instrument: InstrumentID
    package var timeframe: Timeframe
    package var candle: Candle

    package init(instrument: InstrumentID, timeframe: Timeframe, candle: Candle) {
        self.instrument = instrument
        self.timeframe = timeframe
        self.candle = candle
    }
}

/// What an upsert did.
package struct UpsertResult: Sendable, Equatable {
    /// Rows that were not there before.
    package var inserted = 0
    /// Rows that were replaced by other values.
    package var updated = 0
    /// Rows that were left alone: equal already, or of a source that outranks the new one.
    package var unchanged = 0

    package init() {}

    package static func += (total: inout UpsertResult, part: UpsertResult) {
        total.inserted += part.inserted
        total.updated += part.updated
        total.unchanged += part.unchanged
    }
}

/// Candles in the hypertable `ohlcv_data`.
package struct CandleStore: Sendable {
    /// The most candles that one read returns.
    package static let readLimit = 10_000

    private let pool: PostgresPool

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    /// Stores candles: all or none.
    ///
    /// A row that is equal already is not written, and a row of a source that outranks the new one's stays.
    ///
    /// Give at most one candle for each instrument, timeframe and start.
    ///
    /// - Returns: how many rows were new, changed and left alone.
    /// - Throws: ``StoreError`` `.invalidInput` when a candle cannot be true, with its start and the rule it breaks;
    ///   ``PostgresError``.
    package func upsert(_ candles: [StoredCandle]) async throws -> UpsertResult {
        try await pool.withTransaction { session in try Self.upsert(candles, in: session) }
    }

    /// Like ``upsert(_:)``, as a part of a transaction that is open on `session`.
    package static func upsert(
        _ candles: [StoredCandle],
        in session: borrowing PostgresSession
    ) throws -> UpsertResult {
        var result = UpsertResult()
        guard !candles.isEmpty else { return result }
        for stored in candles {
            if let fault = stored.candle.fault {
                throw StoreError(.invalidInput, "the candle of \(stored.candle.start) is refused: \(fault)")
            }
        }
        try session.execute(stage)
        var next = 0
        let copied = try session.copy(copyIntoStage) { writer in
            guard next < candles.count else { return false }
            encode(candles[next], into: &writer)
            next += 1
            return true
        }
        let counts = try session.query(mergeStage)
        result.inserted = Int(try counts.value(0, 0, as: Int64.self))
        result.updated = Int(try counts.value(0, 1, as: Int64.self))
        result.unchanged = copied - result.inserted - result.updated
        return result
    }

    /// Returns the candles of one instrument, oldest first.
    ///
    /// Covers the half-open interval from `from` to `to`. Minutes without a trade have no candle; nothing is invented.
    ///
    /// At most `limit` candles are returned, 1...10,000; the newest are kept.
    ///
    /// - Returns: the candles, none when there are none.
    /// - Throws: ``StoreError`` `.invalidInput` (empty interval, limit out of range); ``PostgresError``.
    package func candles(
        of instrument: InstrumentID,
        timeframe: Timeframe,
        from: Timestamp,
        to: Timestamp,
        limit: Int = CandleStore.readLimit
    ) async throws -> [Candle] {
        guard from < to else { throw StoreError(.invalidInput, "'from' (\(from)) must lie before 'to' (\(to))") }
        guard (1...Self.readLimit).contains(limit) else {
            throw StoreError(.invalidInput, "'limit' must be 1 to \(Self.readLimit), not \(limit)")
        }
        let rows = try await pool.query(
            """
            SELECT timestamp, open, high, low, close, volume, open_interest, trades_count, source::text, flags
            FROM ohlcv_data
            WHERE instrument_id = $1 AND timeframe = $2 AND timestamp >= $3 AND timestamp < $4
            ORDER BY timestamp DESC LIMIT $5
            """,
            instrument.postgres,
            timeframe.rawValue,
            from.postgres,
            to.postgres,
            Int64(limit)
        )
        var candles: [Candle] = []
        candles.reserveCapacity(rows.count)
        for row in stride(from: rows.count - 1, through: 0, by: -1) { candles.append(try Self.candle(rows, row: row)) }
        return candles
    }

    /// The start of the newest candle of any instrument with that timeframe, nil when there is none.
    package func newestStart(_ timeframe: Timeframe) async throws -> Timestamp? {
        let rows = try await pool.query(
            "SELECT timestamp FROM ohlcv_data WHERE timeframe = $1 ORDER BY timestamp DESC LIMIT 1",
            timeframe.rawValue
        )
        return rows.count == 0 ? nil : Timestamp(try rows.value(0, 0, as: PostgresTimestamp.self))
    }

    private static func candle(_ rows: PostgresResult, row: Int) throws -> Candle {
        var reader = RowReader(rows, row: row)
        let start = Timestamp(try reader.next(PostgresTimestamp.self))
        let open = Price(try reader.next(PostgresNumeric.self))
        let high = Price(try reader.next(PostgresNumeric.self))
        let low = Price(try reader.next(PostgresNumeric.self))
        let close = Price(try reader.next(PostgresNumeric.self))
        let volume = try reader.next(Int64.self)
        let openInterest = try reader.nextOptional(Int64.self)
        let tradesCount = try reader.nextOptional(Int32.self)
        let sourceName = try reader.next(String.self)
        guard let source = CandleSource(rawValue: sourceName) else {
            throw StoreError(.schema, "a candle has the source \(sourceName), which this program does not know")
        }
        return Candle(
            start: start,
            open: open,
            high: high,
            low: low,
            close: close,
            volume: volume,
            openInterest: openInterest,
            tradesCount: tradesCount,
            source: source,
            flags: CandleFlags(rawValue: try reader.next(Int16.self))
        )
    }
}

extension CandleStore {
    /// The table of a connection that takes the rows first, so that one statement can compare them with what is there.
    private static let stage = """
        CREATE TEMPORARY TABLE IF NOT EXISTS candle_stage (
            instrument_id uuid, timestamp timestamptz, timeframe varchar(10), open numeric(12,4), high numeric(12,4),
            low numeric(12,4), close numeric(12,4), volume bigint, open_interest bigint, trades_count integer,
            source candle_source, flags smallint
        ) ON COMMIT DELETE ROWS;
        -- An earlier upsert of the same transaction has left its rows.
        DELETE FROM candle_stage
        """

    private static let columns = """
        instrument_id, timestamp, timeframe, open, high, low, close, volume, open_interest, trades_count, source, flags
        """

    private static let copyIntoStage = "COPY candle_stage (\(columns)) FROM STDIN (FORMAT binary)"

    private static let mergeStage = """
        WITH written AS (
            INSERT INTO ohlcv_data AS stored (\(columns))
            SELECT \(columns) FROM candle_stage
            ON CONFLICT (instrument_id, timeframe, timestamp) DO UPDATE SET
                open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close,
                volume = excluded.volume, open_interest = excluded.open_interest,
                trades_count = excluded.trades_count, source = excluded.source, flags = excluded.flags
            WHERE excluded.source >= stored.source
              AND (stored.open, stored.high, stored.low, stored.close, stored.volume, stored.open_interest,
                   stored.trades_count, stored.source, stored.flags)
                  IS DISTINCT FROM
                  (excluded.open, excluded.high, excluded.low, excluded.close, excluded.volume, excluded.open_interest,
                   excluded.trades_count, excluded.source, excluded.flags)
            RETURNING (xmax = 0) AS is_new
        )
        SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM written
        """

    /// Appends one row in the order of `columns`.
    package static func encode(_ stored: StoredCandle, into writer: inout PostgresCopyWriter) {
        let candle = stored.candle
        writer.beginRow(fields: 12)
        writer.write(stored.instrument.postgres)
        writer.write(candle.start.postgres)
        writer.write(name(of: stored.timeframe))
        writer.write(candle.open.postgres)
        writer.write(candle.high.postgres)
        writer.write(candle.low.postgres)
        writer.write(candle.close.postgres)
        writer.write(candle.volume)
        writer.write(candle.openInterest)
        writer.write(candle.tradesCount)
        writer.write(name(of: candle.source))
        writer.write(candle.flags.rawValue)
    }

    private static func name(of timeframe: Timeframe) -> StaticString {
        switch timeframe {
        case .oneMinute: "1m"
        case .fiveMinutes: "5m"
        case .fifteenMinutes: "15m"
        case .oneHour: "1h"
        case .oneDay: "1d"
        }
    }

    private static func name(of source: CandleSource) -> StaticString {
        switch source {
        case .tick: "tick"
        case .rollup: "rollup"
        case .imported: "import"
        case .broker: "broker"
        case .bhavcopy: "bhavcopy"
        }
    }
}
