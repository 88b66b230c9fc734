package import NIOCore
internal import NIOHTTP1
internal import NIOPosix
package import NIOWebSocket

/// A WebSocket connection, as a client.
package enum TickerConnection {
    package typealias WebSocket = NIOAsyncChannel<WebSocketFrame, WebSocketFrame>

    /// The largest message taken: far above a full frame of 3,000 instruments (558,002 bytes).
    static let maximumMessageSize = 1 << 22

    private enum Upgrade: Sendable {
        case webSocket(WebSocket)
        case refused
    }

    /// Connects and upgrades to a WebSocket, each within `timeout`.
    ///
    /// - Throws: ``FeedError`` `.connectionFailed`.
    package static func connect(
        _ url: TickerURL,
        timeout: Duration = .seconds(7)
    ) async throws(FeedError) -> WebSocket {
        let result: Upgrade
        do {
            let upgrade = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelOption(
                    .recvAllocator,
                    value: AdaptiveRecvByteBufferAllocator(minimum: 2048, initial: 65_536, maximum: 1 << 20)
                )
                .connectTimeout(TimeAmount(timeout))
                .connect(host: url.host, port: url.port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let upgrade = try configure(channel, url)
                        limit(upgrade, of: channel, to: timeout)
                        return upgrade
                    }
                }
            result = try await upgrade.get()
        } catch {
            throw FeedError(.connectionFailed, "no connection to \(url): \(error)")
        }
        switch result {
        case .webSocket(let channel): return channel
        case .refused:
            throw FeedError(
                .connectionFailed,
                "\(url) answered, but refused a WebSocket: is this the ticker's address, and is the access token valid?"
            )
        }
    }

    /// Fails an upgrade that takes too long: a peer that accepts connections and then says nothing must not hold us.
    private static func limit(_ upgrade: EventLoopFuture<Upgrade>, of channel: any Channel, to timeout: Duration) {
        let deadline = channel.eventLoop.scheduleTask(in: TimeAmount(timeout)) { channel.close(promise: nil) }
        upgrade.whenComplete { _ in deadline.cancel() }
    }

    private static func configure(_ channel: any Channel, _ url: TickerURL) throws -> EventLoopFuture<Upgrade> {
        let upgrader = NIOTypedWebSocketClientUpgrader<Upgrade>(
            maxFrameSize: maximumMessageSize,
            enableAutomaticErrorHandling: true
        ) { channel, _ in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(
                    NIOWebSocketFrameAggregator(
                        minNonFinalFragmentSize: 1,
                        maxAccumulatedFrameCount: 1024,
                        maxAccumulatedFrameSize: maximumMessageSize
                    )
                )
                let socket = try WebSocket(
                    wrappingChannelSynchronously: channel,
                    configuration: .init(backPressureStrategy: .init(lowWatermark: 16, highWatermark: 64))
                )
                return .webSocket(socket)
            }
        }
        var headers = HTTPHeaders([("Host", "\(url.host):\(url.port)"), ("Content-Length", "0")])
        headers.add(name: "X-Kite-Version", value: "3")
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: url.target, headers: headers)
        let upgrade = NIOTypedHTTPClientUpgradeConfiguration(
            upgradeRequestHead: head,
            upgraders: [upgrader],
            notUpgradingCompletionHandler: { channel in
                channel.close().map { .refused }
            }
        )
        var pipeline = NIOUpgradableHTTPClientPipelineConfiguration(upgradeConfiguration: upgrade)
        // The default drops frames that arrive in the same segment as the answer to the upgrade.
        pipeline.leftOverBytesStrategy = .forwardBytes
        return try channel.pipeline.syncOperations.configureUpgradableHTTPClientPipeline(configuration: pipeline)
    }
}

extension WebSocketFrame {
    /// A text message of a client.
    static func clientText(_ text: String) -> WebSocketFrame {
        WebSocketFrame(fin: true, opcode: .text, maskKey: .random(), data: ByteBuffer(string: text))
    }

    /// A control frame of a client that answers or ends.
    static func clientControl(_ opcode: WebSocketOpcode, _ data: ByteBuffer) -> WebSocketFrame {
        WebSocketFrame(fin: true, opcode: opcode, maskKey: .random(), data: data)
    }
}
