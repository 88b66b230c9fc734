internal import Configuration
internal import Glibc
internal import PostgresClient
internal import RedisClient
internal import SystemPackage

/// What the environment and `.env` say.
struct Settings: Sendable {
    /// `DATABASE_URL`.
    var database: PostgresConfiguration?
    var pool = PostgresPoolConfiguration()
    /// `REDIS_URL`: live prices and caches.
    var redisURL: String?
    /// `REDIS_LOG_URL`: the tick log; REDIS_URL when it is not set.
    var redisLogURL: String?

    /// - Throws: ``CommandError`` that names every setting that is malformed; none falls back to its default.
    static func load() async throws -> Settings {
        var providers: [any ConfigProvider] = [
            EnvironmentVariablesProvider(secretsSpecifier: .dynamic { key, _ in key.hasSuffix("_URL") })
        ]
        do {
            providers.append(
                try await EnvironmentVariablesProvider(
                    environmentFilePath: ".env",
                    allowMissing: true,
                    secretsSpecifier: .all
                )
            )
        } catch {
            throw CommandError("the file .env cannot be read: \(error)")
        }
        return try Settings(ConfigReader(providers: providers))
    }

    init(_ reader: ConfigReader) throws {
        var faults: [String] = []
        func text(_ key: ConfigKey) -> String? {
            reader.string(forKey: key, isSecret: true).flatMap { $0.isEmpty ? nil : $0 }
        }
        func number(_ key: ConfigKey, _ name: String) -> Int? {
            guard let text = text(key) else { return nil }
            if let value = Int(text) { return value }
            faults.append("\(name) must be a whole number, not '\(text)'")
            return nil
        }
        if let url = text("database.url") {
            do {
                database = try PostgresConfiguration(url: url)
            } catch {
                faults.append("DATABASE_URL: \(error.message)")
            }
        }
        redisURL = text("redis.url")
        redisLogURL = text("redis.log.url") ?? redisURL
        for (name, url) in [("REDIS_URL", redisURL), ("REDIS_LOG_URL", redisLogURL)] {
            guard let url else { continue }
            do {
                _ = try RedisConfiguration(url: url)
            } catch {
                faults.append("\(name): \(error.message)")
            }
        }
        if let size = number("database.pool.size", "DATABASE_POOL_SIZE") { pool.size = size }
        if let overflow = number("database.max.overflow", "DATABASE_MAX_OVERFLOW") { pool.maximumOverflow = overflow }
        if let seconds = number("database.pool.timeout", "DATABASE_POOL_TIMEOUT") { pool.timeout = .seconds(seconds) }
        if let seconds = number("database.pool.recycle", "DATABASE_POOL_RECYCLE") {
            pool.recycleAfter = .seconds(seconds)
        }
        do {
            try pool.validate()
        } catch {
            faults.append(error.message)
        }
        guard faults.isEmpty else { throw CommandError("wrong settings: " + faults.joined(separator: "; ")) }
    }
}
