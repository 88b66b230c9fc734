import Glibc
import Logging
import NIOCore
import NIOPosix
import RedisClient
import Testing

@Suite("A real Redis server", .serialized, .timeLimit(.minutes(1)))
struct RedisServerTests {
    @Test("a client connects over TCP and over a unix socket", arguments: [true, false])
    func connects(overTCP: Bool) async throws {
        try await withTestClient(overTCP: overTCP) {
            $0.database = 3
        } _: { client, redis in
            try await client.ping()
            #expect(try await client.set("k", "v"))
            #expect(try await client.get("k") == ByteBuffer(string: "v"))
            let info = try #require(try await client.command("CLIENT", "INFO").string)
            #expect(info.contains(" db=3 "))
            #expect(info.contains(" resp=3"))
            #expect((redis.port != nil) == overTCP)
        }
    }

    @Test("a host name with two addresses is reached at the one that listens")
    func resolvesNames() async throws {
        try await withTestRedis(overTCP: true) { redis in
            let port = try #require(redis.port)
            let client = redis.makeClient { $0.address = .tcp(host: "localhost", port: port) }
            try await client.ping()
            await client.shutdown()
        }
    }

    @Test("a hundred tasks at once each get their own replies, in order")
    func pipelines() async throws {
        try await withTestClient { client, _ in
            let checked = try await withThrowingTaskGroup(of: Int.self) { group in
                for task in 0..<100 {
                    group.addTask {
                        var checked = 0
                        for round in 0..<50 {
                            if round.isMultiple(of: 2) {
                                let reply = try await client.command("ECHO", "\(task)/\(round)")
                                if reply.string == "\(task)/\(round)" { checked += 1 }
                            } else {
                                var batch = RedisCommandBatch()
                                for part in 0..<5 { batch.command("ECHO", ["\(task)/\(round)/\(part)"]) }
                                let replies = try await client.send(batch)
                                if replies.map(\.string) == (0..<5).map({ "\(task)/\(round)/\($0)" }) { checked += 1 }
                            }
                        }
                        return checked
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(checked == 5000)
            let clients = try #require(try await client.command("CLIENT", "LIST").string)
            #expect(clients.split(separator: "\n").count == 1, "all over one connection")
        }
    }

    @Test("tasks that are cancelled at random never give their replies to others", arguments: [UInt64(3)])
    func cancelsAtRandom(seed: UInt64) async throws {
        try await withTestClient { client, _ in
            typealias Outcome = (answered: Int, cancelled: Int, wrong: Int)
            let outcomes = try await withThrowingTaskGroup(of: Outcome.self) { group in
                for task in 0..<200 {
                    group.addTask {
                        var generator = SeededGenerator(seed: seed &+ UInt64(task))
                        var outcome: Outcome = (0, 0, 0)
                        for round in 0..<20 {
                            let call = Task { try await client.command("ECHO", "\(task)/\(round)") }
                            if Int.random(in: 0..<3, using: &generator) == 0 {
                                for _ in 0..<Int.random(in: 0..<20, using: &generator) { await Task.yield() }
                                call.cancel()
                            }
                            do {
                                let isOwn = try await call.value.string == "\(task)/\(round)"
                                if isOwn { outcome.answered += 1 } else { outcome.wrong += 1 }
                            } catch let error as RedisError where error.code == .cancelled {
                                outcome.cancelled += 1
                            }
                        }
                        return outcome
                    }
                }
                return try await group.reduce(into: Outcome(0, 0, 0)) {
                    $0 = ($0.answered + $1.answered, $0.cancelled + $1.cancelled, $0.wrong + $1.wrong)
                }
            }
            #expect(outcomes.answered + outcomes.cancelled == 4000)
            #expect(outcomes.wrong == 0)
            #expect(outcomes.answered > 0)
            #expect(outcomes.cancelled > 0)
        }
    }

    @Test("values of any bytes and up to many megabytes come back as they were sent")
    func largeValues() async throws {
        try await withTestClient { client, _ in
            var generator = SeededGenerator(seed: 11)
            for size in [0, 1, 16 << 10, 1 << 20, 20 << 20] {
                var bytes = [UInt8](repeating: 0, count: size)
                for index in stride(from: 0, to: size, by: max(1, size / 1000)) {
                    bytes[index] = .random(in: 0...255, using: &generator)
                }
                let value = ByteBuffer(bytes: bytes)
                try await client.set("big", value)
                #expect(try await client.get("big") == value)
            }
        }
    }

    @Test("keys are set, read together, deleted, and disappear in time")
    func keys() async throws {
        try await withTestClient { client, _ in
            #expect(try await client.get("a") == nil)
            #expect(try await client.set("a", "1", onlyIfAbsent: true))
            #expect(try await !client.set("a", "2", onlyIfAbsent: true))
            #expect(try await client.set("b", ByteBuffer(bytes: [0, 255]), timeToLive: .milliseconds(80)))
            let values = try await client.get(["a", "none", "b"])
            #expect(values == [ByteBuffer(string: "1"), nil, ByteBuffer(bytes: [0, 255])])
            let left = try #require(try await client.command("PTTL", "b").integer)
            #expect((1...80).contains(left))
            try await eventually("the key stays") { (try? await client.get("b")) == .some(nil) }
            #expect(try await client.command("PTTL", "a").integer == -1)
            #expect(try await client.delete(["a", "b", "c"]) == 1)
            #expect(try await client.delete([]) == 0)
            #expect(try await client.get([String]()).isEmpty)
            #expect(try await failure { try await client.set("a", "1", timeToLive: .zero) }.code == .invalidArgument)
            try await client.set("text", "x")
            let error = try await failure { try await client.command("INCR", "text") }
            #expect(error.code == .serverError)
            #expect(!error.isRetryable)
        }
    }

    @Test("streams are written in batches, read on, measured and trimmed")
    func streams() async throws {
        try await withTestClient { client, _ in
            #expect(try await client.firstStreamEntry("s") == nil)
            #expect(try await client.lastStreamEntry("s")?.id == nil)
            #expect(try await client.readStream("s", after: .zero, count: 10).isEmpty)
            var batch = RedisCommandBatch()
            for number in 1...100 as ClosedRange<UInt64> {
                let id = RedisStreamID(milliseconds: number, sequence: 5)
                batch.xadd(key: "s", id: id, fields: [("n", ByteBuffer(string: "\(number)")), ("f", ByteBuffer())])
            }
            #expect(try await client.sendCountingErrors(batch).errors == 0)
            let again = try await client.sendCountingErrors(batch)
            #expect(again.errors == 100, "ids must rise")
            #expect(again.firstError?.code == "ERR")
            #expect(try await client.streamLength("s") == 100)
            #expect(try await client.firstStreamEntry("s")?.id == RedisStreamID(milliseconds: 1, sequence: 5))
            let last = try #require(try await client.lastStreamEntry("s"))
            #expect(last.id == RedisStreamID(milliseconds: 100, sequence: 5))
            #expect(last["n"] == ByteBuffer(string: "100"))
            #expect(last.fields.map(\.name) == ["n", "f"])
            #expect(last["none"] == nil)

            var seen: [String] = []
            var position = RedisStreamID.zero
            while true {
                let entries = try await client.readStream("s", after: position, count: 30)
                guard let end = entries.last else { break }
                seen += entries.compactMap { $0["n"].map(String.init(buffer:)) }
                position = end.id
            }
            #expect(seen == (1...100).map { "\($0)" })
            #expect(try await client.trimStream("s", upTo: RedisStreamID(milliseconds: 91, sequence: 0)) == 90)
            #expect(try await client.streamLength("s") == 10)
            #expect(try await client.firstStreamEntry("s")?.id == RedisStreamID(milliseconds: 91, sequence: 5))
            let none = try await failure { try await client.readStream("s", after: .zero, count: 0) }
            #expect(none.code == .invalidArgument)
            try await client.set("text", "x")
            #expect(try await failure { try await client.streamLength("text") }.server?.code == "WRONGTYPE")
        }
    }

    @Test("a blocking read returns when an entry comes, or empty after its time, and disturbs nobody")
    func blockingRead() async throws {
        try await withTestClient {
            $0.commandTimeout = .milliseconds(300)
        } _: { client, _ in
            let begin = ContinuousClock.now
            let empty = try await client.withDedicatedConnection {
                try await $0.readStream("s", after: .zero, count: 1, block: .milliseconds(500))
            }
            #expect(empty.isEmpty)
            #expect(ContinuousClock.now - begin >= .milliseconds(500), "longer than the command timeout")

            async let waiting = client.withDedicatedConnection {
                try await $0.readStream("s", after: .zero, count: 10, block: .seconds(30))
            }
            try await eventually("nobody blocks") {
                (try? await client.command("CLIENT", "LIST"))?.string?.contains("cmd=xread") == true
            }
            try await client.ping()
            var batch = RedisCommandBatch()
            batch.xadd(key: "s", id: nil, fields: [("f", ByteBuffer(string: "x"))])
            #expect(try await client.send(batch).first?.error == nil)
            #expect(try await waiting.map { $0["f"] } == [ByteBuffer(string: "x")])
            try await eventually("a lent connection stays open") {
                (try? await client.command("CLIENT", "LIST"))?.string?.split(separator: "\n").count == 1
            }
        }
    }

    @Test("a cancelled blocking read ends at once and its connection is closed")
    func cancelledBlockingRead() async throws {
        try await withTestClient { client, _ in
            let read = Task {
                try await client.withDedicatedConnection {
                    try await $0.readStream("s", after: .zero, count: 1, block: .seconds(60))
                }
            }
            try await eventually("nobody blocks") {
                (try? await client.command("CLIENT", "LIST"))?.string?.contains("cmd=xread") == true
            }
            read.cancel()
            #expect(try await failure { try await read.value }.code == .cancelled)
            try await eventually("the server still has the connection") {
                (try? await client.command("CLIENT", "LIST"))?.string?.split(separator: "\n").count == 1
            }
        }
    }
}
