import Feeds
import Glibc
import GoGoTradeTestSupport
import LiveMarket
import RedisClient
import Synchronization

/// A Redis server of a test's own that can crash: everything it has confirmed is on the disk.
final class RedisProcess: Sendable {
    static let program: String? = {
        let paths: [String] = ["/usr/bin/redis-server", "/usr/local/bin/redis-server"]
        return paths.first { access($0, X_OK) == 0 }
    }()
    static var isAvailable: Bool { program != nil }

    private let folder: String
    private let process = Mutex<pid_t?>(nil)

    private init() throws {
        folder = try TestFolder.make("redis")
    }

    /// Runs a test with a server, and a place in it to write a feed's log, live prices beside it.
    static func with<R: Sendable>(_ body: (RedisProcess, FeedSite) async throws -> R) async throws -> R {
        let redis = try RedisProcess()
        defer { redis.crash() }
        try await redis.start()
        let client = redis.makeClient()
        let site = FeedSite(keys: LiveKeys(shard: 0), log: client, cache: client)
        let result: Result<R, any Error>
        do { result = .success(try await body(redis, site)) } catch { result = .failure(error) }
        await client.shutdown()
        return try result.get()
    }

    func makeClient() -> RedisClient {
        RedisClient(
            configuration: RedisConfiguration(address: .unixSocket(path: "\(folder)/redis.sock")),
            logger: quietLogger
        )
    }

    /// Starts the server; it need not answer yet.
    func start() async throws {
        let arguments = [
            "redis-server", "--port", "0", "--unixsocket", "\(folder)/redis.sock", "--save", "", "--appendonly", "yes",
            "--appendfsync", "always", "--dir", folder, "--logfile", "\(folder)/log", "--daemonize", "no",
        ]
        let words = arguments.map { strdup($0) }
        defer { for word in words { free(word) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // Sockets of other tests would stay open in it.
        for descriptor in 3..<(256 as CInt) { posix_spawn_file_actions_addclose(&actions, descriptor) }
        var started: pid_t = 0
        let status = posix_spawn(&started, Self.program ?? "", &actions, nil, words + [nil], environ)
        guard status == 0 else { throw TestSupportError("redis-server cannot be started (error \(status))") }
        process.withLock { $0 = started }
        try await eventually("redis-server, see \(folder)/log") {
            let probe = makeClient()
            let isThere = (try? await probe.ping()) != nil
            await probe.shutdown()
            return isThere
        }
    }

    /// Ends the server as a power cut would.
    func crash() {
        let running = process.withLock { process in
            defer { process = nil }
            return process
        }
        guard let running else { return }
        kill(running, SIGKILL)
        waitpid(running, nil, 0)
    }
}

extension FeedSite {
    func entriesCount() async throws -> Int {
        try await TickLog(keys: keys, client: log).count()
    }
}
