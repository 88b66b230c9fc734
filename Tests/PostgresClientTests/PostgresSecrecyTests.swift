import GoGoTradeTestSupport
import PostgresClient
import Testing

@Suite("Passwords and bound values are never shown", .timeLimit(.minutes(5)))
struct PostgresSecrecyTests {
    private static let canary = "k4n4rie"

    @Test("no value that holds the password prints it")
    func values() async throws {
        let url = "postgresql://u:\(Self.canary)@h.example/d?sslpassword=\(Self.canary)"
        let configuration = try PostgresConfiguration(url: url)
        #expect(configuration.password?.exposed == Self.canary, "the canary has to be in there")
        #expect(configuration.keywords["sslpassword"] == Self.canary)
        let pool = try PostgresPool(configuration, logger: TestEngines.logger)
        let values: [Any] = [
            configuration, configuration.withDatabase("e"), PostgresSecret(Self.canary),
            configuration.password as Any, pool, [configuration],
        ]
        for value in values { #expect(!printed(value).contains(Self.canary), "\(type(of: value))") }
        #expect(printed(configuration).contains("h.example"))
        #expect(printed(PostgresSecret(Self.canary)).contains("<redacted>"))
    }

    @Test("a wrong password is refused without being repeated")
    func wrongPassword() async throws {
        var configuration = try await TestServer.database()
        configuration.password = PostgresSecret(Self.canary)
        let place = configuration
        let error = await #expect(throws: PostgresError.self) {
            try await PostgresConnection.connect(place, logger: TestEngines.logger)
        }
        #expect(error?.code == .connectionFailed)
        #expect(error?.message.contains("password authentication failed") == true)
        #expect(!printed(try #require(error)).contains(Self.canary))
    }

    @Test("a live connection and its pool do not print the password")
    func connected() async throws {
        let configuration = try await TestServer.database()
        let password = try #require(configuration.password?.exposed)
        #expect(password.count >= 16)
        let pool = try await TestServer.pool(configuration)
        _ = try await pool.query("SELECT 1")
        let connection = try await PostgresConnection.connect(configuration, logger: TestEngines.logger)
        defer { connection.close() }
        for value in [pool, connection, configuration] as [Any] {
            #expect(!printed(value).contains(password), "\(type(of: value))")
        }
    }

    /// Statements that fail, with the SQLSTATE they fail with; all bind the canary.
    private static let failing = [
        ("SELECT $1::text::int4", "22P02"), ("SELECT $1::text::numeric", "22P02"),
        ("SELECT $1::text::timestamptz", "22007"), ("SELECT $1::text::uuid", "22P02"),
        ("SELECT $1::text::bool", "22P02"), ("SELECT $1::text::json", "22P02"), ("SELECT $1::text::mood", "22P02"),
        ("SELECT ('9999999999' || length($1::text))::int4", "22003"), ("SELECT to_date($1::text, 'YYYY')", "22007"),
        ("SELECT $1::text ~ ('(' || $1::text)", "2201B"), ("INSERT INTO t VALUES (1, $1::text)", "23514"),
        ("INSERT INTO t VALUES (2, upper($1::text))", "23505"), ("INSERT INTO t VALUES (NULL, $1::text)", "23502"),
        ("INSERT INTO t (n, short) VALUES (3, $1::text)", "22001"),
        ("SELECT set_config('work_mem', $1::text, false)", "22023"),
        ("SELECT set_config('timezone', $1::text, false)", "22023"), ("SELECT now() AT TIME ZONE $1::text", "22023"),
        ("SELECT encode('', $1::text)", "22023"), ("SELECT convert_from('', $1::text)", "22023"),
    ]

    @Test("an error of the server does not repeat a bound value")
    func boundValues() async throws {
        let connection = try await TestServer.connection()
        defer { connection.close() }
        try await connection.run { session in
            try session.execute(
                """
                CREATE TYPE mood AS ENUM ('bull');
                CREATE TABLE t (n int4 NOT NULL, label text UNIQUE CHECK (label <> '\(Self.canary)'), short varchar(3));
                INSERT INTO t VALUES (0, upper('\(Self.canary)'));
                """
            )
        }
        for (sql, sqlState) in Self.failing {
            let error = await #expect(throws: PostgresError.self, "\(sql)") {
                try await connection.query(sql, Self.canary)
            }
            guard let error else { continue }
            #expect(error.sqlState == sqlState, "\(sql): \(error)")
            #expect(!printed(error).lowercased().contains(Self.canary), "\(sql)")
        }
    }

    @Test("an error in the middle of COPY does not repeat the row")
    func copiedRow() async throws {
        let connection = try await TestServer.connection()
        defer { connection.close() }
        let error = try await connection.run { session in
            try session.execute("CREATE TABLE t (label varchar(3))")
            var isFirst = true
            return #expect(throws: PostgresError.self) {
                try session.copy("COPY t FROM STDIN (FORMAT binary)") { writer in
                    defer { isFirst = false }
                    if isFirst {
                        writer.beginRow(fields: 1)
                        writer.write(Self.canary)
                    }
                    return isFirst
                }
            }
        }
        #expect(error?.sqlState == "22001")
        #expect(!printed(try #require(error)).contains(Self.canary))
    }
}
