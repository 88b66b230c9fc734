package import PostgresClient

/// All that is kept in TimescaleDB, over one pool of connections.
package struct MarketStore: Sendable {
    package let pool: PostgresPool
    package let instruments: InstrumentStore
    package let candles: CandleStore
    package let checkpoints: CheckpointStore
    package let watchlist: WatchlistStore

    package init(pool: PostgresPool) {
        self.pool = pool
        self.instruments = InstrumentStore(pool: pool)
        self.candles = CandleStore(pool: pool)
        self.checkpoints = CheckpointStore(pool: pool)
        self.watchlist = WatchlistStore(pool: pool)
    }
}
