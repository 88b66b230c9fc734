import GoGoTradeTestSupport
import MarketStore
import PostgresClient

/// A database and Redis of its own for a test of the program's roles, and the environment that leads to them.
struct TestSite: Sendable {
    let store: MarketStore
    let environment: [String: String]

    init(_ edition: TestEdition) async throws {
        let database = try await TestEngines.shared.makeMigratedDatabase(edition)
        let redis = try await TestEngines.shared.makeRedisURLs(edition)
        store = MarketStore(pool: try PostgresPool(database, logger: TestEngines.logger))
        environment = [
            "DATABASE_URL": Self.connectionString(database),
            "REDIS_URL": redis.cache,
            "REDIS_LOG_URL": redis.log,
        ]
    }

    /// libpq's `key=value` form.
    private static func connectionString(_ configuration: PostgresConfiguration) -> String {
        var parts = configuration.keywords.map { "\($0)=\($1)" }
        if let password = configuration.password { parts.append("password=\(password.exposed)") }
        return parts.joined(separator: " ")
    }
}
