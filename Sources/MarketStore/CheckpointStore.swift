package import PostgresClient

/// How far a shard of the tick log is in the store, and the candle builder's state at that point.
package struct RecorderCheckpoint: Sendable, Equatable {
    package var shard: Int16
    /// Rises with every recorder that takes the shard over.
    package var epoch: Int64
    /// Which log the position belongs to.
    package var logIdentity: String
    /// The id of the last entry whose effects are in the store and in `state`.
    package var position: String
    /// The candle builder's state, in its own versioned form.
    package var state: [UInt8]

    package init(shard: Int16, epoch: Int64, logIdentity: String, position: String, state: [UInt8]) {
        self.shard = shard
        self.epoch = epoch
        self.logIdentity = logIdentity
        self.position = position
        self.state = state
    }
}

/// The recorders' checkpoints.
///
/// A checkpoint is written in the transaction that stores the candles, and only by compare-and-set on shard, epoch,
/// log and former position: whoever was overtaken stores nothing.
package struct CheckpointStore: Sendable {
    private let pool: PostgresPool

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    /// Takes a shard over: raises its epoch, so that a former recorder can store nothing more, and returns where to
    /// go on; nil when the shard has no checkpoint yet (call ``create(_:)`` then).
    package func takeOver(shard: Int16) async throws -> RecorderCheckpoint? {
        let rows = try await pool.query(
            """
            UPDATE recorder_checkpoints SET epoch = epoch + 1, updated_at = now() WHERE shard = $1
            RETURNING epoch, log_identity, position, state
            """,
            shard
        )
        return rows.count == 0 ? nil : try Self.checkpoint(rows, shard: shard)
    }

    /// Writes a shard's first checkpoint.
    ///
    /// - Throws: ``StoreError`` `.takenOver` when another recorder was faster.
    package func create(_ checkpoint: RecorderCheckpoint) async throws {
        let rows = try await pool.query(
            """
            INSERT INTO recorder_checkpoints (shard, epoch, log_identity, position, state) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT DO NOTHING RETURNING 1
            """,
            checkpoint.shard,
            checkpoint.epoch,
            checkpoint.logIdentity,
            checkpoint.position,
            PostgresBytes(checkpoint.state)
        )
        guard rows.count == 1 else { throw Self.takenOver(checkpoint.shard) }
    }

    /// A shard's checkpoint, for status; takes nothing over.
    package func read(shard: Int16) async throws -> RecorderCheckpoint? {
        let rows = try await pool.query(
            "SELECT epoch, log_identity, position, state FROM recorder_checkpoints WHERE shard = $1",
            shard
        )
        return rows.count == 0 ? nil : try Self.checkpoint(rows, shard: shard)
    }

    /// Stores closed candles and the checkpoint behind them in one transaction.
    ///
    /// - Parameters:
    ///   - candles: the candles that were closed between `former` and `next`.
    ///   - former: what this recorder stored last.
    ///   - next: what to store now; the same shard and epoch.
    /// - Returns: what became of the candles' rows.
    /// - Throws: ``StoreError`` `.takenOver` when the stored checkpoint is not `former`: nothing is stored then, and
    ///   the recorder must stop; ``PostgresError``.
    package func commit(
        _ candles: [StoredCandle],
        former: RecorderCheckpoint,
        next: RecorderCheckpoint
    ) async throws -> UpsertResult {
        try await pool.withTransaction { session in
            let result = try CandleStore.upsert(candles, in: session)
            let moved = try session.query(
                """
                UPDATE recorder_checkpoints SET log_identity = $5, position = $6, state = $7, updated_at = now()
                WHERE shard = $1 AND epoch = $2 AND log_identity = $3 AND position = $4
                """,
                former.shard,
                former.epoch,
                former.logIdentity,
                former.position,
                next.logIdentity,
                next.position,
                PostgresBytes(next.state)
            )
            guard moved.affectedRows == 1 else { throw Self.takenOver(former.shard) }
            return result
        }
    }

    private static func takenOver(_ shard: Int16) -> StoreError {
        StoreError(.takenOver, "another recorder has taken over shard \(shard)")
    }

    private static func checkpoint(_ rows: PostgresResult, shard: Int16) throws -> RecorderCheckpoint {
        RecorderCheckpoint(
            shard: shard,
            epoch: try rows.value(0, 0),
            logIdentity: try rows.value(0, 1),
            position: try rows.value(0, 2),
            state: try rows.value(0, 3, as: PostgresBytes.self).bytes
        )
    }
}
