import PostgresClient
import Synchronization
import Testing

@Suite("Cancelling a task", .timeLimit(.minutes(5)))
struct PostgresCancellationTests {
    /// Runs a pool's statement in a task, and cancels it once the server works on it.
    private func cancelled(_ pool: PostgresPool, _ sql: String) async throws -> any Error {
        let observer = try await TestServer.observer(of: pool.configuration)
        defer { observer.close() }
        let task = Task { _ = try await pool.query(sql) }
        let database = try #require(pool.configuration.database)
        let isRunning = try await TestServer.eventually {
            try await observer.query(
                "SELECT 1 FROM pg_stat_activity WHERE datname = $1::text AND state = 'active' AND query = $2::text",
                database,
                sql
            ).count == 1
        }
        #expect(isRunning)
        task.cancel()
        return try #require(await #expect(throws: (any Error).self) { try await task.value })
    }

    @Test("a running statement is cancelled on the server, and the next caller has the same connection")
    func running() async throws {
        let pool = try await TestServer.pool(size: 1, overflow: 0)
        let backend: Int32 = try await pool.query("SELECT pg_backend_pid()").value(0, 0)
        let begin = ContinuousClock.now
        let error = try await cancelled(pool, "SELECT pg_sleep(30)")
        #expect(ContinuousClock.now - begin < .seconds(15))
        #expect((error as? PostgresError)?.sqlState == "57014")
        #expect(pool.statistics.busy == 0)
        #expect(try await pool.query("SELECT pg_backend_pid()").value(0, 0) == backend)
    }

    @Test("a statement in a transaction is cancelled, the transaction rolled back, the connection kept")
    func inTransaction() async throws {
        let pool = try await TestServer.pool(size: 1, overflow: 0)
        try await pool.execute("CREATE TABLE t (n int4)")
        let isInside = AsyncStream<Void>.makeStream()
        let task = Task {
            try await pool.withTransaction { session in
                try session.execute("INSERT INTO t VALUES (1)")
                isInside.continuation.finish()
                try session.execute("SELECT pg_sleep(30)")
            }
        }
        for await _ in isInside.stream {}
        let begin = ContinuousClock.now
        task.cancel()
        let error = await #expect(throws: PostgresError.self) { try await task.value }
        #expect(error?.sqlState == "57014")
        #expect(ContinuousClock.now - begin < .seconds(15))
        #expect(try await pool.query("SELECT count(*) FROM t").value(0, 0, as: Int64.self) == 0)
    }

    @Test("a job that was cancelled before its turn never begins")
    func beforeItsTurn() async throws {
        let connection = try await TestServer.connection()
        defer { connection.close() }
        let isFirstInside = AsyncStream<Void>.makeStream()
        let mayGo = Mutex(false)
        let first = Task {
            try await connection.run { session in
                isFirstInside.continuation.finish()
                while !mayGo.withLock({ $0 }) { try session.execute("SELECT pg_sleep(0.001)") }
            }
        }
        for await _ in isFirstInside.stream {}
        let hasBegun = Mutex(false)
        let second = Task { try await connection.run { _ in hasBegun.withLock { $0 = true } } }
        second.cancel()
        mayGo.withLock { $0 = true }
        await #expect(throws: CancellationError.self) { try await second.value }
        try await first.value
        #expect(!hasBegun.withLock { $0 })
        #expect(try await connection.query("SELECT 7::int4").value(0, 0, as: Int32.self) == 7)
    }

    @Test("a task that is cancelled already gets no connection, and none is lost")
    func cancelledAlready() async throws {
        let pool = try await TestServer.pool()
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await pool.query("SELECT 1")
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(pool.statistics.busy == 0)
    }

    @Test("a cancellation at any moment takes hold, between two statements too")
    func neverLost() async throws {
        let connection = try await TestServer.connection()
        defer { connection.close() }
        var numbers = SeededNumbers(seed: 3)
        for _ in 0..<200 {
            let isInside = AsyncStream<Void>.makeStream()
            let task = Task {
                try await connection.run { session in
                    isInside.continuation.finish()
                    for _ in 0..<20 { try session.execute("SELECT 1") }
                    // A cancellation that is lost ends here, late and without an error.
                    try session.execute("SELECT pg_sleep(60)")
                }
            }
            for await _ in isInside.stream {}
            try await Task.sleep(for: .microseconds(Int64.random(in: 0...3000, using: &numbers)))
            task.cancel()
            let error = await #expect(throws: PostgresError.self) { try await task.value }
            #expect(error?.sqlState == "57014")
        }
    }

    private final class Tally: Sendable {
        let hits = Mutex((cancelled: 0, finished: 0, others: 0))
    }

    @Test("two hundred random cancellations never hit another caller's statement")
    func neverAnother() async throws {
        let pool = try await TestServer.pool(size: 2, overflow: 0)
        let tally = Tally()
        await withTaskGroup { group in
            for worker in 0..<4 {
                group.addTask {
                    for round in 0..<50 {
                        var numbers = SeededNumbers(seed: UInt64(worker * 1000 + round))
                        let task = Task { _ = try await pool.query("SELECT pg_sleep(0.002)") }
                        try? await Task.sleep(for: .microseconds(Int64.random(in: 0...8000, using: &numbers)))
                        task.cancel()
                        do {
                            try await task.value
                            tally.hits.withLock { $0.finished += 1 }
                        } catch {
                            tally.hits.withLock { $0.cancelled += 1 }
                        }
                    }
                }
                group.addTask {
                    for round in 0..<100 {
                        let value = try? await pool.query("SELECT \(round)::int8 FROM pg_sleep(0.001)").value(
                            0,
                            0,
                            as: Int64.self
                        )
                        if value != Int64(round) { tally.hits.withLock { $0.others += 1 } }
                    }
                }
            }
        }
        let result = tally.hits.withLock { $0 }
        #expect(result.others == 0)
        #expect(result.cancelled + result.finished == 200)
        #expect(result.cancelled > 0, "the test cancelled nothing")
        #expect(pool.statistics.busy == 0)
        #expect(pool.statistics.waiting == 0)
    }
}
