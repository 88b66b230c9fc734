import Feeds
import NIOCore
import NIOPosix
import Testing

@Suite("Connecting to the ticker", .timeLimit(.minutes(1)))
struct TickerConnectionTests {
    /// Says one thing to everybody who sends something, then nothing more.
    private final class Answer: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        let text: String

        init(_ text: String) {
            self.text = text
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard !text.isEmpty else { return }
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        }
    }

    private static func failure(answer: String, query: String = "") async throws -> FeedError {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Answer(answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        let url = TickerURL(host: "127.0.0.1", port: port, target: "/" + query)
        let error = await #expect(throws: FeedError.self) {
            try await TickerConnection.connect(url, timeout: .milliseconds(300))
        }
        try await server.close()
        return try #require(error)
    }

    @Test("a peer that accepts the connection and says nothing fails in time")
    func silent() async throws {
        let begin = ContinuousClock.now
        let error = try await Self.failure(answer: "")
        #expect(error.code == .connectionFailed)
        #expect((.milliseconds(250) ... .seconds(20)).contains(ContinuousClock.now - begin))
    }

    @Test("a peer that refuses the WebSocket is told from one that is not there, without the access token")
    func refused() async throws {
        let error = try await Self.failure(
            answer: "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
            query: "?access_token=canary"
        )
        #expect(error.code == .connectionFailed)
        #expect(error.description.contains("refused a WebSocket"))
        #expect(!error.description.contains("canary"))
    }

    @Test(
        "a peer that speaks something else fails",
        arguments: ["garbage\r\n\r\n", "SSH-2.0-OpenSSH_9\r\n", "\u{0}\u{1}\u{2}"]
    )
    func otherProtocol(answer: String) async throws {
        #expect(try await Self.failure(answer: answer).code == .connectionFailed)
    }

    @Test("nobody there is said plainly")
    func nobody() async throws {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(listener.localAddress?.port)
        try await listener.close()
        let error = try await #require(throws: FeedError.self) {
            try await TickerConnection.connect(TickerURL(host: "127.0.0.1", port: port), timeout: .seconds(2))
        }
        #expect(error.code == .connectionFailed)
        #expect(error.description.contains("ws://127.0.0.1:\(port)"))
    }
}
