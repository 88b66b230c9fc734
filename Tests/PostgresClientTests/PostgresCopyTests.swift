import PostgresClient
import Testing

@Suite("COPY in binary", .timeLimit(.minutes(5)))
struct PostgresCopyTests {
    private struct GivenUp: Error {}

    private static let table = "CREATE TABLE t (n int4 PRIMARY KEY, label text)"
    private static let copy = "COPY t FROM STDIN (FORMAT binary)"

    @Test("every kind of field arrives as it was written, NULLs too")
    func fields() async throws {
        let connection = try await TestServer.connection()
        defer { connection.close() }
        let (count, rows) = try await connection.run { session in
            try session.execute(
                """
                CREATE TYPE mood AS ENUM ('bull', 'bear');
                CREATE TABLE kinds (a int2, b int4, c int8, d uuid, e timestamptz, f numeric, g mood, h text, i bytea,
                                    j numeric(12,4), k bool)
                """
            )
            var row = 0
            let count = try session.copy("COPY kinds FROM STDIN (FORMAT binary)") { writer in
                guard row < 2 else { return false }
                writer.beginRow(fields: 11)
                if row == 0 {
                    writer.write(Int16.min)
                    writer.write(Int32.min)
                    writer.write(Int64.min)
                    writer.write(PostgresUUID(high: 1, low: .max))
                    writer.write(PostgresTimestamp(microseconds: -1))
                    writer.write(PostgresNumeric(scaled: .min))
                    writer.write("bear" as StaticString)
                    writer.write("₹\n\t\\N" as String)
                    writer.write([0, 0xFF, 0x0A])
                    writer.write(PostgresNumeric(scaled: -999_999_999_999))
                    writer.write([1])
                } else {
                    writer.write(Int16?.none)
                    writer.write(Int32?.none)
                    writer.write(Int64?.none)
                    for _ in 0..<8 { writer.writeNull() }
                }
                row += 1
                return true
            }
            return (count, try session.query("SELECT * FROM kinds ORDER BY a NULLS LAST"))
        }
        #expect(count == 2)
        try #require(rows.count == 2)
        #expect(try rows.value(0, 0) == Int16.min)
        #expect(try rows.value(0, 1) == Int32.min)
        #expect(try rows.value(0, 2) == Int64.min)
        #expect(try rows.value(0, 3) == PostgresUUID(high: 1, low: .max))
        #expect(try rows.value(0, 4) == PostgresTimestamp(microseconds: -1))
        #expect(try rows.value(0, 5) == PostgresNumeric(scaled: .min))
        #expect(try rows.value(0, 6) == "bear")
        #expect(try rows.value(0, 7) == "₹\n\t\\N")
        #expect(try rows.value(0, 8) == PostgresBytes([0, 0xFF, 0x0A]))
        #expect(try rows.value(0, 9) == PostgresNumeric(scaled: -999_999_999_999))
        #expect(try rows.value(0, 10) == true)
        for column in 0..<11 { #expect(try rows.optional(1, column, as: PostgresBytes.self) == nil) }
    }

    @Test("rows beyond the buffer's size, one of them alone larger than it, all arrive")
    func large() async throws {
        let connection = try await TestServer.connection()
        defer { connection.close() }
        let (count, rows) = try await connection.run { session in
            try session.execute(Self.table)
            var next: Int32 = 0
            let count = try session.copy(Self.copy) { writer in
                guard next < 100_000 else { return false }
                writer.beginRow(fields: 2)
                writer.write(next)
                writer.write(next == 50_000 ? String(repeating: "x", count: 3_000_000) : "row \(next)")
                next += 1
                return true
            }
            let rows = try session.query(
                "SELECT count(*), sum(n)::int8, max(length(label))::int8, min(label) FROM t WHERE label <> ''"
            )
            return (count, rows)
        }
        #expect(count == 100_000)
        #expect(try rows.value(0, 0, as: Int64.self) == 100_000)
        #expect(try rows.value(0, 1, as: Int64.self) == 4_999_950_000)
        #expect(try rows.value(0, 2, as: Int64.self) == 3_000_000)
        #expect(try rows.value(0, 3, as: String.self) == "row 0")
    }

    @Test("no row at all is a COPY of nothing")
    func empty() async throws {
        let connection = try await TestServer.connection()
        defer { connection.close() }
        let count = try await connection.run { session in
            try session.execute(Self.table)
            return try session.copy(Self.copy) { _ in false }
        }
        #expect(count == 0)
    }

    @Test("a producer that throws stores nothing, and the connection stays usable", arguments: [3, 60_000])
    func producerThrows(after limit: Int32) async throws {
        let connection = try await TestServer.connection()
        defer { connection.close() }
        let stored: Int64 = try await connection.run { session in
            try session.execute(Self.table)
            var next: Int32 = 0
            #expect(throws: GivenUp.self) {
                try session.copy(Self.copy) { writer in
                    guard next < limit else { throw GivenUp() }
                    writer.beginRow(fields: 2)
                    writer.write(next)
                    writer.write("row \(next)")
                    next += 1
                    return true
                }
            }
            return try session.query("SELECT count(*) FROM t").value(0, 0)
        }
        #expect(stored == 0)
    }

    @Test("a row that the server refuses stores nothing, and the connection stays usable")
    func serverRefuses() async throws {
        let connection = try await TestServer.connection()
        defer { connection.close() }
        let (error, stored) = try await connection.run { session in
            try session.execute(Self.table)
            var next = 0
            let error = #expect(throws: PostgresError.self) {
                try session.copy(Self.copy) { writer in
                    guard next < 60_000 else { return false }
                    writer.beginRow(fields: 2)
                    writer.write(Int32(next == 30_000 ? 0 : next))
                    writer.write("canary \(next)")
                    next += 1
                    return true
                }
            }
            return (error, try session.query("SELECT count(*) FROM t").value(0, 0, as: Int64.self))
        }
        #expect(error?.sqlState == "23505")
        #expect(error?.constraint == "t_pkey")
        #expect(stored == 0)
    }

    @Test("rows with the wrong number of fields are refused, not guessed")
    func wrongFields() async throws {
        let connection = try await TestServer.connection()
        defer { connection.close() }
        let error = try await connection.run { session in
            try session.execute(Self.table)
            var isFirst = true
            return #expect(throws: PostgresError.self) {
                try session.copy(Self.copy) { writer in
                    defer { isFirst = false }
                    if isFirst {
                        writer.beginRow(fields: 1)
                        writer.write(1 as Int32)
                    }
                    return isFirst
                }
            }
        }
        #expect(error?.sqlState == "22P04")
    }

    @Test("a statement that is no COPY is refused, and the connection stays usable")
    func noCopy() async throws {
        let pool = try await TestServer.pool()
        for sql in ["SELECT 1", "COPY (SELECT 1) TO STDOUT", "COPY nowhere FROM STDIN (FORMAT binary)"] {
            await #expect(throws: PostgresError.self, "\(sql)") {
                try await pool.withConnection { session in try session.copy(sql) { _ in false } }
            }
            #expect(try await pool.query("SELECT 7::int4").value(0, 0, as: Int32.self) == 7)
        }
    }
}
