extension Migration {
    static let trades = Migration(
        number: 4,
        name: "orders with their present state (hypertable of 1-day chunks)",
        sql: """
            CREATE TYPE transaction_type AS ENUM ('BUY', 'SELL');
            CREATE TYPE order_type AS ENUM ('MARKET', 'LIMIT', 'STOP_LOSS', 'STOP_LOSS_MARKET');
            CREATE TYPE order_status AS ENUM ('PENDING', 'OPEN', 'COMPLETE', 'CANCELLED', 'REJECTED');

            CREATE TABLE trades (
                order_id varchar(100) NOT NULL CHECK (order_id <> ''),
                order_timestamp timestamptz NOT NULL,
                instrument_id uuid NOT NULL REFERENCES instruments (id) ON DELETE RESTRICT,
                exchange_order_id varchar(100),
                transaction_type transaction_type NOT NULL,
                quantity integer NOT NULL CHECK (quantity > 0),
                price numeric(12,4),
                order_type order_type NOT NULL,
                order_status order_status NOT NULL,
                executed_quantity integer NOT NULL DEFAULT 0 CHECK (executed_quantity BETWEEN 0 AND quantity),
                pending_quantity integer NOT NULL DEFAULT 0 CHECK (pending_quantity >= 0),
                cancelled_quantity integer NOT NULL DEFAULT 0 CHECK (cancelled_quantity >= 0),
                average_price numeric(12,4),
                algo_id varchar(50) NOT NULL CHECK (algo_id <> ''),
                strategy_id varchar(50),
                user_id varchar(50),
                exchange_timestamp timestamptz,
                created_at timestamptz NOT NULL DEFAULT now(),
                updated_at timestamptz NOT NULL DEFAULT now(),
                PRIMARY KEY (order_id, order_timestamp)
            );
            SELECT create_hypertable('trades', by_range('order_timestamp', INTERVAL '1 day'),
                                     create_default_indexes => false);
            CREATE INDEX idx_trades_timestamp ON trades (order_timestamp);
            CREATE INDEX idx_trades_instrument_time ON trades (instrument_id, order_timestamp);
            CREATE INDEX idx_trades_user_time ON trades (user_id, order_timestamp);
            CREATE INDEX idx_trades_algo_strategy ON trades (algo_id, strategy_id);
            CREATE INDEX idx_trades_strategy ON trades (strategy_id);
            """
    )
}
