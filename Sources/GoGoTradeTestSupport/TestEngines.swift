internal import FoundationEssentials
internal import Glibc
package import LocalEngine
package import Logging
package import MarketStore
package import PostgresClient
internal import Synchronization

/// The servers that tests use: one private engine for each edition, started at first need and shared by all tests of
/// the process; each test gets a database, and Redis names, of its own.
package actor TestEngines {
    package static let shared = TestEngines()

    private var engines: [TestEdition: Task<LocalEngine, any Error>] = [:]
    private var templates: [TestEdition: Task<Void, any Error>] = [:]
    private var databases = 0
    private var redisDatabases = 0

    /// A logger that says nothing below errors.
    package static let logger: Logger = {
        var logger = Logger(label: "tests") { _ in StreamLogHandler.standardError(label: "tests") }
        logger.logLevel = .error
        return logger
    }()

    /// The running engine of an edition.
    package func engine(_ edition: TestEdition) async throws -> LocalEngine {
        if let running = engines[edition] { return try await running.value }
        let task = Task {
            let home = try TestFolder.make("engine")
            let engine = try LocalEngine(
                path: home,
                content: nil,
                programs: edition.programs,
                size: .test,
                logger: Self.logger
            )
            try await engine.start()
            TestFolder.stopAtExit(engine)
            return engine
        }
        engines[edition] = task
        return try await task.value
    }

    /// A new, empty database.
    package func makeDatabase(_ edition: TestEdition) async throws -> PostgresConfiguration {
        try await makeDatabase(edition, template: nil)
    }

    /// A store in a new database with the present schema.
    package func makeStore(_ edition: TestEdition) async throws -> MarketStore {
        let pool = try PostgresPool(await makeMigratedDatabase(edition), logger: Self.logger)
        return MarketStore(pool: pool)
    }

    /// A new database with the present schema.
    package func makeMigratedDatabase(_ edition: TestEdition) async throws -> PostgresConfiguration {
        if templates[edition] == nil {
            templates[edition] = Task {
                let configuration = try await self.makeDatabase(edition, name: "template_migrated", template: nil)
                let pool = try PostgresPool(configuration, logger: Self.logger)
                _ = try await Migrator(pool: pool).migrate()
                pool.shutDown()
                // The template may have no connections while it is copied.
                try await self.waitForNoConnections(edition, database: "template_migrated")
            }
        }
        try await templates[edition]?.value
        return try await makeDatabase(edition, template: "template_migrated")
    }

    /// The addresses of the engine's two Redis servers, with a database number that no other test of this process uses.
    ///
    /// There are sixteen for all tests.
    package func makeRedisURLs(_ edition: TestEdition) async throws -> (log: String, cache: String) {
        let addresses = try await engine(edition).addresses
        redisDatabases += 1
        guard redisDatabases < 16 else { throw TestSupportError("all Redis databases are taken by other tests") }
        return (addresses.redisLogURL + "&db=\(redisDatabases)", addresses.redisCacheURL + "&db=\(redisDatabases)")
    }

    private func makeDatabase(
        _ edition: TestEdition,
        name: String? = nil,
        template: String?
    ) async throws -> PostgresConfiguration {
        databases += 1
        let name = name ?? "test_\(databases)"
        let base = try await engine(edition).addresses.database
        let connection = try await PostgresConnection.connect(base.withDatabase("postgres"), logger: Self.logger)
        defer { connection.close() }
        let clause = template.map { " TEMPLATE \($0)" } ?? ""
        // Copies of one template wait for each other on the server.
        try await connection.run { session in try session.execute("CREATE DATABASE \(name)\(clause)") }
        return base.withDatabase(name)
    }

    private func waitForNoConnections(_ edition: TestEdition, database: String) async throws {
        let base = try await engine(edition).addresses.database
        let connection = try await PostgresConnection.connect(base.withDatabase("postgres"), logger: Self.logger)
        defer { connection.close() }
        for _ in 0..<500 {
            let isFree = try await connection.run { session in
                try session.query("SELECT 1 FROM pg_stat_activity WHERE datname = $1::text", database).count == 0
            }
            if isFree { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw TestSupportError("the template database stays in use")
    }
}
