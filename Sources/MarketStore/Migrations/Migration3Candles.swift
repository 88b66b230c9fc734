extension Migration {
    static let candles = Migration(
        number: 3,
        name: "candles (hypertable of 7-day chunks)",
        sql: """
            -- Ranked: a write never replaces a row of a source that stands further right.
            CREATE TYPE candle_source AS ENUM ('tick', 'rollup', 'import', 'broker', 'bhavcopy');

            CREATE TABLE ohlcv_data (
                instrument_id uuid NOT NULL REFERENCES instruments (id) ON DELETE RESTRICT,
                timestamp timestamptz NOT NULL,
                timeframe varchar(10) NOT NULL CHECK (timeframe IN ('1m', '5m', '15m', '1h', '1d')),
                open numeric(12,4) NOT NULL,
                high numeric(12,4) NOT NULL,
                low numeric(12,4) NOT NULL,
                close numeric(12,4) NOT NULL,
                volume bigint NOT NULL CHECK (volume >= 0),
                open_interest bigint CHECK (open_interest >= 0),
                trades_count integer CHECK (trades_count >= 0),
                created_at timestamptz NOT NULL DEFAULT now(),
                source candle_source NOT NULL DEFAULT 'tick',
                flags smallint NOT NULL DEFAULT 0,
                PRIMARY KEY (instrument_id, timeframe, timestamp),
                CHECK (low <= open AND low <= close AND open <= high AND close <= high)
            );
            SELECT create_hypertable('ohlcv_data', by_range('timestamp', INTERVAL '7 days'),
                                     create_default_indexes => false);
            -- Chunks are excluded by time already; within one a BRIN index is enough and costs next to nothing.
            CREATE INDEX idx_ohlcv_timestamp ON ohlcv_data USING brin (timestamp);
            CREATE INDEX idx_ohlcv_instrument_time ON ohlcv_data (instrument_id, timestamp);
            COMMENT ON COLUMN ohlcv_data.timestamp IS 'start of the candle; a day starts at 00:00 IST';
            COMMENT ON COLUMN ohlcv_data.flags IS 'bits: 1 partial, 2 revised, 4 gap in the feed';
            COMMENT ON COLUMN ohlcv_data.trades_count IS 'NULL where the feed sends snapshots and cannot know it';
            """
    )
}
