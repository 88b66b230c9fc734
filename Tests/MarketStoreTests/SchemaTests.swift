import GoGoTradeTestSupport
import MarketStore
import PostgresClient
import Testing

/// What ../shared/reference/schema.md promises to those who read the tables with plain SQL, written down once more:
/// name, type and whether NULL is refused by contract.
private let contract: [String: [String]] = [
    "instruments": [
        "id uuid", "instrument_token bigint", "exchange_token bigint", "tradingsymbol character varying(50)",
        "name character varying(200)", "last_price numeric(10,2)", "expiry timestamp with time zone",
        "strike numeric(10,2)", "tick_size numeric(10,4)", "lot_size integer", "instrument_type instrument_type",
        "segment character varying(10)", "exchange character varying(10)", "created_at timestamp with time zone",
        "updated_at timestamp with time zone",
    ],
    "ohlcv_data": [
        "instrument_id uuid", "timestamp timestamp with time zone", "timeframe character varying(10)",
        "open numeric(12,4)", "high numeric(12,4)", "low numeric(12,4)", "close numeric(12,4)", "volume bigint",
        "open_interest bigint", "trades_count integer", "created_at timestamp with time zone",
    ],
    "trades": [
        "order_id character varying(100)", "order_timestamp timestamp with time zone", "instrument_id uuid",
        "exchange_order_id character varying(100)", "transaction_type transaction_type", "quantity integer",
        "price numeric(12,4)", "order_type order_type", "order_status order_status", "executed_quantity integer",
        "pending_quantity integer", "cancelled_quantity integer", "average_price numeric(12,4)",
        "algo_id character varying(50)", "strategy_id character varying(50)", "user_id character varying(50)",
        "exchange_timestamp timestamp with time zone", "created_at timestamp with time zone",
        "updated_at timestamp with time zone",
    ],
    "trading_signals": [
        "instrument_id uuid", "generated_at timestamp with time zone", "strategy_name character varying(100)",
        "signal_type signal_type", "confidence_score numeric(5,4)", "target_price numeric(12,4)",
        "stop_loss numeric(12,4)", "timeframe character varying(10)", "indicators_used text",
        "market_condition character varying(50)", "expires_at timestamp with time zone", "is_active boolean",
        "created_at timestamp with time zone", "updated_at timestamp with time zone",
    ],
    "market_sessions": [
        "id uuid", "exchange character varying(10)", "segment character varying(10)",
        "session_date timestamp with time zone", "pre_market_start timestamp with time zone",
        "market_open timestamp with time zone", "market_close timestamp with time zone",
        "post_market_end timestamp with time zone", "is_trading_day boolean", "is_holiday boolean",
        "holiday_reason character varying(200)", "created_at timestamp with time zone",
    ],
]

@Suite("The schema that others read", .timeLimit(.minutes(5)))
struct SchemaTests {
    private func texts(_ pool: PostgresPool, _ sql: String, _ values: any PostgresEncodable...) async throws -> [String]
    {
        try await pool.withConnection { session in
            let rows = try session.query(sql, values: values)
            return try (0..<rows.count).map { try rows.value($0, 0, as: String.self) }
        }
    }

    @Test("every listed column has its name, type and place", arguments: TestEdition.available)
    func columns(edition: TestEdition) async throws {
        let pool = try await TestEngines.shared.makeStore(edition).pool
        #expect(contract.count == 5)
        for (table, expected) in contract {
            let columns = try await texts(
                pool,
                """
                SELECT attname || ' ' || format_type(atttypid, atttypmod) FROM pg_attribute
                WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
                """,
                table
            )
            #expect(Array(columns.prefix(expected.count)) == expected, "\(table)")
        }
    }

