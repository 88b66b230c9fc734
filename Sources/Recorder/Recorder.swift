internal import Candles
internal import KiteProtocol
package import LiveMarket
package import Logging
internal import MarketCalendar
package import MarketModel
package import MarketStore
internal import NIOCore
internal import PostgresClient
package import RedisClient
internal import ServiceLifecycle
internal import Synchronization

/// A recorder's figures at one moment.
package struct RecorderStatistics: Sendable {
    /// True while this recorder leads its shard.
    package var isLeading = false
    package var entries: Int64 = 0
    package var ticks: Int64 = 0
    package var candles: Int64 = 0
    package var commits: Int64 = 0
    /// The log's time of the newest entry that was read.
    package var marketTime: Timestamp?
    /// Trades that came after their minute had been closed.
    package var late: Int64 = 0
    /// Ticks of tokens that are not on the watchlist.
    package var unknownTokens: Int64 = 0
    /// What the last attempt ended with.
    package var lastError: String?
}

/// Makes minute candles of a shard's tick log and stores them.
///
/// The recorder has no clock of its own: minutes close by the times in the log. Closed candles and the checkpoint
/// behind them are stored in one transaction, so that after any crash the log is read on from exactly there.
package final class Recorder: Service {
    private let shard: Int16
    private let keys: LiveKeys
    private let store: MarketStore
    private let redis: RedisClient
    private let logger: Logger
    private let figures = Mutex(RecorderStatistics())

    /// How much of the log is kept behind the checkpoint.
    private static let reserve: Duration = .seconds(5)
    private static let readCount = 256

    /// Makes a recorder; ``run()`` starts it.
    ///
    /// The store's pool must lead to the primary; `redis` is that of the tick log.
    package init(keys: LiveKeys, store: MarketStore, redis: RedisClient, logger: Logger) {
        self.shard = Int16(truncatingIfNeeded: keys.shard)
        self.keys = keys
        self.store = store
        self.redis = redis
        self.logger = logger
    }

    package var statistics: RecorderStatistics { figures.withLock { $0 } }

    /// Runs until the service is shut down; what the log holds then is read, and its closed candles are stored.
    ///
    /// Faults of the database and of Redis are waited out. Another recorder that takes the shard over ends this one's
    /// lead, and it waits until it is needed again.
    ///
    /// - Throws: ``StoreError`` `.schema`, ``CheckpointError``: what waiting does not mend.
    package func run() async throws {
        var failures = 0
        while !Task.isShuttingDownGracefully {
            do {
                try await lead { failures = 0 }
                return
            } catch is CancellationError {
                return
            } catch let error as CheckpointError {
                throw error
            } catch let error as StoreError where error.code == .schema {
                throw error
            } catch {
                failures += 1
                figures.withLock { figures in
                    figures.isLeading = false
                    figures.lastError = "\(error)"
                }
                let wait = Duration.milliseconds(min(5000, 100 << min(failures, 6)))
                logger.warning("the recorder of shard \(shard) stops for \(wait): \(error)")
                try await Task.sleep(for: wait)
            }
        }
    }

    /// Waits for the shard's lock, then records until the shutdown.
    private func lead(_ began: () -> Void) async throws {
        // On a connection of its own: the lock lasts exactly as long as it.
        let guardian = try await PostgresConnection.connect(store.pool.configuration, logger: logger)
        defer { guardian.close() }
        let lock = Self.lockNumber + Int64(shard)
        while true {
            let isOurs = try await guardian.run { session in
                try session.query("SELECT pg_try_advisory_lock($1)", lock).value(0, 0, as: Bool.self)
            }
            if isOurs { break }
            figures.withLock { $0.lastError = "another recorder works on the shard" }
            try await Task.sleep(for: .milliseconds(500))
            if Task.isShuttingDownGracefully { return }
        }
        try await redis.withDedicatedConnection { connection in
            try await self.record(connection, began)
        }
    }

    private static let lockNumber: Int64 = 0x676F_676F_0000_0000

    private func record(_ connection: RedisConnection, _ began: () -> Void) async throws {
        var work = try await resume()
        began()
        figures.withLock { figures in
            figures.isLeading = true
            figures.lastError = nil
        }
        logger.info("recording shard \(shard) from \(work.checkpoint.position), epoch \(work.checkpoint.epoch)")
        while true {
            let isEnding = Task.isShuttingDownGracefully
            let entries = try await TickLog.read(
                connection,
                keys: keys,
                after: work.position,
                count: Self.readCount,
                block: isEnding ? .milliseconds(1) : .milliseconds(250)
            )
            for logged in entries { try await take(logged, into: &work) }
            try await commitIfDue(&work)
            if isEnding, entries.isEmpty { return }
        }
    }

    /// Takes the shard over, and restores what was stored of it.
    private func resume() async throws -> RecorderWork {
        let identity = try await TickLog(keys: keys, client: redis).identity()
        var work: RecorderWork
        if let checkpoint = try await store.checkpoints.takeOver(shard: shard) {
            work = RecorderWork(checkpoint: checkpoint, builder: try CandleBuilder(checkpoint: checkpoint.state))
            if checkpoint.logIdentity != identity {
                logger.error(
                    """
                    the tick log of shard \(shard) is another one than before (lost or exchanged): recording goes on \
                    with the new log; ticks between the last checkpoint and its start are missing
                    """
                )
                work.position = .zero
                work.logIdentity = identity
            }
        } else {
            let builder = CandleBuilder()
            let first = RecorderCheckpoint(
                shard: shard,
                epoch: 1,
                logIdentity: identity,
                position: RedisStreamID.zero.description,
                state: builder.checkpoint()
            )
            try await store.checkpoints.create(first)
            work = RecorderWork(checkpoint: first, builder: builder)
        }
        try await addInstruments(to: &work)
        return work
    }

    private func addInstruments(to work: inout RecorderWork) async throws {
        for watched in try await store.watchlist.all() where watched.shard == Int(shard) {
            work.builder.add(
                watched.id,
                token: watched.token,
                hours: .regular(exchange: watched.symbol.exchange),
                isIndex: KiteSegment.isIndex(token: watched.token)
            )
        }
    }

    private func take(_ logged: LoggedEntry, into work: inout RecorderWork) async throws {
        switch logged.entry {
        case .clock(let time): work.closed += work.builder.advance(to: time)
        case .frame(let frame, let time):
            work.closed += work.builder.advance(to: time)
            let unknown = work.builder.counters.unknownTokens
            var ticks: Int64 = 0
            _ = KiteFrame.decode(frame.readableBytesSpan) { tick in
                work.builder.apply(tick)
                ticks += 1
            }
            figures.withLock { $0.ticks += ticks }
            // New on the watchlist: its ticks count from the next frame on.
            if work.builder.counters.unknownTokens > unknown, work.mayAskForInstruments() {
                try await addInstruments(to: &work)
            }
        case .unknown:
            logger.warning("entry \(logged.id) of the tick log is of a kind that this program does not know")
        }
        work.position = logged.id
        let time = logged.entry.time
        let counters = work.builder.counters
        figures.withLock { figures in
            figures.entries += 1
            figures.marketTime = time ?? figures.marketTime
            figures.late = counters.late
            figures.unknownTokens = counters.unknownTokens
        }
    }

    /// Stores closed candles with the checkpoint, and a checkpoint without candles once a minute.
    private func commitIfDue(_ work: inout RecorderWork) async throws {
        guard !work.closed.isEmpty || work.isCheckpointDue else { return }
        let next = RecorderCheckpoint(
            shard: shard,
            epoch: work.checkpoint.epoch,
            logIdentity: work.logIdentity,
            position: work.position.description,
            state: work.builder.checkpoint()
        )
        let rows = work.closed.map {
            StoredCandle(instrument: $0.instrument, timeframe: .oneMinute, candle: $0.candle)
        }
        _ = try await store.checkpoints.commit(rows, former: work.checkpoint, next: next)
        work.committed(next)
        figures.withLock { figures in
            figures.candles += Int64(rows.count)
            figures.commits += 1
        }
        try await trim(behind: work.position)
    }

    private func trim(behind position: RedisStreamID) async throws {
        let reserve = UInt64(Self.reserve.wholeMicroseconds / 1000)
        guard position.milliseconds > reserve else { return }
        let oldest = RedisStreamID(milliseconds: position.milliseconds - reserve, sequence: 0)
        try await TickLog(keys: keys, client: redis).trim(before: oldest)
    }
}
