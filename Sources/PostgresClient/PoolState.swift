/// Who may use which connection: the pool's decisions, apart from all I/O.
///
/// Every input returns what the caller has to do. Waiters are served in the order they came, idle connections newest
/// first, so that overflow connections fall idle and can be closed.
package struct PoolState<Connection: AnyObject & Sendable>: Sendable {
    package typealias WaiterID = UInt64

    /// What a caller that wants a connection has to do.
    package enum LeaseAction {
        case use(Connection)
        /// Open a connection, then report `opened` or `openFailed`.
        case open
        /// Wait until the waiter is called.
        case wait(WaiterID)
        case fail(PostgresError)
    }

    /// What has to be done with a place that came free.
    package enum FreeAction {
        case nothing
        /// Give the connection to this waiter.
        case hand(WaiterID, Connection)
        /// Tell this waiter to open a connection of its own.
        case letOpen(WaiterID)
        /// Close the connection; nobody waits.
        case close(Connection)
        /// Close the connection, and tell the waiter to open one in its place.
        case closeAndLetOpen(Connection, WaiterID)
    }

    private struct Idle {
        let connection: Connection
        let bornAt: ContinuousClock.Instant
    }

    private let configuration: PostgresPoolConfiguration
    private var idle: [Idle] = []
    private var births: [ObjectIdentifier: ContinuousClock.Instant] = [:]
    /// Connections lent out or being opened.
    package private(set) var busy = 0
    private var waiters: [WaiterID] = []
    private var lastWaiter: WaiterID = 0
    package private(set) var isShutDown = false

    package init(_ configuration: PostgresPoolConfiguration) {
        self.configuration = configuration
    }

    package var idleCount: Int { idle.count }
    package var waiterCount: Int { waiters.count }
    private var total: Int { idle.count + busy }

    package mutating func lease(now: ContinuousClock.Instant) -> (action: LeaseAction, close: [Connection]) {
        guard !isShutDown else { return (.fail(PostgresError(.closed, "the connection pool has been shut down")), []) }
        var expired: [Connection] = []
        while let candidate = idle.popLast() {
            if now - candidate.bornAt < configuration.recycleAfter {
                busy += 1
                return (.use(candidate.connection), expired)
            }
            births[ObjectIdentifier(candidate.connection)] = nil
            expired.append(candidate.connection)
        }
        if total < configuration.size + configuration.maximumOverflow {
            busy += 1
            return (.open, expired)
        }
        lastWaiter += 1
        waiters.append(lastWaiter)
        return (.wait(lastWaiter), expired)
    }

    /// A connection was opened; its owner uses it now.
    package mutating func opened(_ connection: Connection, now: ContinuousClock.Instant) {
        births[ObjectIdentifier(connection)] = now
    }

    /// No connection could be opened: its place goes to the next waiter, who may be luckier.
    package mutating func openFailed() -> FreeAction {
        busy -= 1
        return placeFree()
    }

    /// A connection came back.
    package mutating func release(
        _ connection: Connection,
        isUsable: Bool,
        now: ContinuousClock.Instant
    ) -> FreeAction {
        let key = ObjectIdentifier(connection)
        let born = births[key] ?? now
        if !isUsable || isShutDown || now - born >= configuration.recycleAfter {
            births[key] = nil
            busy -= 1
            if case .letOpen(let waiter) = placeFree() { return .closeAndLetOpen(connection, waiter) }
            return .close(connection)
        }
        if let waiter = nextWaiter() { return .hand(waiter, connection) }
        busy -= 1
        guard idle.count < configuration.size else {
            births[key] = nil
            return .close(connection)
        }
        idle.append(Idle(connection: connection, bornAt: born))
        return .nothing
    }

    /// The waiter gives up; false when it has been served already.
    package mutating func abandon(_ waiter: WaiterID) -> Bool {
        guard let index = waiters.firstIndex(of: waiter) else { return false }
        waiters.remove(at: index)
        return true
    }

    /// Closes the pool: the idle connections and the waiters to be told.
    package mutating func shutDown() -> (close: [Connection], fail: [WaiterID]) {
        isShutDown = true
        defer {
            idle = []
            waiters = []
        }
        return (idle.map(\.connection), waiters)
    }

    private mutating func placeFree() -> FreeAction {
        guard let waiter = nextWaiter() else { return .nothing }
        busy += 1
        return .letOpen(waiter)
    }

    private mutating func nextWaiter() -> WaiterID? {
        waiters.isEmpty ? nil : waiters.removeFirst()
    }
}
