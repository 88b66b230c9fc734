internal import FoundationEssentials
internal import Glibc
package import Logging
package import PostgresClient
internal import RedisClient
internal import Synchronization

/// How to reach the servers of a home.
package struct EngineAddresses: Sendable {
    package let database: PostgresConfiguration
    /// Redis for the tick log and the event streams.
    package let redisLogURL: String
    /// Redis for live prices and caches.
    package let redisCacheURL: String

    init(home: String, stamp: EngineStamp) {
        let sockets = EngineHome.socketFolder(home: home)
        database = PostgresServer.address(socketFolder: sockets, password: stamp.databasePassword)
        redisLogURL = "unix://\(sockets)/redis-log.sock?password=\(stamp.redisPassword)"
        redisCacheURL = "unix://\(sockets)/redis-cache.sock?password=\(stamp.redisPassword)"
    }
}

extension EngineAddresses: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Only the database's place: the URLs hold a password.
    package var description: String { "\(database)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["database": description]) }
}

/// A private PostgreSQL with TimescaleDB and two Redis servers, children of this process: unix sockets in a 0700
/// folder, generated passwords, no TCP, everything in one home folder, stopped with us.
///
/// Whoever starts it stops it with ``stop()``; after a crash of the program the next start finds servers that were
/// left behind and stops them first.
package final class LocalEngine: Sendable {
    private struct Children {
        var postgres: ChildProcess?
        var redis: [RedisServer: ChildProcess] = [:]
        var isStopping = false
    }

    package let home: EngineHome
    package let programs: ServerPrograms
    package let addresses: EngineAddresses
    package let content: EngineContent?
    private let stamp: EngineStamp
    private let size: EngineSize
    private let redisProgram: String
    private let owner: SystemUser?
    private let logger: Logger
    private let children = Mutex(Children())

    /// Opens (or makes) the home; starts nothing yet.
    ///
    /// `path` is absolute. A home that holds other content than `content` is refused; nil leaves the stamp as it is.
    /// A new home is made with `programs`, or the first engine that is available; one that was used before goes on
    /// with the engine it was made with.
    ///
    /// - Throws: ``EngineError``.
    package init(
        path: String,
        content: EngineContent?,
        programs: ServerPrograms? = nil,
        size: EngineSize = .machine,
        logger: Logger
    ) throws(EngineError) {
        owner = SystemUser.isRoot ? try SystemUser.find() : nil
        home = try EngineHome(path: path, owner: owner)
        guard let redisProgram = ["/usr/bin/redis-server", "/usr/local/bin/redis-server"].first(where: isExecutable)
        else {
            throw EngineError(.programMissing, "redis-server is not installed: run scripts/setup")
        }
        self.redisProgram = redisProgram
        var stamp: EngineStamp
        if let existing = try EngineHome.stamp(at: path) {
            stamp = existing
            guard isExecutable(existing.programs.program("postgres")) else {
                throw EngineError(
                    .programMissing,
                    "\(path) was made with \(existing.programs.title), which is no longer in "
                        + "\(existing.programs.folder): install it again"
                )
            }
            if let content, let held = existing.content, held != content {
                throw EngineError(
                    .home,
                    "\(path) holds \(held.rawValue) data, and \(content.rawValue) data must not be mixed with it: "
                        + "choose another folder with --home"
                )
            }
            if existing.content == nil, let content {
                stamp.content = content
                try home.write(stamp, owner: owner)
            }
        } else {
            guard let chosen = programs ?? ServerPrograms.available().first else {
                throw EngineError(
                    .programMissing,
                    "no PostgreSQL \(ServerPrograms.supportedVersions) with TimescaleDB on this machine: run "
                        + "scripts/setup, or set DATABASE_URL to a server that has it"
                )
            }
            stamp = EngineStamp(
                format: EngineStamp.currentFormat,
                programs: chosen,
                content: content,
                databasePassword: randomPassword(),
                redisPassword: randomPassword()
            )
            try home.write(stamp, owner: owner)
        }
        self.stamp = stamp
        self.programs = stamp.programs
        self.content = stamp.content
        self.size = size
        self.logger = logger
        self.addresses = EngineAddresses(home: path, stamp: stamp)
    }

    /// How to reach the servers that another program runs on this home, or nil when none does.
    ///
    /// - Throws: ``EngineError`` `.home`.
    package static func running(at path: String) throws(EngineError) -> EngineAddresses? {
        guard let stamp = try EngineHome.stamp(at: path) else { return nil }
        let folder = path + "/postgres"
        guard let pid = ServerProcess.pid(inFile: folder + "/postmaster.pid"),
            ServerProcess.isRunning(pid, program: "postgres", folder: folder)
        else { return nil }
        return EngineAddresses(home: path, stamp: stamp)
    }

    /// Starts the servers and returns when all of them answer; a new home gets its database first.
    ///
    /// - Throws: ``EngineError`` `.server` with the end of the server's log; nothing is left running then.
    package func start() async throws {
        children.withLock { $0.isStopping = false }
        do {
            try await startServers()
        } catch {
            await stop()
            throw error
        }
    }

    private func startServers() async throws {
        try TextFile.makeFolder(home.logFolder, mode: 0o700, owner: owner)
        let sockets = EngineHome.socketFolder(home: home.path)
        try TextFile.makeFolder(sockets, mode: 0o700, owner: owner)
        try TextFile.checkPrivate(sockets, owner: owner)
        await stopStaleServers()
        for server in RedisServer.allCases { try startRedis(server, sockets: sockets) }
        try await makeCluster()
        try await waitForRedis()
        try await bringUpPostgres(sockets: sockets)
    }

    /// Watches the servers until the task is cancelled; one that ends by itself is started again.
    ///
    /// - Throws: ``EngineError`` `.server` when a server does not come back.
    package func watch() async throws {
        let sockets = EngineHome.socketFolder(home: home.path)
        while !Task.isCancelled {
            guard (try? await Task.sleep(for: .milliseconds(500))) != nil else { return }
            let ended = children.withLock { children -> [ChildProcess] in
                guard !children.isStopping else { return [] }
                return ([children.postgres] + children.redis.values.map { $0 }).compactMap(\.self)
                    .filter { $0.ending != nil }
            }
            do {
                for child in ended { try await startAgain(child, sockets: sockets) }
            } catch is CancellationError {
                return
            }
        }
    }

    private func startAgain(_ child: ChildProcess, sockets: String) async throws {
        logger.error("\(child.name) ended by itself (\(child.ending ?? "")); starting it again")
        if child.name == "postgres" {
            try await bringUpPostgres(sockets: sockets)
        } else if let server = RedisServer.allCases.first(where: { "redis-\($0.rawValue)" == child.name }) {
            try startRedis(server, sockets: sockets)
            try await waitForRedis()
        }
    }

    /// Stops the servers, PostgreSQL first, and waits until they are gone.
    package func stop() async {
        let (postgres, redis) = children.withLock { children in
            children.isStopping = true
            return (children.postgres, children.redis)
        }
        // SIGINT is PostgreSQL's fast shutdown: sessions are ended, the data is flushed.
        await postgres?.stop(SIGINT, limit: .seconds(60))
        for server in redis.values { await server.stop(SIGTERM, limit: .seconds(30)) }
    }

    /// The process ids of the servers, for tests and status.
    package var processIDs: [String: Int32] {
        children.withLock { children in
            var ids: [String: Int32] = [:]
            if let postgres = children.postgres { ids["postgres"] = postgres.processID }
            for (server, child) in children.redis { ids["redis-\(server.rawValue)"] = child.processID }
            return ids
        }
    }

    // MARK: - Steps

    private func stopStaleServers() async {
        await ServerProcess.stopStale(
            pidFile: home.dataFolder + "/postmaster.pid",
            program: "postgres",
            folder: home.dataFolder,
            SIGINT,
            logger
        )
        for server in RedisServer.allCases {
            await ServerProcess.stopStale(
                pidFile: pidFile(server),
                program: "redis-server",
                folder: home.redisFolder(server.rawValue),
                SIGTERM,
                logger
            )
        }
    }

    private func makeCluster() async throws {
        let version = home.dataFolder + "/PG_VERSION"
        if FileManager.default.fileExists(atPath: version) { return }
        // Made under another name and then renamed: what has this name is whole, or was damaged later.
        guard !FileManager.default.fileExists(atPath: home.dataFolder) else {
            throw EngineError(
                .home,
                "\(home.dataFolder) is damaged (it has no PG_VERSION): restore it, or move it away to begin a new one"
            )
        }
        logger.info("making the database (\(programs.title))")
        let unfinished = home.path + "/postgres.new"
        try? FileManager.default.removeItem(atPath: unfinished)
        try TextFile.makeFolder(unfinished, mode: 0o700, owner: owner)
        let passwordFile = home.path + "/initdb.password"
        try TextFile.write(stamp.databasePassword + "\n", to: passwordFile, owner: owner)
        defer { unlink(passwordFile) }
        let child = try ChildProcess(
            name: "initdb",
            arguments: PostgresServer.initdbArguments(programs, dataFolder: unfinished, passwordFile: passwordFile),
            logPath: home.logFolder + "/initdb.log",
            user: owner
        )
        guard await child.waitForEnd(.seconds(120)), child.ending == "exit code 0" else {
            child.signal(SIGKILL)
            throw EngineError(.server, "initdb failed (\(child.ending ?? "no end")):\n\(child.logTail())")
        }
        guard rename(unfinished, home.dataFolder) == 0 else {
            throw EngineError(.home, "cannot rename \(unfinished): \(String(cString: strerror(errno)))")
        }
    }

    /// Starts PostgreSQL and waits until it answers.
    ///
    /// When its main process was killed, the sessions end by themselves, each at the end of its statement; until then
    /// no new server may work on the data.
    private func bringUpPostgres(sockets: String) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            try startPostgres(sockets: sockets)
            do {
                return try await waitForPostgres()
            } catch let error as EngineError
                where error.message.contains("pre-existing shared memory block") && ContinuousClock.now < deadline
            {
                logger.warning("sessions of the PostgreSQL before are still ending; trying again")
                try await Task.sleep(for: .milliseconds(500))
            }
        }
    }

    private func startPostgres(sockets: String) throws {
        let file = home.dataFolder + "/gogotrade.conf"
        try TextFile.write(
            PostgresServer.configuration(size: size, socketFolder: sockets),
            to: file,
            owner: owner
        )
        try children.withLock { children in
            // Whoever stops the servers at this moment would not stop this one.
            guard !children.isStopping else { throw CancellationError() }
            children.postgres = try ChildProcess(
                name: "postgres",
                arguments: [
                    programs.program("postgres"), "-D", home.dataFolder, "-c", "config_file=\(file)",
                    "-c", "hba_file=\(home.dataFolder)/pg_hba.conf",
                    "-c", "ident_file=\(home.dataFolder)/pg_ident.conf",
                ],
                logPath: home.logFolder + "/postgres.log",
                user: owner
            )
        }
    }

    private func startRedis(_ server: RedisServer, sockets: String) throws {
        let folder = home.redisFolder(server.rawValue)
        try TextFile.makeFolder(folder, mode: 0o700, owner: owner)
        let file = folder + "/redis.conf"
        try TextFile.write(
            server.configuration(
                socket: "\(sockets)/redis-\(server.rawValue).sock",
                folder: folder,
                pidFile: pidFile(server),
                password: stamp.redisPassword
            ),
            to: file,
            owner: owner
        )
        try children.withLock { children in
            guard !children.isStopping else { throw CancellationError() }
            children.redis[server] = try ChildProcess(
                name: "redis-\(server.rawValue)",
                arguments: [redisProgram, file],
                logPath: "\(home.logFolder)/redis-\(server.rawValue).log",
                user: owner
            )
        }
    }

    private func pidFile(_ server: RedisServer) -> String {
        home.redisFolder(server.rawValue) + "/redis.pid"
    }

    private func waitForPostgres() async throws {
        let maintenance = addresses.database.withDatabase("postgres")
        try await waitUntilReady("PostgreSQL", child: \.postgres) { [logger] in
            let connection = try await PostgresConnection.connect(maintenance, logger: logger)
            defer { connection.close() }
            try await connection.run { session in
                let exists = try session.query(
                    "SELECT 1 FROM pg_database WHERE datname = $1::text",
                    PostgresServer.database
                )
                if exists.count == 0 { try session.execute("CREATE DATABASE \(PostgresServer.database)") }
            }
        }
    }

    private func waitForRedis() async throws {
        for (server, url) in [(RedisServer.log, addresses.redisLogURL), (.cache, addresses.redisCacheURL)] {
            let configuration = try RedisConfiguration(url: url)
            try await waitUntilReady("Redis (\(server.rawValue))", child: \.redis[server]) { [logger] in
                let client = RedisClient(configuration: configuration, logger: logger)
                do {
                    try await client.ping()
                } catch {
                    await client.shutdown()
                    throw error
                }
                await client.shutdown()
            }
        }
    }

    private func waitUntilReady(
        _ name: String,
        child: any KeyPath<Children, ChildProcess?> & Sendable,
        probe: @Sendable () async throws -> Void
    ) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            do {
                return try await probe()
            } catch {
                try Task.checkCancellation()
                let process = children.withLock { $0[keyPath: child] }
                if let process, let ending = process.ending {
                    throw EngineError(.server, "\(name) did not start (\(ending)):\n\(process.logTail())")
                }
                guard ContinuousClock.now < deadline else {
                    let tail = process?.logTail() ?? ""
                    throw EngineError(.server, "\(name) does not answer within 60 seconds: \(error)\n\(tail)")
                }
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }
}

private func isExecutable(_ path: String) -> Bool {
    access(path, X_OK) == 0
}

/// 128 random bits as hexadecimal digits: nothing that would need escaping in a URL or a configuration file.
private func randomPassword() -> String {
    var generator = SystemRandomNumberGenerator()
    return String(generator.next(), radix: 16) + String(generator.next(), radix: 16)
}
