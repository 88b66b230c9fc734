package import MarketModel
package import PostgresClient

/// An instrument that the feed subscribes to, and the shard of the tick log that takes its ticks.
package struct WatchedInstrument: Sendable, Hashable {
    package let id: InstrumentID
    package let token: UInt32
    package let symbol: InstrumentSymbol
    package let shard: Int
}

/// What the feed subscribes to.
package struct WatchlistStore: Sendable {
    private let pool: PostgresPool

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    /// Adds instruments; those that are there already stay as they are.
    package func add(_ instruments: [InstrumentID]) async throws {
        _ = try await pool.query(
            "INSERT INTO watchlist (instrument_id) SELECT * FROM unnest($1::uuid[]) ON CONFLICT DO NOTHING",
            instruments.map(\.postgres)
        )
    }

    /// Removes instruments; those that are not there are ignored.
    package func remove(_ instruments: [InstrumentID]) async throws {
        _ = try await pool.query(
            "DELETE FROM watchlist WHERE instrument_id = ANY($1::uuid[])",
            instruments.map(\.postgres)
        )
    }

    /// All watched instruments that have a token, by symbol.
    package func all() async throws -> [WatchedInstrument] {
        let rows = try await pool.query(
            """
            SELECT id, instrument_token, exchange, tradingsymbol, shard FROM watchlist JOIN instruments ON id = instrument_id
            WHERE instrument_token IS NOT NULL ORDER BY exchange, tradingsymbol
            """
        )
        var watched: [WatchedInstrument] = []
        for row in 0..<rows.count {
            var reader = RowReader(rows, row: row)
            let id = InstrumentID(try reader.next(PostgresUUID.self))
            let token = try reader.next(Int64.self)
            let symbol = InstrumentSymbol(exchange: try reader.next(), tradingSymbol: try reader.next())
            let shard = try reader.next(Int16.self)
            guard let token = UInt32(exactly: token) else {
                throw StoreError(.invalidInput, "\(symbol) has the token \(token), which is no 32-bit number")
            }
            watched.append(WatchedInstrument(id: id, token: token, symbol: symbol, shard: Int(shard)))
        }
        return watched
    }
}
