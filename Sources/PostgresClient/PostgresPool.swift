package import Logging
internal import Synchronization

/// How many connections a pool keeps, and for how long.
package struct PostgresPoolConfiguration: Sendable {
    /// Connections that are kept open while idle (`DATABASE_POOL_SIZE`).
    package var size = 5
    /// Connections above `size` that may be opened when all are in use (`DATABASE_MAX_OVERFLOW`).
    package var maximumOverflow = 10
    /// The longest wait for a connection (`DATABASE_POOL_TIMEOUT`).
    package var timeout: Duration = .seconds(30)
    /// The age at which a connection is replaced (`DATABASE_POOL_RECYCLE`).
    package var recycleAfter: Duration = .seconds(3600)

    package init() {}

    /// - Throws: ``PostgresError`` `.invalidConfiguration` that names every setting out of range.
    package func validate() throws(PostgresError) {
        var faults: [String] = []
        if !(1...1000).contains(size) { faults.append("DATABASE_POOL_SIZE must be 1 to 1000, not \(size)") }
        if !(0...1000).contains(maximumOverflow) {
            faults.append("DATABASE_MAX_OVERFLOW must be 0 to 1000, not \(maximumOverflow)")
        }
        if !(.zero < timeout && timeout <= .seconds(86_400)) {
            faults.append("DATABASE_POOL_TIMEOUT must be 1 to 86400 seconds")
        }
        if !(.zero < recycleAfter && recycleAfter <= .seconds(31_536_000)) {
            faults.append("DATABASE_POOL_RECYCLE must be 1 to 31536000 seconds")
        }
        if !faults.isEmpty { throw PostgresError(.invalidConfiguration, faults.joined(separator: "; ")) }
    }
}

/// A pool's figures at one moment.
package struct PostgresPoolStatistics: Sendable {
    package let idle: Int
    package let busy: Int
    package let waiting: Int
}

