extension Migration {
    static let signals = Migration(
        number: 5,
        name: "trading signals (hypertable of 7-day chunks)",
        sql: """
            CREATE TYPE signal_type AS ENUM ('BUY', 'SELL', 'HOLD', 'STRONG_BUY', 'STRONG_SELL');

            CREATE TABLE trading_signals (
                instrument_id uuid NOT NULL REFERENCES instruments (id) ON DELETE RESTRICT,
                generated_at timestamptz NOT NULL,
                strategy_name varchar(100) NOT NULL CHECK (strategy_name <> ''),
                signal_type signal_type NOT NULL,
                confidence_score numeric(5,4) NOT NULL CHECK (confidence_score BETWEEN 0 AND 1),
                target_price numeric(12,4),
                stop_loss numeric(12,4),
                timeframe varchar(10) NOT NULL,
                indicators_used text,
                market_condition varchar(50),
                expires_at timestamptz,
                is_active boolean NOT NULL DEFAULT true,
                created_at timestamptz NOT NULL DEFAULT now(),
                updated_at timestamptz NOT NULL DEFAULT now(),
                PRIMARY KEY (instrument_id, generated_at, strategy_name)
            );
            SELECT create_hypertable('trading_signals', by_range('generated_at', INTERVAL '7 days'),
                                     create_default_indexes => false);
            CREATE INDEX idx_signals_timestamp ON trading_signals (generated_at);
            CREATE INDEX idx_signals_active_time ON trading_signals (is_active, generated_at);
            CREATE INDEX idx_signals_timeframe ON trading_signals (timeframe, generated_at);
            """
    )
}
