package import MarketModel
package import NIOCore
package import RedisClient

/// An entry of the tick log with its place in it.
package struct LoggedEntry: Sendable {
    package let id: RedisStreamID
    package let entry: LogEntry
}

/// The tick log of one shard: a Redis stream with every frame as it was received.
///
/// Ids are assigned by the writer and rise strictly, so that after a broken connection it can tell what arrived.
package struct TickLog: Sendable {
    package let keys: LiveKeys
    private let client: RedisClient

    package init(keys: LiveKeys, client: RedisClient) {
        self.keys = keys
        self.client = client
    }

    /// Which log this is; made up when the log is new.
    ///
    /// A log that was lost has another one.
    package func identity() async throws -> String {
        var generator = SystemRandomNumberGenerator()
        let fresh = String(generator.next(), radix: 16)
        _ = try await client.set(keys.logIdentity, fresh, timeToLive: nil, onlyIfAbsent: true)
        guard let identity = try await client.get(keys.logIdentity) else { return fresh }
        return String(buffer: identity)
    }

    /// The newest entry, nil while the log is empty.
    package func last() async throws -> LoggedEntry? {
        try await client.lastStreamEntry(keys.log).map { LoggedEntry(id: $0.id, entry: LogEntry($0)) }
    }

    /// Reads what comes after `id`, waiting up to `block` for the first of it, on a connection of its own.
    package static func read(
        _ connection: RedisConnection,
        keys: LiveKeys,
        after id: RedisStreamID,
        count: Int,
        block: Duration
    ) async throws -> [LoggedEntry] {
        let entries = try await connection.readStream(keys.log, after: id, count: count, block: block)
        return entries.map { LoggedEntry(id: $0.id, entry: LogEntry($0)) }
    }

    /// Removes the entries before `id`.
    package func trim(before id: RedisStreamID) async throws {
        _ = try await client.trimStream(keys.log, upTo: id)
    }

    /// How many entries the log holds.
    package func count() async throws -> Int {
        try await client.streamLength(keys.log)
    }

    /// Adds the command that appends a frame, or a clock entry when `frame` is nil.
    package static func append(
        to batch: inout RedisCommandBatch,
        keys: LiveKeys,
        id: RedisStreamID,
        frame: ByteBuffer?,
        time: Timestamp
    ) {
        let stamp = ByteBuffer(string: String(time.microseconds))
        if let frame {
            batch.xadd(key: keys.log, id: id, fields: [(LogEntry.timeField, stamp), (LogEntry.frameField, frame)])
        } else {
            batch.xadd(key: keys.log, id: id, fields: [(LogEntry.timeField, stamp)])
        }
    }
}
