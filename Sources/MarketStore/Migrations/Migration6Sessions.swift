extension Migration {
    static let sessions = Migration(
        number: 6,
        name: "the calendar of sessions",
        sql: """
            CREATE TABLE market_sessions (
                id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
                exchange varchar(10) NOT NULL,
                segment varchar(10) NOT NULL,
                session_date timestamptz NOT NULL,
                pre_market_start timestamptz,
                market_open timestamptz,
                market_close timestamptz,
                post_market_end timestamptz,
                is_trading_day boolean NOT NULL,
                is_holiday boolean NOT NULL,
                holiday_reason varchar(200),
                created_at timestamptz NOT NULL DEFAULT now(),
                UNIQUE (exchange, segment, session_date),
                CHECK (market_open < market_close),
                CHECK (NOT is_trading_day OR market_open IS NOT NULL AND market_close IS NOT NULL)
            );
            CREATE INDEX idx_sessions_exchange ON market_sessions (exchange);
            CREATE INDEX idx_sessions_date ON market_sessions (session_date);
            COMMENT ON COLUMN market_sessions.session_date IS '00:00 IST of the day';
            """
    )
}
