internal import KiteProtocol
package import LiveMarket
package import Logging
internal import MarketCalendar
internal import MarketModel
internal import NIOCore
package import RedisClient
internal import Synchronization

/// Writes what a feed receives into Redis: each frame into the tick log, the newest packet of each instrument as its
/// live price, and the frame once more to those who follow live.
///
/// A batch enters the log whole or not at all (a transaction: a server that is just coming up refuses some commands of
/// a pipeline and takes those behind). After a failure the log's newest id tells what arrived; the rest is sent again,
/// nothing twice.
package final class LogWriter: Sendable {
    private struct State {
        var lastID = RedisStreamID.zero
    }

    private let keys: LiveKeys
    private let log: RedisClient
    private let cache: RedisClient
    /// True when both duties are one server's: then everything goes in one pipeline.
    private let isShared: Bool
    private let logger: Logger
    private let state = Mutex(State())

    package init(keys: LiveKeys, log: RedisClient, cache: RedisClient, logger: Logger) {
        self.keys = keys
        self.log = log
        self.cache = cache
        self.isShared = log === cache
        self.logger = logger
    }

    /// Finds the end of the log; ids go on from there.
    package func begin() async throws {
        let tickLog = TickLog(keys: keys, client: log)
        _ = try await tickLog.identity()
        let last = try await tickLog.last()?.id ?? .zero
        state.withLock { $0.lastID = max($0.lastID, last) }
    }

    /// Writes entries; returns when the log has all of them.
    ///
    /// Tries again for as long as Redis is away.
    ///
    /// - Throws: `CancellationError`.
    package func write(_ entries: [OutgoingEntry]) async throws {
        var unsent = entries.map { entry in (id: nextID(entry.receivedAt), entry: entry) }[...]
        var attempt = 0
        while !unsent.isEmpty {
            do {
                if attempt > 0 {
                    let last = try await TickLog(keys: keys, client: log).last()?.id ?? .zero
                    unsent = unsent.drop { $0.id <= last }
                }
                try await send(Array(unsent))
                return
            } catch {
                try Task.checkCancellation()
                attempt += 1
                logger.warning("the tick log cannot be written (attempt \(attempt)); frames are kept: \(error)")
                try await Task.sleep(for: .milliseconds(min(2000, 50 << min(attempt, 6))))
            }
        }
    }

    private func nextID(_ wall: Timestamp) -> RedisStreamID {
        state.withLock { state in
            let milliseconds = UInt64(max(0, wall.microseconds / 1000))
            let fresh = RedisStreamID(milliseconds: milliseconds, sequence: 0)
            state.lastID = fresh > state.lastID ? fresh : state.lastID.next()
            return state.lastID
        }
    }

    private func send(_ entries: [(id: RedisStreamID, entry: OutgoingEntry)]) async throws {
        guard !entries.isEmpty else { return }
        var batch = RedisCommandBatch(reservingCapacity: 1 << 16)
        batch.command("MULTI", argumentCount: 0)
        for (id, entry) in entries {
            TickLog.append(to: &batch, keys: keys, id: id, frame: entry.frame, time: entry.time)
        }
        batch.command("EXEC", argumentCount: 0)
        if isShared {
            appendLive(entries.map(\.entry), to: &batch)
            try Self.check(await log.send(batch))
            return
        }
        var live = RedisCommandBatch(reservingCapacity: 1 << 16)
        appendLive(entries.map(\.entry), to: &live)
        async let shown: Void = show(live)
        do {
            try Self.check(await log.send(batch))
        } catch {
            await shown
            throw error
        }
        await shown
    }

    /// Live prices may be lost: the next ones come within a second.
    private func show(_ batch: RedisCommandBatch) async {
        do {
            let result = try await cache.sendCountingErrors(batch)
            if let error = result.firstError { throw error }
        } catch {
            logger.warning("live prices cannot be written: \(error)")
        }
    }

    private func appendLive(_ entries: [OutgoingEntry], to batch: inout RedisCommandBatch) {
        var newest: [UInt32: (packet: ByteBuffer, entry: Int)] = [:]
        for (index, entry) in entries.enumerated() {
            guard let frame = entry.frame else { continue }
            batch.publish(channel: keys.frames, bytes: frame)
            var offset = frame.readerIndex + 2
            _ = KiteFrame.forEachPacket(in: frame.readableBytesSpan) { packet in
                offset += 2
                if let token = KitePacket.token(packet),
                    let slice = frame.getSlice(at: offset, length: packet.byteCount)
                {
                    newest[token] = (slice, index)
                }
                offset += packet.byteCount
            }
        }
        for (token, quote) in newest {
            let entry = entries[quote.entry]
            LivePrices.append(
                to: &batch,
                keys: keys,
                token: token,
                packet: quote.packet,
                marketTime: entry.time,
                receivedAt: entry.receivedAt,
                quoteLifetime: Self.quoteLifetime(entry.time)
            )
        }
    }

    /// Until the session ends by the market's clock; an hour at least, so that the last quotes can be seen after it.
    private static func quoteLifetime(_ time: Timestamp) -> Duration {
        let end = TradingHours.equity.session(on: IndiaTime.date(of: time)).upperBound
        return max(.seconds(3600), end - time)
    }

    /// Throws the first error among the replies, those within a transaction's reply included.
    private static func check(_ replies: [RedisValue]) throws(RedisServerError) {
        for reply in replies {
            if let error = reply.error { throw error }
            guard case .array(let parts) = reply else { continue }
            for case .error(let error) in parts { throw error }
        }
    }
}
