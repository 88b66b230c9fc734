import NIOCore
import NIOEmbedded
import RedisClient
import Testing

@Suite("A connection and its pipeline, against a server played by the test", .timeLimit(.minutes(1)))
struct RedisConnectionTests {
    @Test("replies go to their callers in the order of the commands, however they arrive")
    func keepsOrder() async throws {
        let server = try await FakeServer()
        let connection = server.connection
        async let first = connection.send(.of(["GET", "a"], ["GET", "b"]))
        #expect(try await server.received() == "*2\r\n$3\r\nGET\r\n$1\r\na\r\n*2\r\n$3\r\nGET\r\n$1\r\nb\r\n")
        async let second = connection.command("GET", "c")
        #expect(try await server.received().contains("$1\r\nc\r\n"))
        async let third = connection.sendCountingErrors(.of(["INCR", "d"], ["INCR", "e"], ["INCR", "f"]))
        #expect(try await server.received().contains("$1\r\nd\r\n"))
        for byte in "+A\r\n+B\r\n+C\r\n:1\r\n-WRONGTYPE x\r\n-ERR y\r\n" { try await server.send(String(byte)) }
        #expect(try await first == [.simple("A"), .simple("B")])
        #expect(try await second == .simple("C"))
        let counted = try await third
        #expect(counted.errors == 2)
        #expect(counted.firstError == RedisServerError(code: "WRONGTYPE", message: "x"))
    }

    @Test("an error reply stands in its place in a batch, and is thrown for a single command")
    func reportsErrors() async throws {
        let server = try await FakeServer()
        let connection = server.connection
        async let batch = connection.send(.of(["INCR", "a"], ["INCR", "b"]))
        _ = try await server.received()
        try await server.send("-WRONGTYPE no\r\n:2\r\n")
        #expect(try await batch == [.error(RedisServerError(code: "WRONGTYPE", message: "no")), .integer(2)])

        async let single = failure { try await connection.command("INCR", "a") }
        _ = try await server.received()
        try await server.send("-LOADING Redis is loading\r\n")
        let error = try await single
        #expect(error.code == .serverError)
        #expect(error.server?.code == "LOADING")
        #expect(error.isRetryable)
    }

    @Test("pushes between replies shift nothing")
    func ignoresPushes() async throws {
        let server = try await FakeServer()
        let connection = server.connection
        async let reply = connection.send(.of(["GET", "a"], ["GET", "b"]))
        _ = try await server.received()
        try await server.send(">2\r\n+invalidate\r\n_\r\n+A\r\n>3\r\n+message\r\n+c\r\n+m\r\n+B\r\n>0\r\n")
        #expect(try await reply == [.simple("A"), .simple("B")])
    }

    @Test("a cancelled caller returns at once, its reply is dropped, and the next caller gets its own")
    func dropsCancelledReply() async throws {
        let server = try await FakeServer()
        let connection = server.connection
        let cancelled = Task { try await connection.send(.of(["GET", "a"], ["GET", "b"])) }
        _ = try await server.received()
        cancelled.cancel()
        #expect(try await failure { try await cancelled.value }.code == .cancelled)

        async let next = connection.command("GET", "c")
        #expect(try await server.received().contains("$1\r\nc\r\n"))
        try await server.send("+A\r\n+B\r\n+C\r\n")
        #expect(try await next == .simple("C"))
    }

    @Test("a task that is cancelled before it sends sends nothing")
    func sendsNothingWhenCancelled() async throws {
        let server = try await FakeServer()
        let connection = server.connection
        let (gate, open) = AsyncStream<Void>.makeStream()
        let task = Task {
            for await _ in gate {}
            return try await connection.command("GET", "a")
        }
        task.cancel()
        open.finish()
        #expect(try await failure { try await task.value }.code == .cancelled)
        async let next = connection.command("GET", "b")
        #expect(try await server.received() == "*2\r\n$3\r\nGET\r\n$1\r\nb\r\n")
        try await server.send("+B\r\n")
        #expect(try await next == .simple("B"))
    }

