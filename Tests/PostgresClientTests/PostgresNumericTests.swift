import PostgresClient
import Testing

@Suite("Exact decimal numbers", .timeLimit(.minutes(5)))
struct PostgresNumericTests {
    @Test("numbers go to the server and back without a difference")
    func roundTrip() async throws {
        let numbers: [(Int64, String)] = [
            (0, "0.0000"), (1, "0.0001"), (-1, "-0.0001"), (9999, "0.9999"), (10_000, "1.0000"), (-10_001, "-1.0001"),
            (100_000_000, "10000.0000"), (999_999_999_999, "99999999.9999"), (-999_999_999_999, "-99999999.9999"),
            (1_000_000_000_000, "100000000.0000"), (.max, "922337203685477.5807"),
            (.min + 1, "-922337203685477.5807"), (.min, "-922337203685477.5808"),
        ]
        let connection = try await TestServer.connection()
        defer { connection.close() }
        for (scaled, text) in numbers {
            let number = PostgresNumeric(scaled: scaled)
            let rows = try await connection.query(
                "SELECT $1::numeric, $1::numeric::text, $2::text::numeric",
                number,
                text
            )
            #expect(try rows.value(0, 0, as: PostgresNumeric.self) == number)
            #expect(try rows.value(0, 1, as: String.self) == text)
            #expect(try rows.value(0, 2, as: PostgresNumeric.self) == number)
        }
    }

    @Test("numbers that the server writes shorter are read alike")
    func shortForms() async throws {
        let numbers: [(String, Int64)] = [
            ("0", 0), ("-0.00", 0), ("12", 120_000), ("10000", 100_000_000), ("100000000", 1_000_000_000_000),
            ("0.5", 5000), ("0.05", 500), ("1.50000000", 15_000), ("-100000000.01", -1_000_000_000_100),
        ]
        let connection = try await TestServer.connection()
        defer { connection.close() }
        for (text, scaled) in numbers {
            let rows = try await connection.query("SELECT $1::text::numeric", text)
            #expect(try rows.value(0, 0, as: PostgresNumeric.self).scaled == scaled, "\(text)")
        }
    }

    @Test("what is no number of four decimals within Int64 is refused, never rounded")
    func refused() async throws {
        let texts = [
            "NaN", "Infinity", "-Infinity", "0.00001", "1.00005", "-0.00000001", "922337203685477.5808",
            "-922337203685477.5809", "1e30", "1e-30", "123456789012345678901234567890.1",
        ]
        let connection = try await TestServer.connection()
        defer { connection.close() }
        for text in texts {
            let rows = try await connection.query("SELECT $1::text::numeric AS price", text)
            let error = #expect(throws: PostgresError.self, "\(text)") {
                try rows.value(0, 0, as: PostgresNumeric.self)
            }
            #expect(error?.code == .decoding)
            #expect(error?.message.contains("price") == true)
        }
    }

    @Test("the fixed form of COPY and the general form are the same numbers", arguments: [1, 2026] as [UInt64])
    func forms(seed: UInt64) async throws {
        var numbers = SeededNumbers(seed: seed)
        var scaled: [Int64] = [0, 1, -1, 999_999_999_999, -999_999_999_999, 1_000_000_000_000, .max, .min]
        for _ in 0..<3000 { scaled.append(Int64.random(in: -999_999_999_999...999_999_999_999, using: &numbers)) }
        // Numbers of every length, on both sides of the fixed form's limit.
        for _ in 0..<3000 {
            scaled.append(Int64(bitPattern: numbers.next()) >> Int64.random(in: 0...63, using: &numbers))
        }
        let values = scaled
        let connection = try await TestServer.connection()
        defer { connection.close() }
        let (rows, back) = try await connection.run { session in
            try session.execute("CREATE TABLE numbers (id int4, copied numeric, exact int8)")
            var next = 0
            _ = try session.copy("COPY numbers FROM STDIN (FORMAT binary)") { writer in
                guard next < values.count else { return false }
                writer.beginRow(fields: 3)
                writer.write(Int32(next))
                writer.write(PostgresNumeric(scaled: values[next]))
                writer.write(values[next])
                next += 1
                return true
            }
            let rows = try session.query(
                """
                SELECT count(*), count(*) FILTER (WHERE copied = bound AND copied * 10000 = exact),
                       count(*) FILTER (WHERE copied::numeric(30,4)::text = bound::text)
                FROM numbers JOIN unnest($1::numeric[]) WITH ORDINALITY AS general (bound, place) ON id = place - 1
                """,
                values.map { PostgresNumeric(scaled: $0) }
            )
            return (rows, try session.query("SELECT copied FROM numbers ORDER BY id"))
        }
        for column in 0..<3 { #expect(try rows.value(0, column, as: Int64.self) == Int64(values.count)) }
        let read = try (0..<back.count).map { try back.value($0, 0, as: PostgresNumeric.self).scaled }
        #expect(read == values)
    }
}
