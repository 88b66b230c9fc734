import Foundation
import Glibc
import GoGoTradeTestSupport
import LocalEngine
import PostgresClient
import RedisClient
import Testing

@Suite("Private servers", .timeLimit(.minutes(5)))
struct LocalEngineTests {
    private func withRedis<Value>(_ url: String, _ body: (RedisClient) async throws -> Value) async throws -> Value {
        let client = RedisClient(configuration: try RedisConfiguration(url: url), logger: TestEngines.logger)
        let result: Result<Value, any Error>
        do { result = .success(try await body(client)) } catch { result = .failure(error) }
        await client.shutdown()
        return try result.get()
    }

    @Test("a restart keeps what PostgreSQL and the log's Redis hold, with the same passwords")
    func restart() async throws {
        let home = try TestHome()
        try await home.withEngine { engine in
            _ = try await engine.query("CREATE TABLE kept AS SELECT 42 AS n")
            try await withRedis(engine.addresses.redisLogURL) { redis in _ = try await redis.set("kept", "yes") }
        }
        let stamp = try home.text("engine.json")
        try await home.withEngine { engine in
            #expect(try await engine.query("SELECT n FROM kept").value(0, 0, as: Int32.self) == 42)
            let kept = try await withRedis(engine.addresses.redisLogURL) { redis in
                try await redis.command("GET", "kept").string
            }
            #expect(kept == "yes")
        }
        #expect(try home.text("engine.json") == stamp)
    }

    @Test("the same engine can be started again after it was stopped")
    func startAgain() async throws {
        let engine = try TestHome().engine()
        for _ in 0..<2 {
            try await engine.start()
            let answer = try? await engine.query("SELECT 7").value(0, 0, as: Int32.self)
            await engine.stop()
            #expect(answer == 7)
        }
    }

    @Test("after a stop no process of the home is left, open sessions or not")
    func nothingLeft() async throws {
        let home = try TestHome()
        let engine = try home.engine()
        try await engine.start()
        let servers = engine.processIDs
        #expect(Set(servers.keys) == ["postgres", "redis-log", "redis-cache"])
        let session = try await PostgresConnection.connect(engine.addresses.database, logger: TestEngines.logger)
        let work = Task { try await session.run { session in try session.execute("SELECT pg_sleep(60)") } }
        #expect(try await eventually { home.processes().count > 3 }, "servers and their helpers")
        #expect(servers.values.allSatisfy { isAlive($0) })
        let begin = ContinuousClock.now
        await engine.stop()
        #expect(ContinuousClock.now - begin < .seconds(30))
        #expect(home.processes() == [])
        #expect(servers.values.allSatisfy { !isAlive($0) })
        #expect(!FileManager.default.fileExists(atPath: home.file("postgres/postmaster.pid")))
        await #expect(throws: PostgresError.self) { try await work.value }
    }

