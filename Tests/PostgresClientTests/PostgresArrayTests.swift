import PostgresClient
import Testing

@Suite("Arrays as parameters", .timeLimit(.minutes(5)))
struct PostgresArrayTests {
    private func seen(
        _ connection: PostgresConnection,
        _ type: String,
        _ array: some PostgresEncodable
    ) async throws -> String {
        try await connection.run { session in
            try session.query("SELECT $1::\(type)[]::text", array).value(0, 0)
        }
    }

    @Test("the server sees every element, in order; an empty array is empty and not NULL")
    func elements() async throws {
        let connection = try await TestServer.connection()
        defer { connection.close() }
        #expect(try await seen(connection, "bool", [true, false]) == "{t,f}")
        #expect(try await seen(connection, "int2", [Int16.min, 0, .max]) == "{-32768,0,32767}")
        #expect(try await seen(connection, "int4", [Int32.min, 0, .max]) == "{-2147483648,0,2147483647}")
        #expect(try await seen(connection, "int8", [Int64.min, .max]) == "{-9223372036854775808,9223372036854775807}")
        #expect(try await seen(connection, "float8", [0.5, -2]) == "{0.5,-2}")
        #expect(try await seen(connection, "text", ["", "a,b", "₹", "NULL"]) == #"{"","a,b",₹,"NULL"}"#)
        let uuids = [PostgresUUID(high: 0, low: 1)]
        #expect(try await seen(connection, "uuid", uuids) == "{00000000-0000-0000-0000-000000000001}")
        let moments = [PostgresTimestamp(microseconds: 0)]
        #expect(try await seen(connection, "timestamptz", moments) == #"{"1970-01-01 00:00:00+00"}"#)
        let prices = [PostgresNumeric(scaled: -1), PostgresNumeric(scaled: 999_999_999_999)]
        #expect(try await seen(connection, "numeric", prices) == "{-0.0001,99999999.9999}")
        #expect(try await seen(connection, "int8", [Int64]()) == "{}")
        #expect(try await seen(connection, "text", [String]()) == "{}")
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
