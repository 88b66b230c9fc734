internal import Logging
internal import Synchronization

extension RedisClient {
    /// How often a connection that only listens asks the server for a sign of life.
    private static let keepAliveInterval = Duration.seconds(10)

    /// Receives what is published on channels while the body runs.
    ///
    /// The body begins when the server has confirmed the channels. When the connection breaks, it is remade with
    /// backoff and the channels are subscribed again, without an end of the sequence; what is published meanwhile is
    /// lost, as always with pub/sub. The sequence ends early only when the server refuses the log-in or the channels,
    /// or the client is shut down; that error is then thrown in place of the body's result.
    ///
    /// - Parameters:
    ///   - channels: At least one name.
    ///   - limit: The most messages kept for a slow reader, at least 1.
    ///   - body: Reads the messages; its return ends the subscription.
    /// - Returns: What the body returns.
    /// - Throws: What the body throws; ``RedisError`` `.invalidArgument`, `.serverError` (refused), `.shutDown`,
    ///   `.cancelled`, and of the first connection also `.connectionFailed`.
    package func subscribe<R>(
        to channels: [String],
        bufferingNewest limit: Int,
        _ body: (RedisSubscription) async throws -> R
    ) async throws -> R {
        guard !channels.isEmpty, limit > 0 else {
            throw RedisError(
                code: .invalidArgument,
                message: "A subscription needs a channel and room for a message"
            )
        }
        let inbox = RedisMessageInbox(bufferingNewest: limit)
        let first = try await openSubscription(to: channels, inbox)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.keepSubscribed(to: channels, inbox, from: first) }
            let result: Result<R, any Error>
            do {
                result = .success(try await body(RedisSubscription(inbox: inbox)))
            } catch {
                result = .failure(error)
            }
            group.cancelAll()
            let upkeep = await group.nextResult()
            let value = try result.get()
            if case .failure(let error) = upkeep { throw error }
            return value
        }
    }

    /// Makes a connection again and again until cancelled; throws only what no further attempt can mend.
    private func keepSubscribed(
        to channels: [String],
        _ inbox: RedisMessageInbox,
        from first: RedisConnection
    ) async throws(RedisError) {
        var connection = first
        defer { inbox.finish() }
        while true {
            await connection.waitForEnd()
            let reason = connection.endReason
            await closeDedicated(connection)
            if Task.isCancelled { return }
            if let reason, reason.code == .shutDown { throw reason }
            logger.warning(
                "Lost a subscription to Redis, subscribing again",
                metadata: ["reason": "\(reason.map(String.init(describing:)) ?? "")"]
            )
            guard let next = try await resubscribe(to: channels, inbox) else { return }
            connection = next
            inbox.reconnections.add(1, ordering: .relaxed)
        }
    }

    /// Tries with backoff until it works; nil when the task is cancelled.
    private func resubscribe(
        to channels: [String],
        _ inbox: RedisMessageInbox
    ) async throws(RedisError) -> RedisConnection? {
        var backoff = RedisBackoff(configuration.reconnectDelay)
        var generator = SystemRandomNumberGenerator()
        while !Task.isCancelled {
            try? await Task.sleep(for: backoff.next(using: &generator))
            do {
                return try await openSubscription(to: channels, inbox)
            } catch {
                if error.code == .cancelled { return nil }
                guard error.isRetryable else {
                    logger.error("Gave up a subscription to Redis", metadata: ["error": "\(error)"])
                    throw error
                }
            }
        }
        return nil
    }

    /// Connects and subscribes; returns when the server has confirmed every channel.
    private func openSubscription(
        to channels: [String],
        _ inbox: RedisMessageInbox
    ) async throws(RedisError) -> RedisConnection {
        let connection = try await openDedicated { inbox.add($0) }
        var batch = RedisCommandBatch(reservingCapacity: 1024)
        batch.confirmedSubscribe(to: channels)
        do {
            _ = try await connection.sendOne(batch)
        } catch {
            await closeDedicated(connection)
            throw error
        }
        connection.keepAlive(every: Self.keepAliveInterval)
        return connection
    }
}