    @Test("a command that is not answered in time fails with all behind it, and closes the connection")
    func timesOut() async throws {
        let server = try await FakeServer { $0.commandTimeout = .seconds(10) }
        let connection = server.connection
        async let first = failure { try await connection.command("GET", "a") }
        _ = try await server.received()
        await server.advance(by: .seconds(6))
        async let second = failure { try await connection.command("GET", "b") }
        _ = try await server.received()
        await server.advance(by: .milliseconds(3999))
        #expect(connection.endReason == nil)
        await server.advance(by: .milliseconds(1))
        #expect(try await first.code == .timeout)
        #expect(try await second.code == .timeout)
        #expect(connection.endReason?.code == .timeout)
        #expect(!server.channel.isActive)
        let after = try await failure { try await connection.command("GET", "c") }
        #expect(after.code == .connectionFailed)
        #expect(after.isRetryable)
    }

    @Test("an answer in time resets nothing for the command behind it")
    func timesOutTheSecond() async throws {
        let server = try await FakeServer { $0.commandTimeout = .seconds(10) }
        let connection = server.connection
        async let first = connection.command("GET", "a")
        _ = try await server.received()
        await server.advance(by: .seconds(6))
        async let second = failure { try await connection.command("GET", "b") }
        _ = try await server.received()
        try await server.send("+A\r\n")
        #expect(try await first == .simple("A"))
        await server.advance(by: .seconds(9))
        #expect(connection.endReason == nil)
        await server.advance(by: .seconds(1))
        #expect(try await second.code == .timeout)
    }

    @Test("a command may wait longer, or for ever, where the caller says so")
    func overridesTimeout() async throws {
        let server = try await FakeServer { $0.commandTimeout = .seconds(1) }
        let connection = server.connection
        async let patient = connection.send(.of(["GET", "a"]), timeout: nil)
        _ = try await server.received()
        await server.advance(by: .hours(100))
        try await server.send("+A\r\n")
        #expect(try await patient == [.simple("A")])

        async let other = failure { try await connection.send(.of(["GET", "b"]), timeout: .seconds(100)) }
        _ = try await server.received()
        async let brief = failure { try await connection.send(.of(["GET", "c"]), timeout: .milliseconds(10)) }
        _ = try await server.received()
        await server.advance(by: .milliseconds(10))
        #expect(try await brief.code == .timeout)
        #expect(try await other.code == .timeout)
    }

    @Test("a blocking read waits for its time and the command timeout on top")
    func blockingReadTimeout() async throws {
        let server = try await FakeServer { $0.commandTimeout = .seconds(1) }
        let connection = server.connection
        async let read = connection.readStream("s", after: .zero, count: 5, block: .microseconds(4_999_100))
        let expected = "*8\r\n$5\r\nXREAD\r\n$5\r\nCOUNT\r\n$1\r\n5\r\n$5\r\nBLOCK\r\n$4\r\n5000\r\n"
        #expect(try await server.received().hasPrefix(expected))
        await server.advance(by: .milliseconds(5900))
        #expect(connection.endReason == nil)
        try await server.send("_\r\n")
        #expect(try await read.isEmpty)
        async let zero = connection.readStream("s", after: .zero, count: 5, block: .zero)
        #expect(try await server.received().contains("BLOCK\r\n$1\r\n1\r\n"), "BLOCK 0 would mean for ever")
        try await server.send("_\r\n")
        #expect(try await zero.isEmpty)
    }

    @Test("when the server hangs up, everything under way fails as possibly executed")
    func serverHangsUp() async throws {
        let server = try await FakeServer()
        let connection = server.connection
        async let first = failure { try await connection.send(.of(["GET", "a"], ["GET", "b"])) }
        _ = try await server.received()
        async let second = failure { try await connection.sendCountingErrors(.of(["GET", "c"])) }
        _ = try await server.received()
        try await server.send("+A\r\n")
        try await server.channel.close()
        #expect(try await first.code == .connectionClosed)
        #expect(try await second.code == .connectionClosed)
        #expect(try await failure { try await connection.ping() }.code == .connectionFailed)
    }

