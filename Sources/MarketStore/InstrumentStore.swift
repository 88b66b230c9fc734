package import MarketModel
package import PostgresClient

/// The master registry of instruments.
package struct InstrumentStore: Sendable {
    private let pool: PostgresPool

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    private static let columns = """
        id, instrument_token, exchange_token, exchange, tradingsymbol, name, instrument_type::text, segment,
        last_price, expiry, strike, tick_size, lot_size
        """

    /// Stores instruments by their exchange and symbol: new ones are added, known ones brought up to date.
    ///
    /// The identity of a known one stays, whatever `id` the caller gives.
    ///
    /// - Returns: the instruments as stored, in the order given.
    /// - Throws: ``PostgresError``; nothing is stored then.
    package func save(_ instruments: [Instrument]) async throws -> [Instrument] {
        try await pool.withTransaction { session in
            var saved: [Instrument] = []
            for instrument in instruments {
                let rows = try session.query(
                    """
                    INSERT INTO instruments (id, instrument_token, exchange_token, exchange, tradingsymbol, name,
                        instrument_type, segment, last_price, expiry, strike, tick_size, lot_size)
                    VALUES ($1, $2, $3, $4, $5, $6, $7::text::instrument_type, $8, $9, $10, $11, $12, $13)
                    ON CONFLICT (exchange, tradingsymbol) WHERE is_active DO UPDATE SET
                        instrument_token = excluded.instrument_token, exchange_token = excluded.exchange_token,
                        name = excluded.name, instrument_type = excluded.instrument_type, segment = excluded.segment,
                        expiry = excluded.expiry, strike = excluded.strike, tick_size = excluded.tick_size,
                        lot_size = excluded.lot_size, updated_at = now()
                    RETURNING \(Self.columns)
                    """,
                    instrument.id.postgres,
                    instrument.token.map { Int64($0) },
                    instrument.exchangeToken,
                    instrument.symbol.exchange,
                    instrument.symbol.tradingSymbol,
                    instrument.name,
                    instrument.type.rawValue,
                    instrument.segment,
                    instrument.lastPrice?.postgres,
                    instrument.expiry?.postgres,
                    instrument.strike?.postgres,
                    instrument.tickSize?.postgres,
                    instrument.lotSize
                )
                saved.append(try Self.instrument(rows, row: 0))
            }
            return saved
        }
    }

    /// The active instrument of that name, or nil.
    package func find(_ symbol: InstrumentSymbol) async throws -> Instrument? {
        let rows = try await pool.query(
            "SELECT \(Self.columns) FROM instruments WHERE exchange = $1 AND tradingsymbol = $2 AND is_active",
            symbol.exchange,
            symbol.tradingSymbol
        )
        return rows.count == 0 ? nil : try Self.instrument(rows, row: 0)
    }

    /// All active instruments, by exchange and symbol.
    package func all() async throws -> [Instrument] {
        try Self.instruments(
            await pool.query(
                "SELECT \(Self.columns) FROM instruments WHERE is_active ORDER BY exchange, tradingsymbol"
            )
        )
    }

    /// Active instruments whose symbol begins with `text` or whose name contains it (case does not matter).
    ///
    /// - Parameters:
    ///   - text: what to look for; nil for all.
    ///   - exchange: only those of this exchange.
    ///   - type: only those of this kind.
    ///   - limit: the most returned, 1...1000.
    /// - Returns: the instruments by symbol.
    /// - Throws: ``PostgresError``; ``StoreError`` `.schema` when a row has a type that this program does not know.
    package func search(
        text: String?,
        exchange: String?,
        type: InstrumentType?,
        limit: Int
    ) async throws -> [Instrument] {
        try Self.instruments(
            await pool.query(
                """
                SELECT \(Self.columns) FROM instruments
                WHERE is_active
                  AND ($1::text IS NULL OR starts_with(tradingsymbol, upper($1)) OR position(upper($1) IN upper(name)) > 0)
                  AND ($2::text IS NULL OR exchange = $2)
                  AND ($3::text IS NULL OR instrument_type = $3::text::instrument_type)
                ORDER BY tradingsymbol, exchange LIMIT $4
                """,
                text,
                exchange?.uppercased(),
                type?.rawValue,
                Int64(limit)
            )
        )
    }

    private static func instruments(_ rows: PostgresResult) throws -> [Instrument] {
        var found: [Instrument] = []
        found.reserveCapacity(rows.count)
        for row in 0..<rows.count { found.append(try instrument(rows, row: row)) }
        return found
    }

    private static func instrument(_ rows: PostgresResult, row: Int) throws -> Instrument {
        var reader = RowReader(rows, row: row)
        let id = InstrumentID(try reader.next(PostgresUUID.self))
        let token = try reader.nextOptional(Int64.self).flatMap { UInt32(exactly: $0) }
        let exchangeToken = try reader.nextOptional(Int64.self)
        let symbol = InstrumentSymbol(exchange: try reader.next(), tradingSymbol: try reader.next())
        let name = try reader.nextOptional(String.self)
        let typeName = try reader.next(String.self)
        guard let type = InstrumentType(rawValue: typeName) else {
            throw StoreError(.schema, "\(symbol) has the instrument type \(typeName), which this program does not know")
        }
        return Instrument(
            id: id,
            token: token,
            exchangeToken: exchangeToken,
            symbol: symbol,
            name: name,
            type: type,
            segment: try reader.next(),
            lastPrice: try reader.nextOptional(PostgresNumeric.self).map { Price($0) },
            expiry: try reader.nextOptional(PostgresTimestamp.self).map { Timestamp($0) },
            strike: try reader.nextOptional(PostgresNumeric.self).map { Price($0) },
            tickSize: try reader.nextOptional(PostgresNumeric.self).map { Price($0) },
            lotSize: try reader.nextOptional(Int32.self)
        )
    }
}
