/// Whoever can send commands to Redis: a client or one of its connections.
///
/// The commands themselves are extensions of this protocol, so that they are written once.
package protocol RedisCommandSender: Sendable {
    /// Sends all commands in one piece and returns one reply for each, in order.
    ///
    /// Error replies are returned in their place as ``RedisValue/error(_:)``, not thrown. An empty batch is not sent.
    /// Batches of other callers may be executed before and after this one, and between its commands only by other
    /// connections.
    ///
    /// - Throws: ``RedisError`` `.connectionFailed` or `.overloaded` (nothing was sent), `.connectionClosed`,
    ///   `.timeout`, `.protocolViolation` (commands may have been executed), `.cancelled`, `.invalidArgument`,
    ///   `.shutDown`.
    func send(_ batch: RedisCommandBatch) async throws(RedisError) -> [RedisValue]

    /// Sends all commands in one piece and returns how many of them the server refused, and the first refusal.
    ///
    /// Cheaper than ``send(_:)``, as no replies are kept.
    ///
    /// - Throws: As ``send(_:)``.
    func sendCountingErrors(_ batch: RedisCommandBatch) async throws(RedisError) -> RedisErrorCount
}

extension RedisCommandSender {
    /// Sends one command and returns its reply.
    ///
    /// - Throws: ``RedisError`` `.serverError` with the server's error, otherwise as ``send(_:)``.
    @discardableResult
    package func command(_ name: StaticString, _ arguments: String...) async throws(RedisError) -> RedisValue {
        var batch = RedisCommandBatch(reservingCapacity: 256)
        batch.command(name, arguments)
        return try await sendOne(batch)
    }

    /// Asks the server for a sign of life.
    ///
    /// - Throws: As ``command(_:_:)``.
    package func ping() async throws(RedisError) {
        try await command("PING")
    }

    /// Sends a batch of one command and returns its reply.
    package func sendOne(_ batch: RedisCommandBatch) async throws(RedisError) -> RedisValue {
        try Self.onlyReply(try await send(batch))
    }

    /// Takes the reply of a batch of one command.
    package static func onlyReply(_ replies: [RedisValue]) throws(RedisError) -> RedisValue {
        guard let reply = replies.first else {
            throw RedisError(code: .protocolViolation, message: "Redis sent no reply to a command")
        }
        if let error = reply.error { throw RedisError(server: error) }
        return reply
    }
}