    @Test(
        "bytes that are not RESP3, and a reply to nothing, end the connection",
        arguments: ["HTTP/1.1 400\r\n", "+A\r\n+B\r\n"]
    )
    func violation(bytes: String) async throws {
        let server = try await FakeServer()
        let connection = server.connection
        async let reply = connection.send(.of(["GET", "a"]))
        _ = try await server.received()
        try await server.send(bytes)
        let result: Result<[RedisValue], any Error>
        do { result = .success(try await reply) } catch { result = .failure(error) }
        if bytes.hasPrefix("+A") {
            #expect(try result.get() == [.simple("A")])
        } else {
            #expect((result.failure as? RedisError)?.code == .protocolViolation)
        }
        #expect(connection.endReason?.code == .protocolViolation)
        #expect(!server.channel.isActive)
    }

    @Test("a reply beyond the limit ends the connection")
    func replyTooLarge() async throws {
        let server = try await FakeServer { $0.maximumReplyBytes = 100 }
        let connection = server.connection
        async let reply = failure { try await connection.command("GET", "a") }
        _ = try await server.received()
        try await server.send("$101\r\n")
        #expect(try await reply.code == .protocolViolation)
    }

    @Test("what would go beyond the pending limit is refused, and room comes back with the replies")
    func refusesOverload() async throws {
        let server = try await FakeServer { $0.maximumPendingCommands = 2 }
        let connection = server.connection
        async let first = connection.send(.of(["GET", "a"], ["GET", "b"]))
        _ = try await server.received()
        let refused = try await failure { try await connection.command("GET", "c") }
        #expect(refused.code == .overloaded)
        #expect(refused.isRetryable)
        try await server.send("+A\r\n+B\r\n")
        #expect(try await first.count == 2)
        async let next = connection.command("GET", "d")
        _ = try await server.received()
        try await server.send("+D\r\n")
        #expect(try await next == .simple("D"))
    }

    @Test("a batch whose arguments do not add up is not sent, an empty one has no replies")
    func refusesMiscounted() async throws {
        let server = try await FakeServer()
        let connection = server.connection
        var batch = RedisCommandBatch()
        batch.command("GET", argumentCount: 2)
        batch.append("a")
        let miscounted = batch
        #expect(try await failure { try await connection.send(miscounted) }.code == .invalidArgument)
        #expect(try await connection.send(RedisCommandBatch()).isEmpty)
        #expect(try await connection.sendCountingErrors(RedisCommandBatch()).errors == 0)
        #expect(try await server.channel.readOutbound(as: ByteBuffer.self) == nil)
    }

    @Test("closing fails what is under way, and a connection that nobody keeps closes itself")
    func closes() async throws {
        let server = try await FakeServer()
        let connection = server.connection
        async let pending = failure { try await connection.command("GET", "a") }
        _ = try await server.received()
        await connection.close()
        let error = try await pending
        #expect(error.code == .connectionClosed)
        #expect(!error.isRetryable)

        var forgotten: FakeServer? = try await FakeServer()
        let channel = try #require(forgotten?.channel)
        forgotten = nil
        try await eventually("it stays open") { !channel.isActive }
    }

    @Test("a log-in sends HELLO with user and password, and selects the database")
    func logsIn() async throws {
        let server = try await FakeServer()
        var configuration = RedisConfiguration(address: .unixSocket(path: "/x"), database: 3)
        configuration.password = RedisSecret("pw")
        let outcome = server.connection.handshake(configuration, deadline: .distantFuture)
        #expect(
            try await server.received()
                == "*5\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$4\r\nAUTH\r\n$7\r\ndefault\r\n$2\r\npw\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n"
        )
        try await server.send("%1\r\n$5\r\nproto\r\n:3\r\n-ERR DB index is out of range\r\n")
        #expect(try await outcome.get() == RedisServerError(code: "ERR", message: "DB index is out of range"))
    }

    @Test("a listening connection asks for signs of life, and ends when none comes")
    func keepsAlive() async throws {
        let server = try await FakeServer { $0.commandTimeout = .seconds(2) }
        server.connection.keepAlive(every: .seconds(10))
        for _ in 0..<3 {
            await server.advance(by: .seconds(10))
            #expect(try await server.received() == "*1\r\n$4\r\nPING\r\n")
            try await server.send("+PONG\r\n")
        }
        await server.advance(by: .seconds(10))
        _ = try await server.received()
        await server.advance(by: .seconds(2))
        #expect(server.connection.endReason?.code == .timeout)
    }
}

extension Result {
    fileprivate var failure: Failure? {
        guard case .failure(let error) = self else { return nil }
        return error
    }
}