    @Test("the servers do not run as root")
    func notRoot() async throws {
        let home = try TestHome()
        try await home.withEngine { engine in
            var checked: Set<Int32> = []
            for process in home.processes() {
                // PostgreSQL's helpers come and go.
                guard let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8) else {
                    continue
                }
                let users = try #require(status.split(separator: "\n").first { $0.hasPrefix("Uid:") })
                #expect(!users.split(separator: "\t").dropFirst().contains("0"), "\(users)")
                checked.insert(process)
            }
            #expect(checked.isSuperset(of: engine.processIDs.values))
        }
    }

    @Test("another program finds the servers of a home while they run, and only then")
    func running() async throws {
        let home = try TestHome()
        #expect(try LocalEngine.running(at: home.path) == nil)
        try await home.withEngine { engine in
            let found = try #require(try LocalEngine.running(at: home.path))
            #expect(found.redisLogURL == engine.addresses.redisLogURL)
            let connection = try await PostgresConnection.connect(found.database, logger: TestEngines.logger)
            connection.close()
        }
        #expect(try LocalEngine.running(at: home.path) == nil)
    }

    @Test("a pid file that now names a stranger's process does no harm to it")
    func strangersProcess() async throws {
        let home = try TestHome()
        let other = try await TestEngines.shared.engine(#require(TestEdition.available.first))
        let stranger = try #require(other.processIDs["postgres"])
        let redis = try #require(other.processIDs["redis-log"])
        try await home.withEngine { _ in }
        // As after a power cut: the numbers belong to another cluster's servers now.
        let pidFile = "\(stranger)\n\(home.file("postgres"))\n0\n5432\n\(home.file("run"))\n\n"
        try pidFile.write(toFile: home.file("postgres/postmaster.pid"), atomically: false, encoding: .utf8)
        try "\(redis)\n".write(toFile: home.file("redis-log/redis.pid"), atomically: false, encoding: .utf8)
        #expect(try LocalEngine.running(at: home.path) == nil)
        // PostgreSQL itself may refuse such a file; what counts is that the stranger lives.
        let engine = try home.engine()
        try? await engine.start()
        await engine.stop()
        #expect(isAlive(stranger))
        #expect(isAlive(redis))
    }

    @Test("a server that is killed comes back by itself", arguments: ["postgres", "redis-log", "redis-cache"])
    func killed(server: String) async throws {
        let home = try TestHome()
        try await home.withEngine { engine in
            _ = try await engine.query("CREATE TABLE kept AS SELECT 42 AS n")
            let watch = Task { try await engine.watch() }
            let former = try #require(engine.processIDs[server])
            let others = engine.processIDs.filter { $0.key != server }
            kill(former, SIGKILL)
            let isBack = try await eventually {
                guard let present = engine.processIDs[server], present != former, isAlive(present) else { return false }
                let pings = [engine.addresses.redisLogURL, engine.addresses.redisCacheURL]
                for url in pings where (try? await withRedis(url) { try await $0.ping() }) == nil { return false }
                return (try? await engine.query("SELECT n FROM kept").value(0, 0, as: Int32.self)) == 42
            }
            #expect(isBack)
            #expect(engine.processIDs.filter { $0.key != server } == others, "the others stayed")
            watch.cancel()
            try await watch.value
        }
        #expect(home.processes() == [])
    }

    @Test("PostgreSQL comes back although a session of the killed one is still at work")
    func killedBusy() async throws {
        let home = try TestHome()
        try await home.withEngine { engine in
            let session = try await PostgresConnection.connect(engine.addresses.database, logger: TestEngines.logger)
            let backend: Int32 = try await session.run { session in
                try session.execute("SET max_parallel_workers_per_gather = 0")
                return try session.query("SELECT pg_backend_pid()").value(0, 0)
            }
            // Counts for some seconds without ever looking whether its server lives.
            let work = Task {
                try await session.run { try $0.execute("SELECT count(*) FROM generate_series(1, 30000000)") }
            }
            let former = try #require(engine.processIDs["postgres"])
            let isAtWork = try await eventually {
                let rows = try await engine.query(
                    "SELECT 1 FROM pg_stat_activity WHERE pid = \(backend) AND state = 'active'"
                )
                return rows.count == 1
            }
            #expect(isAtWork)
            let watch = Task { try await engine.watch() }
            kill(former, SIGKILL)
            let isBack = try await eventually(within: .seconds(60)) {
                (try? await engine.query("SELECT 7").value(0, 0, as: Int32.self)) == 7
            }
            #expect(isBack)
            #expect(engine.processIDs["postgres"] != former)
            _ = await work.result
            session.close()
            watch.cancel()
            try await watch.value
        }
    }

    @Test("a data folder that PostgreSQL refuses: the error has the end of its log, and nothing is left running")
    func damagedData() async throws {
        let home = try TestHome()
        try await home.withEngine { _ in }
        try FileManager.default.removeItem(atPath: home.file("postgres/global/pg_control"))
        let engine = try home.engine()
        let error = await #expect(throws: EngineError.self) { try await engine.start() }
        #expect(error?.code == .server)
        #expect(error?.message.contains("pg_control") == true, "\(error?.message ?? "")")
        #expect(home.processes() == [])
    }

    @Test("a data folder without its PG_VERSION is refused and not thrown away")
    func missingVersion() async throws {
        let home = try TestHome()
        try await home.withEngine { engine in _ = try await engine.query("CREATE TABLE kept AS SELECT 42 AS n") }
        let version = try home.text("postgres/PG_VERSION")
        try FileManager.default.removeItem(atPath: home.file("postgres/PG_VERSION"))
        let damaged = try home.engine()
        let error = await #expect(throws: EngineError.self) { try await damaged.start() }
        #expect(error?.code == .home)
        #expect(error?.message.contains("PG_VERSION") == true)
        #expect(home.processes() == [])
        #expect(FileManager.default.fileExists(atPath: home.file("postgres/global/pg_control")))
        try version.write(toFile: home.file("postgres/PG_VERSION"), atomically: false, encoding: .utf8)
        let kept: Int32 = try await damaged.startedQuery("SELECT n FROM kept")
        #expect(kept == 42)
    }

    @Test("a start that was interrupted while the database was made begins anew")
    func interruptedInitdb() async throws {
        let home = try TestHome()
        _ = try home.engine()
        try FileManager.default.createDirectory(
            atPath: home.file("postgres.new/base"),
            withIntermediateDirectories: true
        )
        try "half".write(toFile: home.file("postgres.new/half"), atomically: false, encoding: .utf8)
        try await home.withEngine { engine in
            let answer: Int32 = try await engine.query("SELECT 7").value(0, 0)
            #expect(answer == 7)
        }
        #expect(!FileManager.default.fileExists(atPath: home.file("postgres.new")))
        #expect(!FileManager.default.fileExists(atPath: home.file("postgres/half")))
    }
}

extension LocalEngine {
    /// Starts, asks, and stops.
    fileprivate func startedQuery(_ sql: String) async throws -> Int32 {
        try await start()
        let result: Result<Int32, any Error>
        do { result = .success(try await query(sql).value(0, 0)) } catch { result = .failure(error) }
        await stop()
        return try result.get()
    }
}
