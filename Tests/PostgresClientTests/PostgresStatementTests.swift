import PostgresClient
import Testing

@Suite("Statements and transactions", .timeLimit(.minutes(5)))
struct PostgresStatementTests {
    private func preparedCount(_ session: borrowing PostgresSession) throws -> Int64 {
        try session.query("SELECT count(*) FROM pg_prepared_statements").value(0, 0)
    }

    @Test("a statement is prepared once, whatever its values")
    func reuse() async throws {
        let connection = try await TestServer.connection()
        defer { connection.close() }
        let (before, after) = try await connection.run { session in
            let before = try preparedCount(session)
            for number in 0..<50 { _ = try session.query("SELECT $1::int4", Int32(number)) }
            return (before, try preparedCount(session))
        }
        #expect(before == 1, "the count itself")
        #expect(after == 2)
    }

    @Test("more than 256 statements: the ones used last are kept, all go on working")
    func eviction() async throws {
        let connection = try await TestServer.connection()
        defer { connection.close() }
        let (wrong, count, kept) = try await connection.run { session in
            var wrong = 0
            for round in 0..<3 {
                for number in 0..<300 {
                    let value: Int64 = try session.query("SELECT $1::int8 + \(number)", Int64(round)).value(0, 0)
                    if value != Int64(round + number) { wrong += 1 }
                }
            }
            let count = try preparedCount(session)
            let kept: Int64 = try session.query(
                "SELECT count(*) FROM pg_prepared_statements WHERE statement ~ 'int8 [+] (299|298|100)$'"
            ).value(0, 0)
            return (wrong, count, kept)
        }
        #expect(wrong == 0)
        #expect(count == 256)
        #expect(kept == 3)
    }

    @Test("a full statement cache in a failed transaction leaves nothing behind that fails later")
    func evictionInFailedTransaction() async throws {
        let connection = try await TestServer.connection()
        defer { connection.close() }
        let value: Int32 = try await connection.run { session in
            for number in 0..<256 { _ = try session.query("SELECT \(number)") }
            try session.execute("BEGIN")
            #expect(throws: PostgresError.self) { try session.execute("SELECT 1/0") }
            let refused = #expect(throws: PostgresError.self) { try session.query("SELECT 42 AS late") }
            #expect(refused?.sqlState == "25P02")
            try session.execute("ROLLBACK")
            return try session.query("SELECT 42 AS late").value(0, 0)
        }
        #expect(value == 42)
    }

    @Test("a statement that cannot be prepared is tried anew, not taken for prepared")
    func failedPreparation() async throws {
        let connection = try await TestServer.connection()
        defer { connection.close() }
        let early = await #expect(throws: PostgresError.self) { try await connection.query("SELECT * FROM later") }
        #expect(early?.sqlState == "42P01")
        try await connection.run { session in try session.execute("CREATE TABLE later (n int4)") }
        #expect(try await connection.query("SELECT * FROM later").count == 0)
    }

    @Test("the same text with parameters of other types is another statement")
    func otherTypes() async throws {
        let connection = try await TestServer.connection()
        defer { connection.close() }
        #expect(try await connection.query("SELECT pg_typeof($1)::text", Int32(1)).value(0, 0) == "integer")
        #expect(try await connection.query("SELECT pg_typeof($1)::text", Int64(1)).value(0, 0) == "bigint")
        #expect(try await connection.query("SELECT pg_typeof($1)::text", "1").value(0, 0) == "text")
    }

    @Test("rows: count, affected rows, and a statement without rows")
    func counts() async throws {
        let connection = try await TestServer.connection()
        defer { connection.close() }
        let (selected, updated, none) = try await connection.run { session in
            try session.execute("CREATE TABLE t AS SELECT generate_series(1, 7) AS n; DELETE FROM t WHERE n = 7")
            return (
                try session.query("SELECT n FROM t").count, try session.query("UPDATE t SET n = n + 1").affectedRows,
                try session.query("SELECT n FROM t WHERE false").count
            )
        }
        #expect(selected == 6)
        #expect(updated == 6)
        #expect(none == 0)
    }

