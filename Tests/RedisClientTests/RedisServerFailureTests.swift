import Glibc
import NIOCore
import NIOPosix
import RedisClient
import Testing

@Suite("A real Redis server that fails or refuses", .serialized, .timeLimit(.minutes(1)))
struct RedisServerFailureTests {
    @Test("after a crash commands fail fast, and work again once the server is back", arguments: [true, false])
    func reconnects(overTCP: Bool) async throws {
        try await withTestClient(overTCP: overTCP) { client, redis in
            try await client.ping()
            redis.crash()
            var codes: Set<RedisError.Code> = []
            for _ in 0..<20 {
                let begin = ContinuousClock.now
                let error = try await failure { try await client.ping() }
                #expect(error.isRetryable)
                #expect(ContinuousClock.now - begin < .seconds(1))
                codes.insert(error.code)
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(codes.isSubset(of: [.connectionFailed, .connectionClosed]), "\(codes)")
            try await redis.start()
            try await eventually(within: .seconds(5), "the client does not come back") {
                (try? await client.ping()) != nil
            }
            #expect(try await client.set("k", "v"))
        }
    }

    @Test("a server that hangs fails commands in time, and late replies reach nobody")
    func timesOut() async throws {
        try await withTestClient {
            $0.commandTimeout = .milliseconds(200)
        } _: { client, redis in
            try await client.ping()
            redis.signal(SIGSTOP)
            let codes = try await withThrowingTaskGroup(of: RedisError.Code.self) { group in
                for task in 0..<10 {
                    group.addTask { try await failure { try await client.command("ECHO", "late \(task)") }.code }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(codes == [.timeout])
            redis.signal(SIGCONT)
            try await eventually("the client does not come back") { (try? await client.ping()) != nil }
            for round in 0..<100 { #expect(try await client.command("ECHO", "\(round)").string == "\(round)") }
        }
    }

    @Test("a server that accepts but does not answer the log-in fails the connection in time")
    func silentServer() async throws {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        var configuration = RedisConfiguration(
            address: .tcp(host: "127.0.0.1", port: try #require(listener.localAddress?.port))
        )
        configuration.connectTimeout = .milliseconds(200)
        let client = RedisClient(configuration: configuration, logger: quietLogger)
        let begin = ContinuousClock.now
        let error = try await failure { try await client.ping() }
        #expect(error.code == .connectionFailed)
        #expect(error.message.contains("did not answer the log-in"))
        #expect((.milliseconds(150) ... .seconds(2)).contains(ContinuousClock.now - begin))
        await client.shutdown()
        try await listener.close()
    }

    @Test("nothing that listens, or no such socket or host, is said plainly")
    func unreachable() async throws {
        let missing = RedisClient(
            configuration: RedisConfiguration(address: .unixSocket(path: "/nonexistent/redis.sock")),
            logger: quietLogger
        )
        let error = try await failure { try await missing.ping() }
        #expect(error.code == .connectionFailed)
        #expect(error.message.contains("/nonexistent/redis.sock"))
        #expect(error.message.contains("No such file"))
        await missing.shutdown()
        let wrong = RedisClient(
            configuration: RedisConfiguration(address: .tcp(host: "", port: 0)),
            logger: quietLogger
        )
        #expect(try await failure { try await wrong.ping() }.code == .invalidArgument)
        await wrong.shutdown()
    }

    @Test("a server with a password lets in who knows it, and tells others what is wrong without repeating theirs")
    func password() async throws {
        let canary = "c4n4ry-w0rd"
        try await withTestRedis(options: ["--requirepass", "right"]) { redis in
            let right = redis.makeClient { $0.password = RedisSecret("right") }
            try await right.ping()
            try await right.command("ACL", "SETUSER", "bob", "on", ">b0b", "+ping")
            let bob = redis.makeClient {
                $0.username = "bob"
                $0.password = RedisSecret("b0b")
            }
            try await bob.ping()
            let none = redis.makeClient()
            let noPassword = try await failure { try await none.ping() }
            #expect(noPassword.server?.code == "NOAUTH")
            #expect(noPassword.message.contains("give one with its address"))
            let wrong = redis.makeClient { $0.password = RedisSecret(canary) }
            let wrongPassword = try await failure { try await wrong.ping() }
            #expect(wrongPassword.server?.code == "WRONGPASS")
            for error in [noPassword, wrongPassword] {
                #expect(error.code == .serverError)
                #expect(!error.isRetryable)
                #expect(!"\(error) \(String(reflecting: error))".contains(canary))
            }
            for client in [right, bob, none, wrong] { await client.shutdown() }
        }
    }

    @Test("a database that is not there, and too many clients, are told apart")
    func refusals() async throws {
        try await withTestRedis(options: ["--databases", "2"]) { redis in
            let client = redis.makeClient { $0.database = 7 }
            let error = try await failure { try await client.ping() }
            #expect(error.code == .serverError)
            #expect(error.message.contains("out of range"))
            await client.shutdown()
        }
        try await withTestRedis(options: ["--maxclients", "1"]) { redis in
            let first = redis.makeClient()
            try await eventually("the first client is not let in") { (try? await first.ping()) != nil }
            let second = redis.makeClient()
            let error = try await failure { try await second.ping() }
            #expect(error.isRetryable)
            #expect(error.message.contains("max number of clients"), "\(error)")
            await first.shutdown()
            await second.shutdown()
        }
    }

    @Test("a connection killed while idle is remade for the next command, which succeeds")
    func killedWhileIdle() async throws {
        try await withTestClient { client, redis in
            let other = redis.makeClient()
            let id = try #require(try await client.command("CLIENT", "ID").integer)
            #expect(try await other.command("CLIENT", "KILL", "ID", "\(id)").integer == 1)
            try await eventually("the client does not come back") { (try? await client.ping()) != nil }
            #expect(try await client.command("CLIENT", "ID").integer != id)
            await other.shutdown()
        }
    }

    @Test("shutdown ends what waits, and everything after is refused")
    func shutdown() async throws {
        try await withTestRedis { redis in
            let client = redis.makeClient()
            let blocked = Task {
                try await client.withDedicatedConnection {
                    try await $0.readStream("s", after: .zero, count: 1, block: .seconds(60))
                }
            }
            let subscribed = Task {
                try await client.subscribe(to: ["c"], bufferingNewest: 1) { messages in
                    for await _ in messages {}
                }
            }
            try await eventually("nobody blocks and listens") {
                let list = (try? await client.command("CLIENT", "LIST"))?.string ?? ""
                return list.contains("cmd=xread") && list.contains("sub=1")
            }
            await client.shutdown()
            #expect(try await failure { try await blocked.value }.code == .shutDown)
            #expect(try await failure { try await subscribed.value }.code == .shutDown)
            #expect(try await failure { try await client.ping() }.code == .shutDown)
            #expect(try await failure { try await client.withDedicatedConnection { _ in } }.code == .shutDown)
            await client.shutdown()
        }
    }
}
