package import Logging

/// One connection to PostgreSQL with a thread of its own.
///
/// libpq's blocking calls run on that thread, so they never block Swift's thread pool; a whole closure runs there
/// without a hop between its statements.
package final class PostgresConnection: Sendable {
    private let thread: ConnectionThread
    private let canceller: StatementCanceller

    private init(thread: ConnectionThread, canceller: StatementCanceller) {
        self.thread = thread
        self.canceller = canceller
    }

    deinit {
        thread.stop()
    }

    /// Connects to the server.
    ///
    /// - Throws: ``PostgresError`` `.connectionFailed` with the server's or the system's reason.
    package static func connect(
        _ configuration: PostgresConfiguration,
        logger: Logger
    ) async throws -> PostgresConnection {
        let canceller = StatementCanceller()
        let thread = try ConnectionThread()
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            thread.start(
                name: "postgres",
                connect: { () throws(PostgresError) in
                    let session = try PostgresSession(configuration, logger: logger)
                    canceller.attach(session)
                    return session
                },
                connected: { result in continuation.resume(with: result.mapError { $0 as any Error }) }
            )
        }
        return PostgresConnection(thread: thread, canceller: canceller)
    }

    /// Runs `body` on the connection's thread and returns what it returns.
    ///
    /// When the calling task is cancelled, the statement that runs at that moment is cancelled on the server (it fails
    /// with SQLSTATE 57014), later ones of `body` too when they take long, and the connection stays usable.
    ///
    /// - Throws: what `body` throws; `CancellationError` when the task was cancelled before its turn;
    ///   ``PostgresError`` `.connectionLost`, `.closed`.
    package func run<Value: Sendable>(
        _ body: @escaping @Sendable (borrowing PostgresSession) throws -> Value
    ) async throws -> Value {
        let ticket = canceller.makeTicket()
        defer { canceller.forget(ticket) }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                thread.enqueue(ClosureJob(ticket: ticket, canceller: canceller, body: body, continuation: continuation))
            }
        } onCancel: {
            canceller.cancel(ticket)
        }
    }

    /// Closes the connection once the work given to it is done.
    package func close() {
        thread.stop()
    }
}

/// A closure that waits for its turn on a connection's thread.
private struct ClosureJob<Value: Sendable>: ConnectionJob {
    let ticket: UInt64
    let canceller: StatementCanceller
    let body: @Sendable (borrowing PostgresSession) throws -> Value
    let continuation: CheckedContinuation<Value, any Error>

    func run(_ session: borrowing PostgresSession) {
        guard canceller.begin(ticket) else {
            continuation.resume(throwing: CancellationError())
            return
        }
        let result: Result<Value, any Error>
        do {
            result = .success(try body(session))
        } catch {
            result = .failure(error)
        }
        canceller.end(ticket)
        continuation.resume(with: result)
    }

    func fail(_ error: PostgresError) {
        _ = canceller.begin(ticket)
        canceller.end(ticket)
        continuation.resume(throwing: error)
    }
}
