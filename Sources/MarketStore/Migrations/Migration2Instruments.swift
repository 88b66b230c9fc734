extension Migration {
    static let instruments = Migration(
        number: 2,
        name: "instruments and who bore which token and symbol",
        sql: """
            CREATE TYPE instrument_type AS ENUM ('EQUITY', 'FUTURES', 'OPTIONS', 'CURRENCY', 'COMMODITY');

            CREATE TABLE instruments (
                id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
                instrument_token bigint UNIQUE,
                exchange_token bigint,
                tradingsymbol varchar(50) NOT NULL CHECK (tradingsymbol <> ''),
                name varchar(200),
                last_price numeric(10,2),
                expiry timestamptz,
                strike numeric(10,2),
                tick_size numeric(10,4) CHECK (tick_size >= 0),
                lot_size integer CHECK (lot_size >= 0),
                instrument_type instrument_type NOT NULL,
                segment varchar(10) NOT NULL,
                exchange varchar(10) NOT NULL CHECK (exchange <> ''),
                created_at timestamptz NOT NULL DEFAULT now(),
                updated_at timestamptz NOT NULL DEFAULT now(),
                option_type varchar(2) CHECK (option_type IN ('CE', 'PE')),
                underlying varchar(50),
                isin varchar(12),
                is_active boolean NOT NULL DEFAULT true
            );
            CREATE INDEX idx_instruments_tradingsymbol ON instruments (tradingsymbol);
            -- A symbol is borne by one active instrument at a time; expired contracts keep theirs.
            CREATE UNIQUE INDEX idx_instruments_active_symbol ON instruments (exchange, tradingsymbol) WHERE is_active;
            COMMENT ON COLUMN instruments.instrument_token IS 'the broker''s token now; NULL once the contract has expired';
            """
    )
}
