extension Migration {
    static let recording = Migration(
        number: 7,
        name: "the watchlist and the recorders' checkpoints",
        sql: """
            CREATE TABLE watchlist (
                instrument_id uuid PRIMARY KEY REFERENCES instruments (id) ON DELETE CASCADE,
                shard smallint NOT NULL DEFAULT 0 CHECK (shard >= 0),
                added_at timestamptz NOT NULL DEFAULT now()
            );
            COMMENT ON TABLE watchlist IS 'what the feed subscribes to';

            CREATE TABLE recorder_checkpoints (
                shard smallint PRIMARY KEY,
                epoch bigint NOT NULL,
                log_identity text NOT NULL,
                position text NOT NULL,
                state bytea NOT NULL,
                updated_at timestamptz NOT NULL DEFAULT now()
            );
            COMMENT ON TABLE recorder_checkpoints IS
                'how far the tick log is in the store; written in the transaction that stores the candles';
            """
    )
}
