import Glibc
import NIOCore
import RedisClient
import Testing

@Suite("Publishing and subscribing with a real Redis server", .serialized, .timeLimit(.minutes(1)))
struct RedisServerSubscriptionTests {
    private func publish(_ texts: [String], on channel: String, _ client: RedisClient) async throws {
        var batch = RedisCommandBatch()
        for text in texts { batch.publish(channel: channel, bytes: ByteBuffer(string: text)) }
        let outcome = try await client.sendCountingErrors(batch)
        #expect(outcome.errors == 0)
    }

    @Test("what is published on the channels arrives in order, from the first moment of the body")
    func receives() async throws {
        try await withTestClient { client, _ in
            let received = try await client.subscribe(to: ["a", "b"], bufferingNewest: 1000) { messages in
                try await publish((0..<500).map { "\($0)" }, on: "a", client)
                try await publish(["other"], on: "c", client)
                try await publish(["end"], on: "b", client)
                var received: [RedisMessage] = []
                for await message in messages {
                    received.append(message)
                    if message.channel == "b" { break }
                }
                #expect(messages.droppedMessages == 0)
                #expect(messages.reconnections == 0)
                return received
            }
            #expect(received.dropLast().map { String(buffer: $0.payload) } == (0..<500).map { "\($0)" })
            #expect(received.last == RedisMessage(channel: "b", payload: ByteBuffer(string: "end")))
            try await eventually("the subscription's connection stays open") {
                (try? await client.command("CLIENT", "LIST"))?.string?.split(separator: "\n").count == 1
            }
        }
    }

    @Test("a slow reader loses the oldest messages, and their number is known")
    func boundsBuffer() async throws {
        try await withTestClient { client, _ in
            try await client.subscribe(to: ["a"], bufferingNewest: 10) { messages in
                try await publish((0..<100).map { "\($0)" }, on: "a", client)
                try await eventually("not all came") { messages.droppedMessages == 90 }
                var iterator = messages.makeAsyncIterator()
                for expected in 90..<100 {
                    let message = try #require(await iterator.next(isolation: nil))
                    #expect(String(buffer: message.payload) == "\(expected)")
                }
            }
        }
    }

    @Test("a killed subscription is subscribed again by itself, every time")
    func resubscribes() async throws {
        try await withTestClient { client, _ in
            try await client.subscribe(to: ["a", "b"], bufferingNewest: 100) { messages in
                var iterator = messages.makeAsyncIterator()
                for round in 1...3 {
                    #expect(try await client.command("CLIENT", "KILL", "TYPE", "pubsub").integer == 1)
                    try await eventually("it does not come back") { messages.reconnections == round }
                    try await publish(["\(round)"], on: round.isMultiple(of: 2) ? "a" : "b", client)
                    let message = try #require(await iterator.next(isolation: nil))
                    #expect(String(buffer: message.payload) == "\(round)")
                }
            }
        }
    }

    @Test("a subscription survives a crash and a restart of the server")
    func survivesCrash() async throws {
        try await withTestClient { client, redis in
            try await client.subscribe(to: ["a"], bufferingNewest: 100) { messages in
                redis.crash()
                try await Task.sleep(for: .milliseconds(300))
                try await redis.start()
                try await eventually("it does not come back") { messages.reconnections == 1 }
                try await eventually("the client does not come back") { (try? await client.ping()) != nil }
                try await publish(["back"], on: "a", client)
                var iterator = messages.makeAsyncIterator()
                #expect(await iterator.next(isolation: nil)?.payload == ByteBuffer(string: "back"))
            }
        }
    }

    @Test("a cancelled task leaves its subscription, also while the server is away", arguments: [true, false])
    func cancels(serverIsAway: Bool) async throws {
        try await withTestClient { client, redis in
            let (started, start) = AsyncStream<Void>.makeStream()
            let task = Task {
                try await client.subscribe(to: ["a"], bufferingNewest: 1) { messages in
                    start.finish()
                    for await _ in messages {}
                    return "left"
                }
            }
            for await _ in started {}
            if serverIsAway {
                redis.crash()
                try await Task.sleep(for: .milliseconds(100))
            }
            task.cancel()
            #expect(try await task.value == "left")
        }
    }

    @Test("what the body throws comes through, and the connection is closed")
    func bodyThrows() async throws {
        struct Mine: Error {}
        try await withTestClient { client, _ in
            await #expect(throws: Mine.self) {
                try await client.subscribe(to: ["a"], bufferingNewest: 1) { _ in throw Mine() }
            }
            try await eventually("the subscription's connection stays open") {
                (try? await client.command("CLIENT", "LIST"))?.string?.split(separator: "\n").count == 1
            }
        }
    }

    @Test("a channel that the user may not listen to is an error, and so is none")
    func refused() async throws {
        try await withTestClient { client, redis in
            try await client.command("ACL", "SETUSER", "deaf", "on", ">pw", "+@all", "resetchannels", "&open")
            let deaf = redis.makeClient {
                $0.username = "deaf"
                $0.password = RedisSecret("pw")
            }
            let error = try await failure {
                try await deaf.subscribe(to: ["open", "closed"], bufferingNewest: 1) { _ in }
            }
            #expect(error.server?.code == "NOPERM")
            #expect(!error.isRetryable)
            #expect(try await deaf.subscribe(to: ["open"], bufferingNewest: 1) { _ in 7 } == 7)
            let none = try await failure { try await client.subscribe(to: [], bufferingNewest: 1) { _ in } }
            #expect(none.code == .invalidArgument)
            let noRoom = try await failure { try await client.subscribe(to: ["a"], bufferingNewest: 0) { _ in } }
            #expect(noRoom.code == .invalidArgument)
            await deaf.shutdown()
        }
    }

    @Test("a subscription that may not come back ends, and says why")
    func endsForGood() async throws {
        try await withTestClient { client, redis in
            try await client.command("ACL", "SETUSER", "bob", "on", ">pw", "+@all", "allchannels")
            let bob = redis.makeClient {
                $0.username = "bob"
                $0.password = RedisSecret("pw")
            }
            let error = try await failure {
                try await bob.subscribe(to: ["a"], bufferingNewest: 1) { messages in
                    let deleted = try await client.command("ACL", "DELUSER", "bob")
                    #expect(deleted.integer == 1)
                    for await _ in messages {}
                }
            }
            #expect(error.server?.code == "WRONGPASS")
            await bob.shutdown()
        }
    }
}
