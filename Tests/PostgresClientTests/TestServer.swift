import GoGoTradeTestSupport
import Logging
import PostgresClient
import Testing

/// Helpers for tests that need a server; the client is the same for every edition, so one is enough.
enum TestServer {
    static func edition() throws -> TestEdition {
        try #require(TestEdition.available.first, "no PostgreSQL with TimescaleDB: run scripts/setup")
    }

    /// A new, empty database.
    static func database() async throws -> PostgresConfiguration {
        try await TestEngines.shared.makeDatabase(edition())
    }

    /// A pool on a new, empty database.
    static func pool(
        _ configuration: PostgresConfiguration? = nil,
        _ adjust: (inout PostgresPoolConfiguration) -> Void = { _ in }
    ) async throws -> PostgresPool {
        var settings = PostgresPoolConfiguration()
        adjust(&settings)
        let place: PostgresConfiguration
        if let configuration { place = configuration } else { place = try await database() }
        return try PostgresPool(place, settings: settings, logger: TestEngines.logger)
    }

    /// A pool of that many connections on a new, empty database.
    static func pool(size: Int, overflow: Int) async throws -> PostgresPool {
        try await pool {
            $0.size = size
            $0.maximumOverflow = overflow
        }
    }

    /// A connection to a new, empty database.
    static func connection() async throws -> PostgresConnection {
        try await PostgresConnection.connect(database(), logger: TestEngines.logger)
    }

    /// A connection that watches the server, in a database apart from the watched one.
    static func observer(of watched: PostgresConfiguration) async throws -> PostgresConnection {
        try await PostgresConnection.connect(watched.withDatabase("postgres"), logger: TestEngines.logger)
    }

    /// Asks again and again until `condition` holds; false after the limit.
    static func eventually(
        within limit: Duration = .seconds(20),
        _ condition: () async throws -> Bool
    ) async throws -> Bool {
        let deadline = ContinuousClock.now + limit
        while try await !condition() {
            if ContinuousClock.now > deadline { return false }
            try await Task.sleep(for: .milliseconds(5))
        }
        return true
    }
}

extension PostgresConnection {
    func query(_ sql: String, _ values: any PostgresEncodable...) async throws -> PostgresResult {
        try await run { session in try session.query(sql, values: values) }
    }
}

/// Every way in which Swift prints a value.
func printed(_ value: Any) -> String {
    var dumped = ""
    dump(value, to: &dumped)
    return "\(value) \(String(reflecting: value)) \(String(describing: [value])) \(dumped)"
}

/// Numbers that are the same in every run.
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        // Sebastiano Vigna, splitmix64.
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
