package import PostgresClient

/// What is applied in a database, and what is not yet.
package struct MigrationStatus: Sendable {
    package struct Step: Sendable {
        package let number: Int32
        package let name: String
        /// When it was applied, RFC 3339; nil when it is still to come.
        package let appliedAt: String?
    }

    package let steps: [Step]

    /// How many steps are still to come.
    package var pending: Int { steps.count { $0.appliedAt == nil } }
}

/// Brings a database's schema forward: numbered steps, each in one transaction, remembered with a checksum.
package struct Migrator: Sendable {
    private let pool: PostgresPool
    private let migrations: [Migration]

    package init(pool: PostgresPool, migrations: [Migration] = Migration.all) {
        self.pool = pool
        self.migrations = migrations
    }

    /// Applies the steps that are missing; two programs that start at once do not get in each other's way.
    ///
    /// - Returns: the names of the steps that were applied now.
    /// - Throws: ``StoreError`` `.schema` when the database is newer than this program, or a step that was applied
    ///   has another text now; ``PostgresError`` when a statement fails, and nothing of its step remains then.
    package func migrate() async throws -> [String] {
        try await pool.withTransaction { session in
            try session.execute(Self.lock)
            try session.execute(Self.bookkeeping)
        }
        var applied: [String] = []
        for migration in migrations {
            let migrations = migrations
            let isNew = try await pool.withTransaction { session in
                try session.execute(Self.lock)
                try Self.check(session, migrations)
                guard try !Self.isApplied(session, migration) else { return false }
                do {
                    try session.execute(migration.sql)
                } catch let error as PostgresError {
                    let place = "migration \(migration.number) (\(migration.name)) failed"
                    throw StoreError(.schema, place + Self.remedy(error), cause: error)
                }
                _ = try session.query(
                    """
                    INSERT INTO schema_migrations (number, name, checksum)
                    VALUES ($1, $2, encode(sha256(convert_to($3, 'UTF8')), 'hex'))
                    """,
                    migration.number,
                    migration.name,
                    migration.sql
                )
                return true
            }
            if isNew { applied.append("\(migration.number) \(migration.name)") }
        }
        return applied
    }

    /// What is applied and what is not; changes nothing.
    ///
    /// - Throws: like ``migrate()``.
    package func status() async throws -> MigrationStatus {
        let migrations = migrations
        return try await pool.withTransaction { session in
            let known = try session.query("SELECT to_regclass('schema_migrations') IS NOT NULL").value(
                0,
                0,
                as: Bool.self
            )
            var times: [Int32: String] = [:]
            if known {
                try Self.check(session, migrations)
                let rows = try session.query(
                    """
                    SELECT number, to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
                    FROM schema_migrations
                    """
                )
                for row in 0..<rows.count { times[try rows.value(row, 0)] = try rows.value(row, 1, as: String.self) }
            }
            return MigrationStatus(
                steps: migrations.map { migration in
                    MigrationStatus.Step(
                        number: migration.number,
                        name: migration.name,
                        appliedAt: times[migration.number]
                    )
                }
            )
        }
    }

    /// One migrating program at a time; the number is ours ("gogo").
    private static let lock = "SELECT pg_advisory_xact_lock(1735354223)"

    private static let bookkeeping = """
        CREATE TABLE IF NOT EXISTS schema_migrations (
            number integer PRIMARY KEY,
            name text NOT NULL,
            checksum text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
        )
        """

    private static func check(_ session: borrowing PostgresSession, _ migrations: [Migration]) throws {
        let known = Int32(migrations.count)
        let newest = try session.query("SELECT coalesce(max(number), 0) FROM schema_migrations")
            .value(0, 0, as: Int32.self)
        guard newest <= known else {
            throw StoreError(
                .schema,
                "the database's schema is at step \(newest), this program knows \(known): use a newer gogotrade"
            )
        }
        for migration in migrations where migration.number <= newest {
            let rows = try session.query(
                """
                SELECT checksum = encode(sha256(convert_to($2, 'UTF8')), 'hex') FROM schema_migrations WHERE number = $1
                """,
                migration.number,
                migration.sql
            )
            guard rows.count == 1, try rows.value(0, 0, as: Bool.self) else {
                throw StoreError(
                    .schema,
                    "migration \(migration.number) (\(migration.name)) was applied with another text than this "
                        + "program's: the database was made by another build; use that one, or another database"
                )
            }
        }
    }

    private static func isApplied(_ session: borrowing PostgresSession, _ migration: Migration) throws -> Bool {
        try session.query("SELECT 1 FROM schema_migrations WHERE number = $1", migration.number).count == 1
    }

    private static func remedy(_ error: PostgresError) -> String {
        switch error.sqlState {
        case "58P01", "0A000":
            "; the server needs TimescaleDB 2.19 or newer, named in shared_preload_libraries"
        case "42501": "; the role lacks a right: let the owner of the database run `gogotrade migrate`"
        default: ""
        }
    }
}
