package import PostgresClient

/// Which TimescaleDB a database has.
package struct TimescaleEdition: Sendable, Equatable, CustomStringConvertible {
    /// The extension's version, such as 2.19.3.
    package let version: String
    /// True with the Community modules: continuous aggregates and compression; false for the Apache edition.
    package let isCommunity: Bool
    /// PostgreSQL's own version, such as 17.5.
    package let serverVersion: String

    package var name: String { isCommunity ? "Community" : "Apache" }
    package var description: String { "PostgreSQL \(serverVersion), TimescaleDB \(version), \(name) edition" }

    /// Asks the server.
    ///
    /// What is loaded counts, not the setting.
    ///
    /// - Throws: ``StoreError`` `.schema` when the extension is missing; ``PostgresError``.
    package static func detect(_ pool: PostgresPool) async throws -> TimescaleEdition {
        try await pool.withConnection { session in
            let rows = try session.query(
                """
                SELECT extversion, current_setting('server_version') FROM pg_extension WHERE extname = 'timescaledb'
                """
            )
            guard rows.count == 1 else {
                throw StoreError(.schema, "the database has no TimescaleDB yet: run `gogotrade migrate`")
            }
            let loaded = try session.query("SELECT _timescaledb_functions.tsl_loaded()")
            return TimescaleEdition(
                version: try rows.value(0, 0),
                isCommunity: try loaded.value(0, 0),
                serverVersion: try rows.value(0, 1, as: String.self).split(separator: " ").first.map { String($0) }
                    ?? ""
            )
        }
    }
}
