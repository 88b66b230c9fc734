package import NIOCore

/// One socket to a Redis server, logged in and speaking RESP3.
///
/// Any number of tasks may send at the same time: their batches follow each other down the socket without waiting for
/// replies, and replies come back in the same order. The connection does not come back after it ended: ``RedisClient``
/// makes a new one.
package final class RedisConnection: RedisCommandSender {
    /// Where the server listens.
    package let address: RedisAddress
    private let channel: any Channel
    private let handler: NIOLoopBound<RedisChannelHandler>
    private let outbox: RedisOutbox
    private let commandTimeout: Duration

    /// Wraps a channel whose pipeline has the handler, on its event loop.
    package init(channel: any Channel, handler: RedisChannelHandler, configuration: RedisConfiguration) {
        self.channel = channel
        self.handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
        self.outbox = handler.outbox
        self.address = configuration.address
        self.commandTimeout = configuration.commandTimeout
    }

    deinit {
        close(.closedHere)
    }

    /// Why the connection ended, or nil while it is up.
    package var endReason: RedisError? { outbox.closed }

    package func send(_ batch: RedisCommandBatch) async throws(RedisError) -> [RedisValue] {
        try await send(batch, timeout: commandTimeout)
    }

    /// Sends all commands in one piece and returns one reply for each, in order; as ``send(_:)``.
    ///
    /// The timeout is the longest to wait for the last reply, nil for any time. After it the connection is given up.
    ///
    /// - Throws: As ``send(_:)``.
    package func send(_ batch: RedisCommandBatch, timeout: Duration?) async throws(RedisError) -> [RedisValue] {
        guard batch.count > 0 || !batch.isWellFormed else { return [] }
        let waiter = RedisWaiter<[RedisValue]>()
        try submit(batch, timeout: timeout, receiver: .replies(waiter))
        return try await waiter.value()
    }

    /// As ``send(_:)``, for a command that the server itself holds back for a time.
    package func send(_ batch: RedisCommandBatch, additionalTime: Duration) async throws(RedisError) -> [RedisValue] {
        try await send(batch, timeout: commandTimeout + additionalTime)
    }

    package func sendCountingErrors(_ batch: RedisCommandBatch) async throws(RedisError) -> RedisErrorCount {
        guard batch.count > 0 || !batch.isWellFormed else { return (0, nil) }
        let waiter = RedisWaiter<RedisErrorCount>()
        try submit(batch, timeout: commandTimeout, receiver: .errorCount(waiter))
        return try await waiter.value()
    }

    /// Closes the socket; what waits for replies fails with `.connectionClosed`.
    package func close() async {
        close(.closedHere)
        try? await channel.closeFuture.get()
    }

    /// Closes the socket without waiting for it.
    package func close(_ reason: RedisError) {
        let handler = handler
        channel.eventLoop.execute { handler.value.close(reason) }
    }

    /// Waits for the end of the connection or of the waiting task.
    package func waitForEnd() async {
        let ended = RedisWaiter<Void>()
        whenClosed { ended.deliver(.success(())) }
        try? await ended.value()
    }

    /// Calls back once the socket is closed, on the event loop.
    package func whenClosed(_ body: @escaping @Sendable () -> Void) {
        channel.closeFuture.whenComplete { _ in body() }
    }

    /// Logs in; the future has the connection's first error, if the server sent one.
    package func handshake(_ configuration: RedisConfiguration, deadline: NIODeadline) -> EventLoopFuture<
        RedisServerError?
    > {
        var batch = RedisCommandBatch(reservingCapacity: 256)
        batch.handshake(configuration)
        let promise = channel.eventLoop.makePromise(of: RedisServerError?.self)
        submit(batch.request(deadline: deadline, receiver: .handshake(promise)))
        return promise.futureResult
    }

    /// Sends a PING in regular intervals; one that is not answered in time ends the connection, as any command.
    ///
    /// For connections that only listen: they would never notice that the server is gone.
    package func keepAlive(every interval: Duration) {
        let interval = TimeAmount(interval)
        let task = channel.eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { [weak self] task in
            guard let self, self.endReason == nil else { return task.cancel() }
            var batch = RedisCommandBatch(reservingCapacity: 16)
            batch.command("PING", argumentCount: 0)
            self.submit(batch.request(deadline: self.deadline(after: self.commandTimeout), receiver: .nobody))
        }
        whenClosed { task.cancel() }
    }

    private func submit(
        _ batch: RedisCommandBatch,
        timeout: Duration?,
        receiver: RedisRequest.Receiver
    ) throws(RedisError) {
        guard batch.isWellFormed else {
            throw RedisError(
                code: .invalidArgument,
                message: "A Redis command has another number of arguments than it announced; a bug of the caller"
            )
        }
        guard !Task.isCancelled else { throw .cancelled }
        submit(batch.request(deadline: timeout.map(deadline(after:)), receiver: receiver))
    }

    private func submit(_ request: RedisRequest) {
        switch outbox.submit(request) {
        case .gathered: break
        case .refused(let error): request.fail(error)
        case .wake:
            let handler = handler
            channel.eventLoop.execute { handler.value.sendSubmitted() }
        }
    }

    private func deadline(after timeout: Duration) -> NIODeadline {
        channel.eventLoop.now + TimeAmount(timeout)
    }
}

extension RedisConnection: CustomStringConvertible, CustomReflectable {
    /// The address.
    package var description: String { "connection to Redis at \(address)" }

    /// A mirror without children: what is under way is nobody's business.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension RedisCommandBatch {
    fileprivate func request(deadline: NIODeadline?, receiver: RedisRequest.Receiver) -> RedisRequest {
        RedisRequest(bytes: bytes, replyCount: count, deadline: deadline, receiver: receiver)
    }
}

extension RedisError {
    /// The error of what was under way when this program closed the connection.
    package static var closedHere: RedisError {
        RedisError(
            code: .connectionClosed,
            message: "The connection to Redis was closed by this program; commands under way may have been executed",
            isRetryable: false
        )
    }
}
