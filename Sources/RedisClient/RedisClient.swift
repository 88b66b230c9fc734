package import Logging
package import NIOCore
internal import NIOPosix
internal import Synchronization

/// One Redis server, over a connection that all tasks share and that is remade when it breaks.
///
/// `init` starts nothing: the first command connects. While the server cannot be reached, commands fail at once with a
/// retryable error, after one attempt to connect that all share; attempts follow each other with growing, jittered
/// waits (``RedisConfiguration/reconnectDelay``). Commands that were under way when a connection broke fail and are
/// never repeated by the client.
package final class RedisClient: RedisCommandSender {
    /// How the server is reached.
    package let configuration: RedisConfiguration
    package let eventLoopGroup: any EventLoopGroup
    package let logger: Logger
    private let state: Mutex<State>

    private struct State {
        var reconnection: RedisReconnection<RedisConnection, RedisWaiter<RedisConnection>>
        /// Connections lent to one caller, to be closed at shutdown.
        var dedicated: [ObjectIdentifier: RedisConnection] = [:]
    }

    /// Makes a client that is not connected yet.
    package init(
        configuration: RedisConfiguration,
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        logger: Logger
    ) {
        self.configuration = configuration
        self.eventLoopGroup = eventLoopGroup
        self.logger = logger
        let backoff = RedisBackoff(configuration.reconnectDelay)
        state = Mutex(State(reconnection: RedisReconnection(backoff: backoff)))
    }

    package func send(_ batch: RedisCommandBatch) async throws(RedisError) -> [RedisValue] {
        try await withConnection { connection throws(RedisError) in try await connection.send(batch) }
    }

    package func sendCountingErrors(_ batch: RedisCommandBatch) async throws(RedisError) -> RedisErrorCount {
        try await withConnection { connection throws(RedisError) in try await connection.sendCountingErrors(batch) }
    }

    /// Lends a connection of its own, for what makes others wait, such as blocking reads; it is closed after the body.
    ///
    /// - Throws: What the body throws; ``RedisError`` as ``RedisConnection`` when it connects, or
    ///   `.shutDown`.
    package func withDedicatedConnection<R: Sendable>(
        _ body: (RedisConnection) async throws -> R
    ) async throws -> R {
        let connection = try await openDedicated(onMessage: nil)
        do {
            let result = try await body(connection)
            await closeDedicated(connection)
            return result
        } catch {
            await closeDedicated(connection)
            throw error
        }
    }

    /// Closes all connections, also the lent ones; whatever waits and every later call fails with `.shutDown`.
    package func shutdown() async {
        let (connection, waiters, dedicated) = state.withLock { state in
            let (connection, waiters) = state.reconnection.shutDown()
            return (connection, waiters, Array(state.dedicated.values))
        }
        for waiter in waiters { waiter.deliver(.failure(.shutDown)) }
        let connections = [connection].compactMap(\.self) + dedicated
        for connection in connections { connection.close(.shutDown) }
        for connection in connections { await connection.waitForEnd() }
    }

    /// Makes a connection for one caller, who gives it back to ``closeDedicated(_:)``.
    package func openDedicated(onMessage: (@Sendable (RedisMessage) -> Void)?) async throws(RedisError)
        -> RedisConnection
    {
        guard !state.withLock({ $0.reconnection.isShutDown }) else { throw .shutDown }
        let connection = try await RedisConnection.connect(
            configuration,
            eventLoopGroup: eventLoopGroup,
            logger: logger,
            onMessage: onMessage
        )
        let isShutDown = state.withLock { state in
            if !state.reconnection.isShutDown { state.dedicated[ObjectIdentifier(connection)] = connection }
            return state.reconnection.isShutDown
        }
        guard !isShutDown else {
            connection.close(.shutDown)
            throw .shutDown
        }
        return connection
    }

    /// Closes a connection that was made for one caller.
    package func closeDedicated(_ connection: RedisConnection) async {
        state.withLock { _ = $0.dedicated.removeValue(forKey: ObjectIdentifier(connection)) }
        await connection.close()
    }

    /// Runs something on the shared connection, once more on a new one if the first had ended unnoticed before anything
    /// was sent.
    private func withConnection<R>(
        _ body: (RedisConnection) async throws(RedisError) -> R
    ) async throws(RedisError) -> R {
        let connection = try await sharedConnection()
        do {
            return try await body(connection)
        } catch {
            guard error.code == .connectionFailed, let reason = connection.endReason else { throw error }
            lost(connection, reason)
        }
        return try await body(try await sharedConnection())
    }

    private func sharedConnection() async throws(RedisError) -> RedisConnection {
        guard !Task.isCancelled else { throw .cancelled }
        if let connection = state.withLock({ $0.reconnection.current }) { return connection }
        let waiter = RedisWaiter<RedisConnection>()
        switch state.withLock({ $0.reconnection.request(waiter, now: .now) }) {
        case .use(let connection): return connection
        case .refuse(let error): throw error
        case .wait: break
        case .connect: connect()
        }
        return try await waiter.value()
    }

    private func connect() {
        RedisConnection.open(configuration, eventLoopGroup: eventLoopGroup, logger: logger) { result in
            switch result {
            case .success(let connection): self.connected(connection)
            case .failure(let error): self.failed(error)
            }
        }
    }

    private func connected(_ connection: RedisConnection) {
        switch state.withLock({ $0.reconnection.connected(connection, now: .now) }) {
        case .close:
            connection.close(.shutDown)
        case .serve(let waiters):
            connection.whenClosed { [weak self, weak connection] in
                guard let self, let connection, let reason = connection.endReason else { return }
                self.lost(connection, reason)
            }
            for waiter in waiters { waiter.deliver(.success(connection)) }
        }
    }

    private func failed(_ error: RedisError) {
        let waiters = state.withLock { state in
            var generator = SystemRandomNumberGenerator()
            return state.reconnection.failed(error, now: .now, using: &generator)
        }
        for waiter in waiters { waiter.deliver(.failure(error)) }
    }

    private func lost(_ connection: RedisConnection, _ reason: RedisError) {
        let wasCurrent = state.withLock { state in
            var generator = SystemRandomNumberGenerator()
            return state.reconnection.lost(connection, reason, now: .now, using: &generator)
        }
        guard wasCurrent else { return }
        logger.warning("Lost the connection to Redis", metadata: ["reason": "\(reason)"])
    }
}

extension RedisClient: CustomStringConvertible, CustomReflectable {
    /// The address and the database.
    package var description: String { "client of \(configuration)" }

    /// A mirror without children: what is under way is nobody's business.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
