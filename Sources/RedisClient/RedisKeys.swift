package import NIOCore

/// Keys with values and times to live.
extension RedisCommandSender {
    /// Returns the value of a key, or nil if there is none.
    ///
    /// - Throws: As ``command(_:_:)``.
    package func get(_ key: String) async throws(RedisError) -> ByteBuffer? {
        let reply = try await command("GET", key)
        guard reply.bytes != nil || reply.isNull else { throw .unexpectedReply(to: "GET") }
        return reply.bytes
    }

    /// Returns the values of several keys in their order, nil where there is none; all at one moment.
    ///
    /// - Throws: As ``command(_:_:)``.
    package func get(_ keys: [String]) async throws(RedisError) -> [ByteBuffer?] {
        guard !keys.isEmpty else { return [] }
        var batch = RedisCommandBatch()
        batch.command("MGET", keys)
        guard let values = try await sendOne(batch).array, values.count == keys.count else {
            throw .unexpectedReply(to: "MGET")
        }
        return values.map(\.bytes)
    }

    /// Sets a key and returns whether it was set.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - value: Its new value.
    ///   - timeToLive: When the key disappears, rounded up to milliseconds; nil means never, also if it had a time
    ///     before.
    ///   - onlyIfAbsent: Leave a key alone that is there already.
    /// - Returns: Whether the key was set; false only with `onlyIfAbsent`.
    /// - Throws: ``RedisError`` `.invalidArgument` (time to live), otherwise as ``command(_:_:)``.
    @discardableResult
    package func set(
        _ key: String,
        _ value: ByteBuffer,
        timeToLive: Duration? = nil,
        onlyIfAbsent: Bool = false
    ) async throws(RedisError) -> Bool {
        let milliseconds = timeToLive?.wholeMilliseconds
        guard milliseconds.map({ $0 > 0 }) ?? true else {
            throw RedisError(code: .invalidArgument, message: "A key's time to live has to be positive")
        }
        var batch = RedisCommandBatch(reservingCapacity: 128 + value.readableBytes)
        batch.command("SET", argumentCount: 2 + (milliseconds == nil ? 0 : 2) + (onlyIfAbsent ? 1 : 0))
        batch.append(key)
        batch.append(value)
        if let milliseconds {
            batch.appendStatic("PX")
            batch.append(milliseconds)
        }
        if onlyIfAbsent { batch.appendStatic("NX") }
        return !(try await sendOne(batch).isNull)
    }

    /// Sets a key to a text; as the form for bytes.
    ///
    /// - Throws: ``RedisError`` `.invalidArgument` (time to live), otherwise as ``command(_:_:)``.
    @discardableResult
    package func set(
        _ key: String,
        _ value: String,
        timeToLive: Duration? = nil,
        onlyIfAbsent: Bool = false
    ) async throws(RedisError) -> Bool {
        try await set(key, ByteBuffer(string: value), timeToLive: timeToLive, onlyIfAbsent: onlyIfAbsent)
    }

    /// Deletes keys and returns how many of them were there.
    ///
    /// - Throws: As ``command(_:_:)``.
    @discardableResult
    package func delete(_ keys: [String]) async throws(RedisError) -> Int {
        guard !keys.isEmpty else { return 0 }
        var batch = RedisCommandBatch()
        batch.command("DEL", keys)
        guard case .integer(let count) = try await sendOne(batch) else { throw .unexpectedReply(to: "DEL") }
        return Int(count)
    }
}

extension Duration {
    /// Milliseconds, rounded up; at most about 146 million years.
    package var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        guard seconds.magnitude < UInt64(Int64.max / 2000) else { return seconds < 0 ? .min / 2 : .max / 2 }
        let whole = attoseconds / 1_000_000_000_000_000
        let rest = attoseconds % 1_000_000_000_000_000
        return seconds * 1000 + whole + (rest > 0 ? 1 : 0)
    }
}
