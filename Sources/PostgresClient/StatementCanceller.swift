internal import CLibpq
internal import Glibc
internal import Synchronization

/// Cancels the statement of one job on the server, and never that of the next.
///
/// `PQcancel` opens a connection of its own and blocks, so it runs on a thread made for it. While it is under way the
/// job cannot end: the connection is not given to anyone else before the request has reached the server.
final class StatementCanceller: Sendable {
    private struct State {
        var lastTicket: UInt64 = 0
        var running: UInt64?
        var cancelled: Set<UInt64> = []
    }

    private let state = Mutex(State())
    /// Held while a request is sent and while a job ends.
    private let sending = Mutex<CancelHandle?>(nil)

    func attach(_ session: borrowing PostgresSession) {
        let handle = CancelHandle(session.connection)
        sending.withLock { $0 = handle }
    }

    func makeTicket() -> UInt64 {
        state.withLock { state in
            state.lastTicket += 1
            return state.lastTicket
        }
    }

    /// The job's turn has come; false when it was cancelled before.
    func begin(_ ticket: UInt64) -> Bool {
        state.withLock { state in
            if state.cancelled.remove(ticket) != nil { return false }
            state.running = ticket
            return true
        }
    }

    func end(_ ticket: UInt64) {
        sending.withLock { _ in
            state.withLock { state in
                if state.running == ticket { state.running = nil }
            }
        }
    }

    /// Drops what is kept about a job that has returned to its caller.
    func forget(_ ticket: UInt64) {
        state.withLock { _ = $0.cancelled.remove(ticket) }
    }

    func cancel(_ ticket: UInt64) {
        let hasBegun = state.withLock { state in
            if state.running == ticket { return true }
            state.cancelled.insert(ticket)
            return false
        }
        guard hasBegun else { return }
        // A request that reaches the server between two statements of the job is ignored there, so it is repeated.
        let sender = ThreadStart { [self] in
            while isRunning(ticket) {
                sending.withLock { handle in
                    if isRunning(ticket) { handle?.send() }
                }
                usleep(Self.repeatMicroseconds)
            }
        }
        _ = sender.launch()
    }

    private static let repeatMicroseconds: UInt32 = 50_000

    private func isRunning(_ ticket: UInt64) -> Bool {
        state.withLock { $0.running == ticket }
    }
}

/// What libpq needs to cancel a statement; usable from any thread.
final class CancelHandle: @unchecked Sendable {
    // libpq: "PQcancel can be invoked from a thread separate from the one manipulating the PGconn".
    private let pointer: OpaquePointer?

    init(_ connection: OpaquePointer) {
        pointer = PQgetCancel(connection)
    }

    deinit {
        PQfreeCancel(pointer)
    }

    /// Asks the server to cancel the running statement; blocks until it has taken the request.
    func send() {
        guard let pointer else { return }
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            _ = PQcancel(pointer, buffer.baseAddress, 256)
        }
    }
}
