/// Whether there is a connection, and who waits for one: the state of a client, without any I/O.
///
/// Every input returns what is to be done. There is one attempt at a time, which all callers share; after a failed one,
/// callers are refused with its error until the wait of the backoff is over. A connection that lasted less than
/// ``minimumLife`` counts as a failure.
package struct RedisReconnection<Connection: AnyObject, Waiter> {
    /// What a caller who needs a connection does.
    package enum Request {
        /// Use this one.
        case use(Connection)
        /// Wait; the attempt is under way.
        case wait
        /// Start an attempt, then wait.
        case connect
        /// Give up with this.
        case refuse(RedisError)
    }

    /// What became of an attempt.
    package enum Outcome {
        /// Give these the connection.
        case serve([Waiter])
        /// Close the connection, the client is shut down.
        case close
    }

    private enum Phase {
        case down(retryAt: ContinuousClock.Instant?, error: RedisError?)
        case connecting([Waiter])
        case up(Connection, since: ContinuousClock.Instant)
        case shutDown
    }

    /// How long a connection has to last for the next attempt to be made without a wait.
    package static var minimumLife: Duration { .seconds(1) }

    private var phase = Phase.down(retryAt: nil, error: nil)
    private var backoff: RedisBackoff

    package init(backoff: RedisBackoff) {
        self.backoff = backoff
    }

    /// The connection, while there is one.
    package var current: Connection? {
        guard case .up(let connection, _) = phase else { return nil }
        return connection
    }

    /// Whether the client was shut down.
    package var isShutDown: Bool {
        guard case .shutDown = phase else { return false }
        return true
    }

    /// A caller needs a connection; `waiter` is kept if it has to wait.
    package mutating func request(_ waiter: Waiter, now: ContinuousClock.Instant) -> Request {
        switch phase {
        case .up(let connection, _):
            return .use(connection)
        case .connecting(var waiters):
            phase = .shutDown  // for a moment: the array must not be held twice when it grows
            waiters.append(waiter)
            phase = .connecting(waiters)
            return .wait
        case .down(let retryAt?, let error?) where now < retryAt:
            return .refuse(error)
        case .down:
            phase = .connecting([waiter])
            return .connect
        case .shutDown:
            return .refuse(.shutDown)
        }
    }

    /// The attempt succeeded.
    package mutating func connected(_ connection: Connection, now: ContinuousClock.Instant) -> Outcome {
        guard case .connecting(let waiters) = phase else { return .close }
        phase = .up(connection, since: now)
        return .serve(waiters)
    }

    /// The attempt failed; returns whom to tell.
    package mutating func failed(
        _ error: RedisError,
        now: ContinuousClock.Instant,
        using generator: inout some RandomNumberGenerator
    ) -> [Waiter] {
        guard case .connecting(let waiters) = phase else { return [] }
        phase = .down(retryAt: now + backoff.next(using: &generator), error: error)
        return waiters
    }

    /// A connection ended; returns whether it was the current one.
    package mutating func lost(
        _ connection: Connection,
        _ error: RedisError,
        now: ContinuousClock.Instant,
        using generator: inout some RandomNumberGenerator
    ) -> Bool {
        guard case .up(let current, let since) = phase, current === connection else { return false }
        if now - since < Self.minimumLife, backoff.failures > 0 {
            phase = .down(retryAt: now + backoff.next(using: &generator), error: .connectionLostAgain(error))
        } else if now - since < Self.minimumLife {
            // The first time it may have been the server's restart: try at once, but remember.
            _ = backoff.next(using: &generator)
            phase = .down(retryAt: nil, error: nil)
        } else {
            backoff.reset()
            phase = .down(retryAt: nil, error: nil)
        }
        return true
    }

    /// The client is shut down; returns the connection to close and whom to tell.
    package mutating func shutDown() -> (connection: Connection?, waiters: [Waiter]) {
        defer { phase = .shutDown }
        switch phase {
        case .up(let connection, _): return (connection, [])
        case .connecting(let waiters): return (nil, waiters)
        case .down, .shutDown: return (nil, [])
        }
    }
}

extension RedisError {
    /// The error while the next attempt waits because connections do not last.
    package static func connectionLostAgain(_ cause: RedisError) -> RedisError {
        RedisError(
            code: .connectionFailed,
            message: "Connections to Redis end shortly after they are made; the next attempt waits a little",
            cause: cause
        )
    }
}
