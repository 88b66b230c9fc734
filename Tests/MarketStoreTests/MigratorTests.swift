import GoGoTradeTestSupport
import MarketStore
import PostgresClient
import Testing

@Suite("Migrations", .timeLimit(.minutes(5)))
struct MigratorTests {
    private func makePool(_ edition: TestEdition) async throws -> PostgresPool {
        try PostgresPool(await TestEngines.shared.makeDatabase(edition), logger: TestEngines.logger)
    }

    private func tables(_ pool: PostgresPool) async throws -> Set<String> {
        let rows = try await pool.query("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
        return try Set((0..<rows.count).map { try rows.value($0, 0, as: String.self) })
    }

    @Test("an empty database gets every step once; a second run applies nothing", arguments: TestEdition.available)
    func twice(edition: TestEdition) async throws {
        let pool = try await makePool(edition)
        let migrator = Migrator(pool: pool)
        #expect(try await migrator.status().pending == Migration.all.count)
        let applied = try await migrator.migrate()
        #expect(applied == Migration.all.map { "\($0.number) \($0.name)" })
        #expect(Migration.all.count >= 7)
        #expect(try await migrator.migrate() == [])
        let expected: Set<String> = [
            "instruments", "ohlcv_data", "trades", "trading_signals", "market_sessions", "watchlist",
            "recorder_checkpoints", "schema_migrations",
        ]
        #expect(try await tables(pool).isSuperset(of: expected))
    }

    @Test("the steps are numbered without gaps, and none is empty")
    func numbers() {
        #expect(Migration.all.map(\.number) == (1...Int32(Migration.all.count)).map { $0 })
        #expect(Migration.all.allSatisfy { !$0.name.isEmpty && !$0.sql.isEmpty })
        #expect(Set(Migration.all.map(\.name)).count == Migration.all.count)
    }

    @Test("the status says what is applied and when, and changes nothing", arguments: TestEdition.available)
    func status(edition: TestEdition) async throws {
        let pool = try await makePool(edition)
        let before = try await Migrator(pool: pool).status()
        #expect(before.steps.map(\.number) == Migration.all.map(\.number))
        #expect(before.steps.allSatisfy { $0.appliedAt == nil })
        #expect(try await tables(pool) == [])
        _ = try await Migrator(pool: pool, migrations: Array(Migration.all.prefix(2))).migrate()
        let half = try await Migrator(pool: pool).status()
        #expect(half.pending == Migration.all.count - 2)
        let time = try #require(half.steps[1].appliedAt)
        #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/) != nil, "\(time)")
        #expect(half.steps[2].appliedAt == nil)
        #expect(try await Migrator(pool: pool).migrate().count == Migration.all.count - 2)
    }

    @Test("a database of a newer program is refused and left alone", arguments: TestEdition.available)
    func newer(edition: TestEdition) async throws {
        let pool = try await makePool(edition)
        let newer = Migration(number: 2, name: "of tomorrow", sql: "CREATE TABLE tomorrow (n int)")
        _ = try await Migrator(pool: pool, migrations: [Migration.all[0], newer]).migrate()
        let older = Migrator(pool: pool, migrations: [Migration.all[0]])
        let error = await #expect(throws: StoreError.self) { try await older.migrate() }
        #expect(error?.code == .schema)
        #expect(error?.message.contains("step 2") == true)
        #expect(error?.message.contains("newer gogotrade") == true)
        await #expect(throws: StoreError.self) { try await older.status() }
    }

    @Test("a step that has another text now is refused, before anything is applied", arguments: TestEdition.available)
    func changed(edition: TestEdition) async throws {
        let pool = try await makePool(edition)
        let first = Migration(number: 1, name: "one", sql: "CREATE TABLE one (n int)")
        _ = try await Migrator(pool: pool, migrations: [first]).migrate()
        let changed = Migration(number: 1, name: "one", sql: "CREATE TABLE one (n bigint)")
        let next = Migration(number: 2, name: "two", sql: "CREATE TABLE two (n int)")
        let error = await #expect(throws: StoreError.self) {
            try await Migrator(pool: pool, migrations: [changed, next]).migrate()
        }
        #expect(error?.code == .schema)
        #expect(error?.message.contains("migration 1 (one)") == true)
        #expect(try await tables(pool) == ["one", "schema_migrations"])
    }

    @Test("a step that fails leaves nothing of itself, and keeps those before it", arguments: TestEdition.available)
    func failing(edition: TestEdition) async throws {
        let pool = try await makePool(edition)
        let good = Migration(number: 1, name: "good", sql: "CREATE TABLE good (n int)")
        let bad = Migration(
            number: 2,
            name: "bad",
            sql: "CREATE TABLE half (n int); SELECT 1/0; CREATE TABLE rest (n int)"
        )
        let error = await #expect(throws: StoreError.self) {
            try await Migrator(pool: pool, migrations: [good, bad]).migrate()
        }
        #expect(error?.code == .schema)
        #expect(error?.cause?.sqlState == "22012")
        #expect(error?.description.contains("migration 2 (bad)") == true)
        #expect(try await tables(pool) == ["good", "schema_migrations"])
        let mended = Migration(number: 2, name: "bad", sql: "CREATE TABLE half (n int)")
        #expect(try await Migrator(pool: pool, migrations: [good, mended]).migrate() == ["2 bad"])
    }

    @Test("programs that migrate at once do not get in each other's way", arguments: TestEdition.available)
    func atOnce(edition: TestEdition) async throws {
        let configuration = try await TestEngines.shared.makeDatabase(edition)
        // Connected beforehand, so that all begin at the same moment.
        let pools = try (0..<8).map { _ in try PostgresPool(configuration, logger: TestEngines.logger) }
        for pool in pools { try await pool.execute("SELECT 1") }
        let applied = try await withThrowingTaskGroup(of: [String].self) { group in
            for pool in pools { group.addTask { try await Migrator(pool: pool).migrate() } }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(applied.sorted() == Migration.all.map { "\($0.number) \($0.name)" }.sorted(), "each step once")
    }

    @Test("programs that meet at an empty database all get past its first table", arguments: TestEdition.available)
    func bookkeepingAtOnce(edition: TestEdition) async throws {
        let configuration = try await TestEngines.shared.makeDatabase(edition)
        let pools = try (0..<8).map { _ in try PostgresPool(configuration, logger: TestEngines.logger) }
        for pool in pools { try await pool.execute("SELECT 1") }
        for _ in 0..<30 {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for pool in pools {
                    group.addTask { _ = try await Migrator(pool: pool, migrations: []).migrate() }
                }
                try await group.waitForAll()
            }
            try await pools[0].execute("DROP TABLE schema_migrations")
        }
    }

    @Test("the edition that the server reports is the one that is installed", arguments: TestEdition.available)
    func edition(edition: TestEdition) async throws {
        let pool = try await makePool(edition)
        let missing = await #expect(throws: StoreError.self) { try await TimescaleEdition.detect(pool) }
        #expect(missing?.code == .schema)
        _ = try await Migrator(pool: pool).migrate()
        let detected = try await TimescaleEdition.detect(pool)
        #expect(detected.isCommunity == edition.isCommunity)
        #expect(detected.version == edition.timescaleVersion)
        #expect(detected.serverVersion.hasPrefix("\(edition.majorVersion)."))
    }
}
