import PostgresClient
import Testing

@Suite("Values on their way to the server and back", .timeLimit(.minutes(5)))
struct PostgresValueTests {
    private typealias Value = PostgresEncodable & PostgresDecodable & Equatable & Sendable

    /// Sends each value as a parameter, has the server read it as `type`, and compares what comes back; `texts` is what
    /// the server itself makes of it.
    private func roundTrip<V: Value>(_ type: String, _ values: [V], texts: [String]) async throws {
        try #require(values.count == texts.count)
        let connection = try await TestServer.connection()
        defer { connection.close() }
        let wrong = try await connection.run { session in
            var wrong: [String] = []
            for (value, text) in zip(values, texts) {
                let rows = try session.query(
                    "SELECT $1::\(type), $1::\(type)::text, pg_typeof($1::\(type))::text",
                    value
                )
                let back = try rows.value(0, 0, as: V.self)
                let seen = try rows.value(0, 1, as: String.self)
                if back != value || seen != text {
                    wrong.append("\(value) came back as \(back), the server saw \(seen)")
                }
                // The names of types have longer forms too, so only their presence is checked.
                if try rows.value(0, 2, as: String.self).isEmpty { wrong.append("\(value) has no type") }
            }
            let null = try session.query("SELECT $1::\(type), $1::\(type) IS NULL", V?.none)
            if try null.optional(0, 0, as: V.self) != nil { wrong.append("NULL came back as a value") }
            if try !null.value(0, 1, as: Bool.self) { wrong.append("the server saw no NULL") }
            return wrong
        }
        #expect(wrong == [])
    }

    @Test("truth values")
    func bool() async throws {
        try await roundTrip("bool", [true, false], texts: ["true", "false"])
    }

    @Test("whole numbers to their limits")
    func integers() async throws {
        try await roundTrip("int2", [0, -1, Int16.min, Int16.max], texts: ["0", "-1", "-32768", "32767"])
        try await roundTrip("int4", [0, -1, Int32.min, Int32.max], texts: ["0", "-1", "-2147483648", "2147483647"])
        try await roundTrip(
            "int8",
            [0, -1, Int64.min, Int64.max],
            texts: ["0", "-1", "-9223372036854775808", "9223372036854775807"]
        )
    }

    @Test("floating-point numbers, the infinite ones too")
    func doubles() async throws {
        try await roundTrip(
            "float8",
            [0, 0.1, -.greatestFiniteMagnitude, .leastNonzeroMagnitude, .infinity, -.infinity],
            texts: ["0", "0.1", "-1.7976931348623157e+308", "5e-324", "Infinity", "-Infinity"]
        )
    }

    @Test("texts: empty, quotes, every plane of Unicode, long ones")
    func texts() async throws {
        let texts = [
            "", " ", "a'b\"c\\d", "₹ 1,00,000", "नमस्ते", "👩‍👩‍👧‍👦", "\u{FEFF}\u{10FFFF}", "e\u{301}",
            String(repeating: "₹", count: 100_000),
        ]
        try await roundTrip("text", texts, texts: texts)
        try await roundTrip("varchar(100000)", texts, texts: texts)
    }

    @Test("a text with a NUL character is refused by the server")
    func textWithNul() async throws {
        let connection = try await TestServer.connection()
        defer { connection.close() }
        let error = await #expect(throws: PostgresError.self) { try await connection.query("SELECT $1::text", "a\0b") }
        #expect(error?.sqlState == "22021")
    }

    @Test("bytes: none, all 256, many")
    func bytes() async throws {
        let all = (0...255).map { UInt8($0) }
        let hex = "0123456789abcdef"
        let allText = "\\x" + hex.flatMap { high in hex.map { low in "\(high)\(low)" } }.joined()
        let many = PostgresBytes(Array(repeating: 0xAB, count: 300_000))
        try await roundTrip(
            "bytea",
            [PostgresBytes([]), PostgresBytes(all), many],
            texts: ["\\x", allText, "\\x" + String(repeating: "ab", count: 300_000)]
        )
    }

    @Test("UUIDs")
    func uuids() async throws {
        try await roundTrip(
            "uuid",
            [
                PostgresUUID(high: 0, low: 0), PostgresUUID(high: .max, low: .max),
                PostgresUUID(high: 0x0011_2233_4455_6677, low: 0x8899_AABB_CCDD_EEFF),
            ],
            texts: [
                "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
                "00112233-4455-6677-8899-aabbccddeeff",
            ]
        )
    }

    @Test("instants: 1970, before 2000, microseconds, the server's first one")
    func timestamps() async throws {
        try await roundTrip(
            "timestamptz",
            [0, -1, 946_684_799_999_999, 946_684_800_000_000, 1_788_234_300_123_456, -210_866_803_200_000_000]
                .map { PostgresTimestamp(microseconds: $0) },
            texts: [
                "1970-01-01 00:00:00+00", "1969-12-31 23:59:59.999999+00", "1999-12-31 23:59:59.999999+00",
                "2000-01-01 00:00:00+00", "2026-09-01 03:45:00.123456+00", "4714-11-24 00:00:00+00 BC",
            ]
        )
    }

    @Test(
        "what is no instant that we can hold is refused, and nothing traps",
        arguments: ["infinity", "-infinity", "294276-12-31 23:59:59.999999+00", "294247-01-11 00:00:00+00"]
    )
    func refusedTimestamps(text: String) async throws {
        let connection = try await TestServer.connection()
        defer { connection.close() }
        let rows = try await connection.query("SELECT $1::text::timestamptz AS moment", text)
        let error = #expect(throws: PostgresError.self) { try rows.value(0, 0, as: PostgresTimestamp.self) }
        #expect(error?.code == .decoding)
        #expect(error?.message.contains("moment") == true)
    }

    @Test("an instant beyond the server's reach is refused by the server, and never becomes infinity")
    func unreachableTimestamps() async throws {
        let connection = try await TestServer.connection()
        defer { connection.close() }
        for microseconds in [.min, .min + 1, .min + PostgresTimestamp.serverEpoch] as [Int64] {
            let moment = PostgresTimestamp(microseconds: microseconds)
            let error = await #expect(throws: PostgresError.self) {
                try await connection.query("SELECT $1::timestamptz", moment)
            }
            #expect(error?.sqlState == "22008", "\(microseconds)")
        }
        let last = PostgresTimestamp(microseconds: .max)
        #expect(try await connection.query("SELECT $1::timestamptz", last).value(0, 0) == last)
    }

    @Test("an enum's label is read as text, and bound as text")
    func enums() async throws {
        let connection = try await TestServer.connection()
        defer { connection.close() }
        try await connection.run { session in try session.execute("CREATE TYPE mood AS ENUM ('bull', 'bear')") }
        let rows = try await connection.query("SELECT $1::text::mood", "bear")
        #expect(try rows.value(0, 0, as: String.self) == "bear")
    }

    @Test("a NULL, or a value of another size, is an error that names the column")
    func wrongShapes() async throws {
        let connection = try await TestServer.connection()
        defer { connection.close() }
        let rows = try await connection.query("SELECT NULL::int8 AS volume, 7::int4 AS lots")
        let null = #expect(throws: PostgresError.self) { try rows.value(0, 0, as: Int64.self) }
        #expect(null?.code == .decoding)
        #expect(null?.message.contains("volume") == true)
        let size = #expect(throws: PostgresError.self) { try rows.value(0, 1, as: Int64.self) }
        #expect(size?.message.contains("lots") == true)
        #expect(try rows.value(0, 1, as: Int32.self) == 7)
    }
}
