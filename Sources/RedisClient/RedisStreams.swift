/// Streams: reading without waiting, ends, length, trimming.
extension RedisCommandSender {
    /// Returns the entries of a stream beyond an id, oldest first, without waiting for new ones; a missing stream has
    /// none.
    ///
    /// At most `count` entries are returned, the oldest; it is at least 1.
    ///
    /// - Throws: ``RedisError`` `.serverError` (not a stream), `.invalidArgument` (count), otherwise as ``send(_:)``.
    package func readStream(
        _ key: String,
        after id: RedisStreamID,
        count: Int
    ) async throws(RedisError) -> [RedisStreamEntry] {
        let batch = try RedisCommandBatch.readStream(key, after: id, count: count, block: nil)
        return try Self.entries(try await sendOne(batch), of: key)
    }

    /// Returns the newest entry of a stream, or nil.
    ///
    /// - Throws: As ``command(_:_:)``.
    package func lastStreamEntry(_ key: String) async throws(RedisError) -> RedisStreamEntry? {
        guard let entries = RedisStreamEntry.list(try await command("XREVRANGE", key, "+", "-", "COUNT", "1")) else {
            throw .unexpectedReply(to: "XREVRANGE")
        }
        return entries.first
    }

    /// Returns the oldest entry of a stream, or nil.
    ///
    /// - Throws: As ``command(_:_:)``.
    package func firstStreamEntry(_ key: String) async throws(RedisError) -> RedisStreamEntry? {
        guard let entries = RedisStreamEntry.list(try await command("XRANGE", key, "-", "+", "COUNT", "1")) else {
            throw .unexpectedReply(to: "XRANGE")
        }
        return entries.first
    }

    /// Removes the entries before an id, and returns how many there were; the entry with the id stays.
    ///
    /// - Throws: As ``command(_:_:)``.
    @discardableResult
    package func trimStream(_ key: String, upTo minimumID: RedisStreamID) async throws(RedisError) -> Int {
        guard case .integer(let count) = try await command("XTRIM", key, "MINID", "=", "\(minimumID)") else {
            throw .unexpectedReply(to: "XTRIM")
        }
        return Int(count)
    }

    /// Returns the number of entries of a stream; 0 if it is missing.
    ///
    /// - Throws: As ``command(_:_:)``.
    package func streamLength(_ key: String) async throws(RedisError) -> Int {
        guard case .integer(let count) = try await command("XLEN", key) else { throw .unexpectedReply(to: "XLEN") }
        return Int(count)
    }

    /// Takes the entries of one stream out of the reply to XREAD.
    fileprivate static func entries(_ reply: RedisValue, of key: String) throws(RedisError) -> [RedisStreamEntry] {
        if reply.isNull { return [] }
        guard let entries = RedisStreamEntry.list(reply[key: key]) else { throw .unexpectedReply(to: "XREAD") }
        return entries
    }
}

extension RedisConnection {
    /// Returns the entries of a stream beyond an id, oldest first, waiting for the first of them if there are none.
    ///
    /// What is sent on this connection meanwhile waits, too: use one of its own. A cancelled task stops waiting at
    /// once, but the server does not: close the connection then, as ``RedisClient/withDedicatedConnection(_:)`` does.
    ///
    /// - Parameters:
    ///   - key: The stream.
    ///   - id: The id after which to read; the entry with it is not returned.
    ///   - count: The most entries returned, at least 1; the oldest come first.
    ///   - block: The longest to wait, rounded up to milliseconds and at least one, then nothing is returned; nil does
    ///     not wait. The command timeout comes on top. A year is the most.
    /// - Returns: The entries; none if nothing came.
    /// - Throws: ``RedisError`` `.serverError` (not a stream), `.invalidArgument` (count), otherwise as ``send(_:)``.
    package func readStream(
        _ key: String,
        after id: RedisStreamID,
        count: Int,
        block: Duration?
    ) async throws(RedisError) -> [RedisStreamEntry] {
        let block = block.map { min($0, .seconds(365 * 86_400)) }
        let batch = try RedisCommandBatch.readStream(key, after: id, count: count, block: block)
        let replies = try await send(batch, additionalTime: block ?? .zero)
        return try Self.entries(try Self.onlyReply(replies), of: key)
    }
}

extension RedisCommandBatch {
    fileprivate static func readStream(
        _ key: String,
        after id: RedisStreamID,
        count: Int,
        block: Duration?
    ) throws(RedisError) -> RedisCommandBatch {
        guard count > 0 else {
            throw RedisError(code: .invalidArgument, message: "At least one entry has to be read from a stream")
        }
        var batch = RedisCommandBatch(reservingCapacity: 256)
        batch.command("XREAD", argumentCount: block == nil ? 5 : 7)
        batch.appendStatic("COUNT")
        batch.append(Int64(count))
        if let block {
            batch.appendStatic("BLOCK")
            batch.append(max(1, block.wholeMilliseconds))
        }
        batch.appendStatic("STREAMS")
        batch.append(key)
        batch.append(id)
        return batch
    }
}