/// A pool of connections to one server.
///
/// Opens them when they are asked for; `init` starts nothing.
package final class PostgresPool: Sendable {
    package let configuration: PostgresConfiguration
    private let settings: PostgresPoolConfiguration
    private let logger: Logger
    private let state: Mutex<State>

    /// What a waiter gets.
    private enum Grant: Sendable {
        case connection(PostgresConnection)
        /// A place in the pool, in which the waiter opens a connection.
        case open
    }

    private struct State {
        var machine: PoolState<PostgresConnection>
        var continuations: [UInt64: CheckedContinuation<Grant, any Error>] = [:]
        /// What came for a waiter before it had started to wait.
        var early: [UInt64: Result<Grant, any Error>] = [:]
    }

    /// - Throws: ``PostgresError`` `.invalidConfiguration`.
    package init(
        _ configuration: PostgresConfiguration,
        settings: PostgresPoolConfiguration = PostgresPoolConfiguration(),
        logger: Logger
    ) throws(PostgresError) {
        try settings.validate()
        self.configuration = configuration
        self.settings = settings
        self.logger = logger
        self.state = Mutex(State(machine: PoolState(settings)))
    }

    package var statistics: PostgresPoolStatistics {
        state.withLock { state in
            let machine = state.machine
            return PostgresPoolStatistics(idle: machine.idleCount, busy: machine.busy, waiting: machine.waiterCount)
        }
    }

    /// Lends a connection to `body`, which runs on the connection's thread and cannot await anything.
    ///
    /// - Throws: what `body` throws; ``PostgresError`` `.poolTimeout` when none came free in time,
    ///   `.connectionFailed`, `.connectionLost`; `CancellationError`.
    package func withConnection<Value: Sendable>(
        _ body: @escaping @Sendable (borrowing PostgresSession) throws -> Value
    ) async throws -> Value {
        var lost: PostgresError?
        // Every connection can have been lost while it was idle, but a new one is opened after that.
        for _ in 0...(settings.size + settings.maximumOverflow) {
            let connection = try await lease()
            let outcome: (result: Result<Value, any Error>, isClean: Bool)
            do {
                outcome = try await connection.run { session in
                    let result: Result<Value, any Error>
                    do { result = .success(try body(session)) } catch { result = .failure(error) }
                    // Whoever left a transaction open, or lost the connection, does not hand it on.
                    return (result, session.isUsable && session.isIdle)
                }
            } catch let error as PostgresError {
                // Lost before `body` had begun: nothing was sent, so another connection may try.
                release(connection, isUsable: false)
                lost = error
                continue
            } catch {
                // Cancelled before its turn: the connection was not touched.
                release(connection, isUsable: true)
                throw error
            }
            release(connection, isUsable: outcome.isClean)
            return try outcome.result.get()
        }
        throw lost ?? PostgresError(.connectionLost, "every connection of the pool was lost")
    }

    /// Runs `body` in a transaction on one connection: COMMIT when it returns, ROLLBACK when it throws.
    package func withTransaction<Value: Sendable>(
        _ body: @escaping @Sendable (borrowing PostgresSession) throws -> Value
    ) async throws -> Value {
        try await withConnection { session in try session.transaction(body) }
    }

    /// Runs one statement with bound parameters and returns all its rows.
    package func query(_ sql: String, _ values: any PostgresEncodable...) async throws -> PostgresResult {
        try await withConnection { session in try session.query(sql, values: values) }
    }

    /// Runs SQL without parameters.
    package func execute(_ sql: String) async throws {
        try await withConnection { session in try session.execute(sql) }
    }

    /// Closes idle connections at once and the others when they come back; who waits is failed.
    package func shutDown() {
        let (connections, waiters) = state.withLock { $0.machine.shutDown() }
        for connection in connections { connection.close() }
        let closed = PostgresError(.closed, "the connection pool has been shut down")
        for waiter in waiters { settle(waiter, .failure(closed)) }
    }

    private func lease() async throws -> PostgresConnection {
        try Task.checkCancellation()
        let (action, expired) = state.withLock { $0.machine.lease(now: .now) }
        for connection in expired { connection.close() }
        switch action {
        case .use(let connection): return connection
        case .open: return try await open()
        case .fail(let error): throw error
        case .wait(let waiter):
            switch try await wait(waiter) {
            case .connection(let connection): return connection
            case .open: return try await open()
            }
        }
    }

    private func open() async throws -> PostgresConnection {
        do {
            let connection = try await PostgresConnection.connect(configuration, logger: logger)
            state.withLock { $0.machine.opened(connection, now: .now) }
            return connection
        } catch {
            perform(state.withLock { $0.machine.openFailed() })
            throw error
        }
    }

    private func release(_ connection: PostgresConnection, isUsable: Bool) {
        perform(state.withLock { $0.machine.release(connection, isUsable: isUsable, now: .now) })
    }

    private func perform(_ action: PoolState<PostgresConnection>.FreeAction) {
        switch action {
        case .nothing: break
        case .hand(let waiter, let connection): settle(waiter, .success(.connection(connection)))
        case .letOpen(let waiter): settle(waiter, .success(.open))
        case .close(let connection): connection.close()
        case .closeAndLetOpen(let connection, let waiter):
            connection.close()
            settle(waiter, .success(.open))
        }
    }

    /// Waits for a grant.
    ///
    /// Never returns before the grant or the refusal has arrived, so that no grant is lost.
    private func wait(_ waiter: UInt64) async throws -> Grant {
        let result = await withTaskGroup(of: Result<Grant, any Error>?.self) { group in
            group.addTask { [self] in
                do {
                    return .success(try await grant(for: waiter))
                } catch {
                    return .failure(error)
                }
            }
            group.addTask { [timeout = settings.timeout] in
                try? await Task.sleep(for: timeout)
                return nil
            }
            while let outcome = await group.next() {
                if let outcome {
                    group.cancelAll()
                    return outcome
                }
                abandon(waiter, Task.isCancelled ? CancellationError() : timeoutError())
            }
            return .failure(PostgresError(.closed, "the wait for a connection ended without one"))
        }
        return try result.get()
    }

    private func grant(for waiter: UInt64) async throws -> Grant {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let early = state.withLock { state in
                    let early = state.early.removeValue(forKey: waiter)
                    if early == nil { state.continuations[waiter] = continuation }
                    return early
                }
                if let early { continuation.resume(with: early) }
            }
        } onCancel: {
            abandon(waiter, CancellationError())
        }
    }

    private func abandon(_ waiter: UInt64, _ error: any Error) {
        guard state.withLock({ $0.machine.abandon(waiter) }) else { return }
        settle(waiter, .failure(error))
    }

    private func settle(_ waiter: UInt64, _ result: Result<Grant, any Error>) {
        let continuation = state.withLock { state in
            let continuation = state.continuations.removeValue(forKey: waiter)
            if continuation == nil { state.early[waiter] = result }
            return continuation
        }
        continuation?.resume(with: result)
    }

    private func timeoutError() -> PostgresError {
        let limit = settings.size + settings.maximumOverflow
        return PostgresError(
            .poolTimeout,
            "no database connection came free within \(settings.timeout): all \(limit) are in use "
                + "(DATABASE_POOL_SIZE, DATABASE_MAX_OVERFLOW)"
        )
    }
}
