import Glibc
import PostgresClient
import Testing

@Suite("A connection that is lost", .timeLimit(.minutes(5)))
struct PostgresLossTests {
    /// Ends a session on the server, and waits until its process is gone.
    private func terminate(_ backends: [Int32], of pool: PostgresPool) async throws {
        let observer = try await TestServer.observer(of: pool.configuration)
        defer { observer.close() }
        let rows = try await observer.query("SELECT pg_terminate_backend(pid) FROM unnest($1::int4[]) pid", backends)
        try #require(rows.count == backends.count)
        let areGone = try await TestServer.eventually {
            backends.allSatisfy { access("/proc/\($0)/stat", F_OK) != 0 }
        }
        #expect(areGone)
    }

    private func backend(_ pool: PostgresPool) async throws -> Int32 {
        try await pool.query("SELECT pg_backend_pid()").value(0, 0)
    }

    @Test("while it was idle: the next caller notices nothing")
    func idle() async throws {
        let pool = try await TestServer.pool()
        let former = try await backend(pool)
        try await terminate([former], of: pool)
        #expect(try await backend(pool) != former)
        #expect(pool.statistics.busy == 0)
        #expect(pool.statistics.idle == 1)
    }

    @Test("all at once while they were idle: the next caller notices nothing")
    func allIdle() async throws {
        let pool = try await TestServer.pool()
        let backends = try await withThrowingTaskGroup { group in
            for _ in 0..<5 {
                group.addTask {
                    try await pool.query("SELECT pg_backend_pid() FROM pg_sleep(0.2)").value(0, 0, as: Int32.self)
                }
            }
            return try await Set(group.reduce(into: []) { $0.append($1) })
        }
        #expect(backends.count == 5)
        try await terminate(Array(backends), of: pool)
        #expect(try await !backends.contains(backend(pool)))
        #expect(pool.statistics.busy == 0)
        #expect(pool.statistics.idle == 1)
    }

    @Test("while a statement ran: its caller is told that the outcome is unknown, the next one gets another")
    func running() async throws {
        let pool = try await TestServer.pool(size: 1, overflow: 0)
        let former = try await backend(pool)
        let observer = try await TestServer.observer(of: pool.configuration)
        defer { observer.close() }
        let task = Task { try await pool.execute("SELECT pg_sleep(30)") }
        let isRunning = try await TestServer.eventually {
            try await observer.query(
                "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND query = 'SELECT pg_sleep(30)' AND state = 'active'",
                former
            ).count == 1
        }
        #expect(isRunning)
        try await terminate([former], of: pool)
        let error = await #expect(throws: PostgresError.self) { try await task.value }
        #expect(error?.code == .connectionLost)
        #expect(error?.isRetryable == true)
        #expect(try await backend(pool) != former)
    }

    @Test("in a transaction: nothing of it stays, and the body's own error is not hidden")
    func inTransaction() async throws {
        let pool = try await TestServer.pool()
        try await pool.execute("CREATE TABLE t (n int4)")
        let error = await #expect(throws: PostgresError.self) {
            try await pool.withTransaction { session in
                try session.execute("INSERT INTO t VALUES (1)")
                try session.execute("SELECT pg_terminate_backend(pg_backend_pid())")
            }
        }
        #expect(error?.code == .connectionLost)
        #expect(try await pool.query("SELECT n FROM t").count == 0)
    }

    @Test("a connection on its own says so from then on, and closed ones say that they are closed")
    func single() async throws {
        let connection = try await TestServer.connection()
        await #expect(throws: PostgresError.self) {
            try await connection.query("SELECT pg_terminate_backend(pg_backend_pid())")
        }
        let lost = await #expect(throws: PostgresError.self) { try await connection.query("SELECT 1") }
        #expect(lost?.code == .connectionLost)
        let other = try await TestServer.connection()
        other.close()
        let isClosed = try await TestServer.eventually {
            do {
                _ = try await other.query("SELECT 1")
                return false
            } catch let error as PostgresError {
                return error.code == .closed
            }
        }
        #expect(isClosed)
    }

    @Test("a server that is not there is a connection that failed, with the reason")
    func noServer() async throws {
        let nowhere = PostgresConfiguration(host: "/nonexistent", database: "d", user: "u")
        let pool = try await TestServer.pool(nowhere)
        let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
        #expect(error?.code == .connectionFailed)
        #expect(error?.message.contains("/nonexistent") == true)
        #expect(pool.statistics.busy == 0)
    }
}
