import Logging
import NIOCore
import NIOEmbedded
import RedisClient
import Synchronization
import Testing

/// Chance with a seed, so that a failure comes again (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// A connection whose server is the test: what it writes is read from the channel, what it reads is written there.
struct FakeServer {
    let channel: NIOAsyncTestingChannel
    let connection: RedisConnection

    init(_ change: (inout RedisConfiguration) -> Void = { _ in }) async throws {
        var configuration = RedisConfiguration(address: .tcp(host: "127.0.0.1", port: 6379))
        change(&configuration)
        let settings = configuration
        let channel = NIOAsyncTestingChannel()
        try await channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 6379)).get()
        connection = try await channel.testingEventLoop.executeInContext {
            let handler = RedisChannelHandler(settings)
            try channel.pipeline.syncOperations.addHandler(handler)
            return RedisConnection(channel: channel, handler: handler, configuration: settings)
        }
        self.channel = channel
    }

    /// Waits for the next write of the connection.
    func received(sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
        let end = ContinuousClock.now + .seconds(10)
        while true {
            if let written = try await channel.readOutbound(as: ByteBuffer.self) { return String(buffer: written) }
            try #require(ContinuousClock.now < end, "nothing was written", sourceLocation: sourceLocation)
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    /// Sends bytes to the connection.
    func send(_ reply: String) async throws {
        try await channel.writeInbound(ByteBuffer(string: reply))
    }

    func advance(by time: TimeAmount) async {
        await channel.testingEventLoop.advanceTime(by: time)
    }
}

extension RedisCommandBatch {
    /// A batch of commands, each given as its words.
    static func of(_ commands: [String]...) -> RedisCommandBatch {
        var batch = RedisCommandBatch()
        for words in commands {
            switch words.first {
            case "GET": batch.command("GET", Array(words.dropFirst()))
            case "SET": batch.command("SET", Array(words.dropFirst()))
            case "ECHO": batch.command("ECHO", Array(words.dropFirst()))
            case "INCR": batch.command("INCR", Array(words.dropFirst()))
            default: Issue.record("a command that the test support does not know")
            }
        }
        return batch
    }
}

/// Runs a call that has to fail, and returns its error.
func failure<Value>(
    of body: () async throws -> Value,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws -> RedisError {
    do {
        _ = try await body()
    } catch let error as RedisError {
        return error
    }
    return try #require(nil as RedisError?, "nothing was thrown", sourceLocation: sourceLocation)
}

/// Looks again and again until something is so, or a time is over.
func eventually(
    within limit: Duration = .seconds(10),
    _ what: Comment,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while await !condition() {
        try #require(ContinuousClock.now < end, what, sourceLocation: sourceLocation)
        try await Task.sleep(for: .milliseconds(5))
    }
}

let quietLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
