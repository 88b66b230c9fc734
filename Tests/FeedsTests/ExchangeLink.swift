import Feeds
import GoGoTradeTestSupport
import KiteProtocol
import NIOCore
import NIOWebSocket

/// A client of the simulated exchange, by hand.
struct ExchangeLink {
    private var inbound: NIOAsyncChannelInboundStream<WebSocketFrame>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>

    static func with<R>(port: Int, _ body: (inout ExchangeLink) async throws -> R) async throws -> R {
        let socket = try await TickerConnection.connect(TickerURL(host: "127.0.0.1", port: port))
        return try await socket.executeThenClose { inbound, outbound in
            var link = ExchangeLink(inbound: inbound.makeAsyncIterator(), outbound: outbound)
            return try await body(&link)
        }
    }

    func send(_ message: KiteClientMessage) async throws {
        try await send(text: message.json())
    }

    func send(text: String) async throws {
        try await send(.text, Array(text.utf8))
    }

    func send(_ opcode: WebSocketOpcode, _ bytes: [UInt8]) async throws {
        try await outbound.write(
            WebSocketFrame(fin: true, opcode: opcode, maskKey: .random(), data: ByteBuffer(bytes: bytes))
        )
    }

    /// The next message of any kind.
    mutating func next() async throws -> WebSocketFrame {
        guard let frame = try await inbound.next(isolation: #isolation) else {
            throw TestSupportError("the exchange closed the connection")
        }
        return frame
    }

    /// The next message of one kind; others are passed over.
    mutating func next(_ opcode: WebSocketOpcode) async throws -> [UInt8] {
        while true {
            let frame = try await next()
            if frame.opcode == opcode { return Array(frame.data.readableBytesView) }
        }
    }

    /// The lengths of the packets of the next message that has any, by token.
    mutating func nextPackets() async throws -> [UInt32: Int] {
        while true {
            let message = Packets(try await next(.binary))
            guard !message.packets.isEmpty else { continue }
            return Dictionary(
                message.packets.compactMap { packet in KitePacket.token(packet.span.bytes).map { ($0, packet.count) } },
                uniquingKeysWith: { _, last in last }
            )
        }
    }
}
