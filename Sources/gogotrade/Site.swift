internal import LocalEngine
internal import Logging
internal import MarketStore
internal import PostgresClient
internal import RedisClient

/// The servers that a command works with: those of the settings, or a private engine's.
struct Site: Sendable {
    let store: MarketStore
    /// Redis for the tick log.
    let log: RedisClient
    /// Redis for live prices; the same client where one server has both duties.
    let cache: RedisClient

    init(settings: Settings, addresses: EngineAddresses?, logger: Logger) throws {
        guard (settings.database == nil) == (settings.redisURL == nil),
            settings.redisURL != nil || settings.redisLogURL == nil
        else {
            throw CommandError(
                "set DATABASE_URL and REDIS_URL both (and REDIS_LOG_URL, if you like) to use servers of your own, or none"
            )
        }
        guard let database = settings.database ?? addresses?.database else {
            throw CommandError("no database: set DATABASE_URL, or start `gogotrade up`")
        }
        guard let cacheURL = settings.redisURL ?? addresses?.redisCacheURL,
            let logURL = settings.redisLogURL ?? addresses?.redisLogURL
        else { throw CommandError("no Redis: set REDIS_URL, or start `gogotrade up`") }
        let pool = try PostgresPool(database, settings: settings.pool, logger: logger)
        store = MarketStore(pool: pool)
        log = RedisClient(configuration: try RedisConfiguration(url: logURL), logger: logger)
        cache =
            logURL == cacheURL ? log : RedisClient(configuration: try RedisConfiguration(url: cacheURL), logger: logger)
    }

    func close() async {
        store.pool.shutDown()
        await log.shutdown()
        if cache !== log { await cache.shutdown() }
    }

    /// Runs `body` with the servers of the settings, or of the private engine that runs on the home.
    ///
    /// - Throws: ``CommandError`` when there are neither.
    static func with<Value>(
        _ options: CommonOptions,
        logger: Logger,
        _ body: (Site) async throws -> Value
    ) async throws -> Value {
        let settings = try await Settings.load()
        var addresses: EngineAddresses?
        if settings.database == nil || settings.redisURL == nil {
            addresses = try LocalEngine.running(at: options.homePath)
            if addresses == nil {
                throw CommandError(
                    """
                    nothing runs on \(options.homePath): start `gogotrade up` there, give another home with --home, or \
                    set DATABASE_URL and REDIS_URL
                    """
                )
            }
        }
        let site = try Site(settings: settings, addresses: addresses, logger: logger)
        do {
            let value = try await body(site)
            await site.close()
            return value
        } catch {
            await site.close()
            throw error
        }
    }

    /// Runs `body` with the database of the settings or of the home; a private engine that does not run is started
    /// for as long as it is needed.
    static func withStore<Value>(
        _ options: CommonOptions,
        logger: Logger,
        _ body: (MarketStore) async throws -> Value
    ) async throws -> Value {
        let settings = try await Settings.load()
        var engine: LocalEngine?
        var database = settings.database
        if database == nil {
            if let running = try LocalEngine.running(at: options.homePath) {
                database = running.database
            } else {
                let own = try LocalEngine(path: options.homePath, content: nil, logger: logger)
                try await own.start()
                engine = own
                database = own.addresses.database
            }
        }
        guard let database else { throw CommandError("no database: set DATABASE_URL") }
        do {
            let pool = try PostgresPool(database, settings: settings.pool, logger: logger)
            let value = try await body(MarketStore(pool: pool))
            pool.shutDown()
            await engine?.stop()
            return value
        } catch {
            await engine?.stop()
            throw error
        }
    }
}
