import PostgresClient
import Testing

@Suite("Arrays as parameters", .timeLimit(.minutes(1)))
struct PostgresArrayTests {
    private func seen(_ type: String, _ array: some PostgresEncodable) async throws -> String {
        let connection = try await TestServer.connection()
        defer { connection.close() }
        return try await connection.run { session in
            try session.query("SELECT $1::\(type)[]::text", array).value(0, 0)
        }
    }

    @Test("the server sees every element, in order")
    func elements() async throws {
        #expect(try await seen("bool", [true, false]) == "{t,f}")
        #expect(try await seen("int2", [Int16.min, 0, .max]) == "{-32768,0,32767}")
        #expect(try await seen("int4", [Int32.min, 0, .max]) == "{-2147483648,0,2147483647}")
        #expect(try await seen("int8", [Int64.min, .max]) == "{-9223372036854775808,9223372036854775807}")
        #expect(try await seen("float8", [0.5, -2]) == "{0.5,-2}")
        #expect(try await seen("text", ["", "a,b", "₹", "NULL"]) == #"{"","a,b",₹,"NULL"}"#)
        #expect(try await seen("uuid", [PostgresUUID(high: 0, low: 1)]) == "{00000000-0000-0000-0000-000000000001}")
        #expect(try await seen("timestamptz", [PostgresTimestamp(microseconds: 0)]) == #"{"1970-01-01 00:00:00+00"}"#)
        let prices = [PostgresNumeric(scaled: -1), PostgresNumeric(scaled: 999_999_999_999)]
        #expect(try await seen("numeric", prices) == "{-0.0001,99999999.9999}")
    }

    @Test("an empty array is empty and not NULL")
    func empty() async throws {
        #expect(try await seen("int8", [Int64]()) == "{}")
        #expect(try await seen("text", [String]()) == "{}")
    }

    @Test("an array of ten thousand")
    func long() async throws {
        let connection = try await TestServer.connection()
        defer { connection.close() }
        let numbers = (1...10_000).map { Int64($0) }
        let rows = try await connection.query("SELECT count(*), sum(n)::int8 FROM unnest($1::int8[]) n", numbers)
        #expect(try rows.value(0, 0, as: Int64.self) == 10_000)
        #expect(try rows.value(0, 1, as: Int64.self) == 50_005_000)
    }
}