    @Test("an error carries the SQLSTATE and the constraint")
    func errors() async throws {
        let connection = try await TestServer.connection()
        defer { connection.close() }
        try await connection.run { session in
            try session.execute("CREATE TABLE t (n int4 CONSTRAINT n_is_positive CHECK (n > 0), UNIQUE (n))")
        }
        let check = await #expect(throws: PostgresError.self) {
            try await connection.query("INSERT INTO t VALUES ($1)", Int32(-1))
        }
        #expect(check?.code == .server)
        #expect(check?.sqlState == "23514")
        #expect(check?.constraint == "n_is_positive")
        #expect(check?.isRetryable == false)
        _ = try await connection.query("INSERT INTO t VALUES ($1)", Int32(1))
        let unique = await #expect(throws: PostgresError.self) {
            try await connection.query("INSERT INTO t VALUES ($1)", Int32(1))
        }
        #expect(unique?.sqlState == "23505")
        #expect(unique?.constraint == "t_n_key")
        #expect("\(try #require(unique))".contains("SQLSTATE 23505"))
    }
}

@Suite("Transactions", .timeLimit(.minutes(5)))
struct PostgresTransactionTests {
    private struct GivenUp: Error {}

    private func pool() async throws -> PostgresPool {
        let pool = try await TestServer.pool()
        try await pool.execute("CREATE TABLE t (n int4 PRIMARY KEY)")
        return pool
    }

    private func rows(_ pool: PostgresPool) async throws -> Int64 {
        try await pool.query("SELECT count(*) FROM t").value(0, 0)
    }

    @Test("what is committed stays, and the value is returned")
    func commit() async throws {
        let pool = try await pool()
        let value = try await pool.withTransaction { session in
            try session.execute("INSERT INTO t VALUES (1)")
            return 17
        }
        #expect(value == 17)
        #expect(try await rows(pool) == 1)
    }

    @Test("a body that throws leaves nothing, its error arrives, the connection stays")
    func rollback() async throws {
        let pool = try await pool()
        await #expect(throws: GivenUp.self) {
            try await pool.withTransaction { session in
                try session.execute("INSERT INTO t VALUES (1)")
                throw GivenUp()
            }
        }
        #expect(try await rows(pool) == 0)
        #expect(pool.statistics.idle == 1)
    }

    @Test("a failed statement whose error the body swallowed is no success")
    func swallowedError() async throws {
        let pool = try await pool()
        let error = await #expect(throws: PostgresError.self) {
            try await pool.withTransaction { session in
                try session.execute("INSERT INTO t VALUES (1)")
                try? session.execute("INSERT INTO t VALUES (1)")
            }
        }
        #expect(error?.sqlState == "25P02")
        #expect(try await rows(pool) == 0)
    }

    @Test("a COMMIT that a deferred constraint refuses throws, and stores nothing")
    func deferredConstraint() async throws {
        let pool = try await pool()
        try await pool.execute("CREATE TABLE d (n int4 REFERENCES t DEFERRABLE INITIALLY DEFERRED)")
        let error = await #expect(throws: PostgresError.self) {
            try await pool.withTransaction { session in try session.execute("INSERT INTO d VALUES (9)") }
        }
        #expect(error?.sqlState == "23503")
        #expect(try await pool.query("SELECT n FROM d").count == 0)
    }

    @Test("a connection whose borrower left a transaction open is not handed on")
    func leftOpen() async throws {
        let pool = try await pool()
        let backend: Int32 = try await pool.withConnection { session in
            try session.execute("BEGIN; INSERT INTO t VALUES (1)")
            return try session.query("SELECT pg_backend_pid()").value(0, 0)
        }
        #expect(pool.statistics.idle == 0)
        #expect(try await pool.query("SELECT pg_backend_pid()").value(0, 0, as: Int32.self) != backend)
        #expect(try await rows(pool) == 0)
    }
}