    @Test("the enum types have the listed labels, in the listed order", arguments: TestEdition.available)
    func enums(edition: TestEdition) async throws {
        let pool = try await TestEngines.shared.makeStore(edition).pool
        let expected = [
            "instrument_type": ["EQUITY", "FUTURES", "OPTIONS", "CURRENCY", "COMMODITY"],
            "transaction_type": ["BUY", "SELL"],
            "order_type": ["MARKET", "LIMIT", "STOP_LOSS", "STOP_LOSS_MARKET"],
            "order_status": ["PENDING", "OPEN", "COMPLETE", "CANCELLED", "REJECTED"],
            "signal_type": ["BUY", "SELL", "HOLD", "STRONG_BUY", "STRONG_SELL"],
            "candle_source": ["tick", "rollup", "import", "broker", "bhavcopy"],
        ]
        for (type, labels) in expected {
            let sql = "SELECT enumlabel::text FROM pg_enum WHERE enumtypid = $1::text::regtype ORDER BY enumsortorder"
            #expect(try await texts(pool, sql, type) == labels, "\(type)")
        }
    }

    @Test("primary keys and unique keys", arguments: TestEdition.available)
    func keys(edition: TestEdition) async throws {
        let pool = try await TestEngines.shared.makeStore(edition).pool
        let found = try await texts(
            pool,
            """
            SELECT conrelid::regclass::text || ' ' || contype::text || ' ' || (
                SELECT string_agg(attname, ',' ORDER BY attname) FROM pg_attribute
                WHERE attrelid = conrelid AND attnum = ANY (conkey))
            FROM pg_constraint WHERE contype IN ('p', 'u') AND connamespace = 'public'::regnamespace
            """
        )
        let expected = [
            "instruments p id", "instruments u instrument_token", "ohlcv_data p instrument_id,timeframe,timestamp",
            "trades p order_id,order_timestamp", "trading_signals p generated_at,instrument_id,strategy_name",
            "market_sessions p id", "market_sessions u exchange,segment,session_date",
        ]
        #expect(Set(found).isSuperset(of: expected), "missing: \(Set(expected).subtracting(found))")
    }

    @Test("every listed index is there, with its columns first in their order", arguments: TestEdition.available)
    func indexes(edition: TestEdition) async throws {
        let pool = try await TestEngines.shared.makeStore(edition).pool
        let found = try await texts(
            pool,
            """
            SELECT indrelid::regclass::text || ' ' || (
                SELECT string_agg(attname, ',' ORDER BY place) FROM unnest(indkey) WITH ORDINALITY AS k (number, place)
                JOIN pg_attribute ON attrelid = indrelid AND attnum = number)
            FROM pg_index WHERE indisvalid AND indrelid::regclass::text !~ '[.]'
            """
        )
        let names = try await texts(pool, "SELECT indexname::text FROM pg_indexes WHERE schemaname = 'public'")
        let named = [
            "idx_ohlcv_timestamp", "idx_ohlcv_instrument_time", "idx_trades_timestamp", "idx_trades_instrument_time",
            "idx_trades_user_time", "idx_trades_algo_strategy", "idx_signals_timestamp", "idx_signals_active_time",
            "idx_signals_timeframe",
        ]
        #expect(Set(names).isSuperset(of: named), "missing: \(Set(named).subtracting(names))")
        let expected = [
            "instruments tradingsymbol", "ohlcv_data timestamp", "ohlcv_data instrument_id,timestamp",
            "trades order_timestamp", "trades instrument_id", "trades instrument_id,order_timestamp",
            "trades user_id,order_timestamp", "trades algo_id", "trades algo_id,strategy_id", "trades strategy_id",
            "trades user_id", "trading_signals generated_at", "trading_signals is_active,generated_at",
            "trading_signals timeframe,generated_at", "market_sessions exchange", "market_sessions session_date",
        ]
        for index in expected {
            #expect(found.contains { ($0 + ",").hasPrefix(index + ",") }, "no index begins with \(index)")
        }
    }

    @Test("hypertables have the listed time column and chunk size", arguments: TestEdition.available)
    func chunks(edition: TestEdition) async throws {
        let pool = try await TestEngines.shared.makeStore(edition).pool
        let found = try await texts(
            pool,
            """
            SELECT hypertable_name || ' ' || column_name || ' ' || time_interval
            FROM timescaledb_information.dimensions WHERE hypertable_schema = 'public' ORDER BY 1
            """
        )
        let expected = [
            "ohlcv_data timestamp 7 days", "trades order_timestamp 1 day", "trading_signals generated_at 7 days",
        ]
        #expect(Set(found).isSuperset(of: expected), "\(found)")
    }
}
