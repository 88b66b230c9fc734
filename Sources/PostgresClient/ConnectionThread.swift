internal import CPosix
internal import Glibc
internal import Synchronization

/// Work for a connection's thread.
protocol ConnectionJob: Sendable {
    /// Runs on the thread that owns the connection.
    func run(_ session: borrowing PostgresSession)
    /// Called instead of ``run(_:)`` when the connection is gone before the job's turn.
    func fail(_ error: PostgresError)
}

/// A thread that owns one connection and runs the jobs given to it, one after the other.
///
/// Idle, it sleeps in `poll` on a wake-up descriptor and on the connection's socket, so that a server that goes away
/// is noticed at once and not by the next statement.
final class ConnectionThread: Sendable {
    private struct State {
        var jobs: [any ConnectionJob] = []
        var isStopping = false
        /// Why no job can run any more; set once the thread has given up its connection.
        var failure: PostgresError?
    }

    private let state = Mutex(State())
    private let wakeup: Int32

    /// Makes the thread's wake-up descriptor; ``start(name:connect:connected:)`` starts it.
    init() throws(PostgresError) {
        wakeup = cposix_eventfd()
        guard wakeup >= 0 else {
            throw PostgresError(.connectionFailed, "no descriptor is left for a connection (ulimit -n)")
        }
    }

    deinit {
        close(wakeup)
    }

    /// Starts the thread; `connect` runs on it first, and `connected` is told how that went.
    func start(
        name: String,
        connect: @escaping @Sendable () throws(PostgresError) -> PostgresSession,
        connected: @escaping @Sendable (Result<Void, PostgresError>) -> Void
    ) {
        let start = ThreadStart { [self] in
            cposix_set_thread_name(name)
            do throws(PostgresError) {
                let session = try connect()
                connected(.success(()))
                loop(session)
            } catch {
                finish(error)
                connected(.failure(error))
            }
        }
        guard start.launch() else {
            connected(.failure(PostgresError(.connectionFailed, "no thread is left for a connection (ulimit -u)")))
            return
        }
    }

    /// Queues a job; it is failed at once when the connection is gone.
    func enqueue(_ job: any ConnectionJob) {
        let failure = state.withLock { state in
            if state.failure == nil { state.jobs.append(job) }
            return state.failure
        }
        if let failure { job.fail(failure) } else { wake() }
    }

    /// Ends the thread after the jobs that are queued already.
    func stop() {
        state.withLock { $0.isStopping = true }
        wake()
    }

    private func wake() {
        var one: UInt64 = 1
        _ = write(wakeup, &one, 8)
    }

    private func loop(_ session: borrowing PostgresSession) {
        while true {
            let (jobs, isStopping) = state.withLock { state in
                defer { state.jobs.removeAll() }
                return (state.jobs, state.isStopping)
            }
            for (index, job) in jobs.enumerated() {
                job.run(session)
                if !session.isUsable {
                    let lost = PostgresError(.connectionLost, "the connection was lost before this statement was sent")
                    for late in jobs[(index + 1)...] { late.fail(lost) }
                    return finish(lost)
                }
            }
            if !jobs.isEmpty { continue }
            if isStopping { return finish(PostgresError(.closed, "the connection has been closed")) }
            if !sleep(session) {
                return finish(PostgresError(.connectionLost, "the server closed the connection"))
            }
        }
    }

    /// Waits for a job or for news from the server; false when the connection is lost.
    private func sleep(_ session: borrowing PostgresSession) -> Bool {
        var descriptors = [
            pollfd(fd: wakeup, events: Int16(POLLIN), revents: 0),
            pollfd(fd: session.socket, events: Int16(POLLIN), revents: 0),
        ]
        _ = poll(&descriptors, 2, -1)
        if descriptors[0].revents != 0 {
            var count: UInt64 = 0
            _ = read(wakeup, &count, 8)
        }
        // A server that goes says why first: read on until nothing is left, so that its end is not overlooked.
        while descriptors[1].revents != 0 {
            guard session.consumeInput() else { return false }
            descriptors[1].revents = 0
            _ = poll(&descriptors[1], 1, 0)
        }
        return true
    }

    private func finish(_ error: PostgresError) {
        let late = state.withLock { state in
            state.failure = error
            defer { state.jobs.removeAll() }
            return state.jobs
        }
        for job in late { job.fail(error) }
    }
}

/// The closure that a new thread begins with.
final class ThreadStart: Sendable {
    private let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) {
        self.body = body
    }

    /// Starts a detached thread; false when the system has none left.
    func launch() -> Bool {
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(self)
        let failure = pthread_create(
            &thread,
            nil,
            { argument in
                if let argument { Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue().body() }
                return nil
            },
            argument.toOpaque()
        )
        guard failure == 0 else {
            argument.release()
            return false
        }
        pthread_detach(thread)
        return true
    }
}
