import Glibc
import Logging
import NIOCore
import NIOPosix
import RedisClient
import Synchronization
import Testing

/// A Redis server of a test's own, in a folder of its own; `withTestRedis` stops it and removes the folder.
final class TestRedis: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let folder: String
    let port: Int?
    private let options: [String]
    private let pid = Mutex<pid_t?>(nil)

    fileprivate init(overTCP: Bool, options: [String]) async throws {
        var template = Array("/tmp/gogotrade-redis-XXXXXX".utf8CString)
        folder = try template.withUnsafeMutableBufferPointer { path in
            guard let base = path.baseAddress, mkdtemp(base) != nil else {
                throw Failure(description: "mkdtemp failed")
            }
            return String(cString: base)
        }
        port = overTCP ? try await Self.freePort() : nil
        self.options = options
    }

    var socketPath: String { "\(folder)/redis.sock" }

    var configuration: RedisConfiguration {
        guard let port else { return RedisConfiguration(address: .unixSocket(path: socketPath)) }
        return RedisConfiguration(address: .tcp(host: "127.0.0.1", port: port))
    }

    func makeClient(_ change: (inout RedisConfiguration) -> Void = { _ in }) -> RedisClient {
        var configuration = configuration
        change(&configuration)
        return RedisClient(configuration: configuration, logger: quietLogger)
    }

    /// Starts the server and waits until it listens.
    func start() async throws {
        let listening = port.map { ["--port", "\($0)", "--bind", "127.0.0.1"] } ?? ["--port", "0"]
        let arguments =
            ["redis-server", "--unixsocket", socketPath, "--save", "", "--appendonly", "no", "--dir", folder]
            + ["--logfile", "\(folder)/log", "--daemonize", "no"] + listening + options
        let started = try Self.spawn(arguments)
        pid.withLock { $0 = started }
        for _ in 0..<500 {
            do {
                var probe = configuration
                probe.password = nil
                let connection = try await RedisConnection.connect(
                    probe,
                    eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
                    logger: quietLogger
                )
                await connection.close()
                return
            } catch  where error.code == .serverError {
                return  // it listens, and wants a password
            } catch {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        throw Failure(description: "redis-server did not start, see \(folder)/log")
    }

    func signal(_ signal: CInt) {
        pid.withLock { if let pid = $0 { _ = kill(pid, signal) } }
    }

    /// Ends the server as a crash would.
    func crash() {
        let ended = pid.withLock { pid in
            defer { pid = nil }
            return pid
        }
        guard let ended else { return }
        kill(ended, SIGKILL)
        waitpid(ended, nil, 0)
    }

    fileprivate func remove() {
        crash()
        for name in ["redis.sock", "log", "dump.rdb"] { unlink("\(folder)/\(name)") }
        rmdir(folder)
    }

    private static func spawn(_ arguments: [String]) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        // Sockets of other tests are inherited otherwise, and stay open when those close them.
        for descriptor in 3..<(256 as CInt) { posix_spawn_file_actions_addclose(&actions, descriptor) }
        let words = arguments.map { strdup($0) }
        defer { for word in words { free(word) } }
        var pid: pid_t = 0
        let status = posix_spawnp(&pid, "redis-server", &actions, nil, words + [nil], environ)
        guard status == 0 else {
            throw Failure(description: "redis-server cannot be started (error \(status)): apt-get install redis-server")
        }
        return pid
    }

    private static func freePort() async throws -> Int {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(listener.localAddress?.port)
        try await listener.close()
        return port
    }
}

/// Runs a test against a server of its own.
func withTestRedis(
    overTCP: Bool = false,
    options: [String] = [],
    _ body: (TestRedis) async throws -> Void
) async throws {
    let redis = try await TestRedis(overTCP: overTCP, options: options)
    defer { redis.remove() }
    try await redis.start()
    try await body(redis)
}

/// Runs a test against a server and a client of its own.
func withTestClient(
    overTCP: Bool = false,
    _ change: (inout RedisConfiguration) -> Void = { _ in },
    _ body: (RedisClient, TestRedis) async throws -> Void
) async throws {
    try await withTestRedis(overTCP: overTCP) { redis in
        let client = redis.makeClient(change)
        do {
            try await body(client, redis)
        } catch {
            await client.shutdown()
            throw error
        }
        await client.shutdown()
    }
}
