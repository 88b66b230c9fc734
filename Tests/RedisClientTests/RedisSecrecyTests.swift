import NIOCore
import RedisClient
import Testing

@Suite("Passwords are never shown", .timeLimit(.minutes(1)))
struct RedisSecrecyTests {
    private static let canary = "k4n4rie"

    /// Every way in which Swift prints a value.
    private func printed(_ value: Any) -> String {
        var dumped = ""
        dump(value, to: &dumped)
        return "\(value) \(String(reflecting: value)) \(String(describing: [value])) \(dumped)"
    }

    @Test("no value that holds the password prints it")
    func values() async throws {
        let configuration = try RedisConfiguration(url: "redis://u:\(Self.canary)@127.0.0.1:6390/2")
        #expect(configuration.password?.revealed == Self.canary)
        var batch = RedisCommandBatch()
        batch.handshake(configuration)
        #expect(String(buffer: batch.bytes).contains(Self.canary), "the canary has to be in there")
        let settings = configuration
        let server = try await FakeServer { $0 = settings }
        let client = RedisClient(configuration: configuration, logger: quietLogger)
        let values: [Any] = [
            configuration, RedisSecret(Self.canary), configuration.password as Any, batch, server.connection, client,
        ]
        for value in values {
            let shown = printed(value)
            #expect(!shown.contains(Self.canary), "\(type(of: value))")
            let hexadecimal = shown.lowercased().filter { $0 != " " }
            #expect(!hexadecimal.contains("6b346e34"), "\(type(of: value)) shows it in hexadecimal")
        }
        #expect(printed(configuration).contains("127.0.0.1:6390"))
        #expect(printed(RedisSecret(Self.canary)).contains("<redacted>"))
        await client.shutdown()
    }

    @Test("an old server that repeats the arguments of an unknown command does not make us repeat them")
    func echoedArguments() {
        let reply = "ERR unknown command `HELLO`, with args beginning with: `3`, `AUTH`, `default`, `\(Self.canary)`, "
        let error = RedisServerError(reply: reply)
        #expect(error.code == "ERR")
        #expect(error.message == "unknown command `HELLO`")
        #expect(!printed(RedisError(server: error)).contains(Self.canary))
    }
}
