internal import KiteProtocol
package import MarketModel
package import NIOCore
package import RedisClient

/// The newest that is known of an instrument's price.
package struct LiveQuote: Sendable {
    package let tick: Tick
    /// The market's time when it was received: the log's clock.
    package let marketTime: Timestamp
    /// The wall clock's time when it was received.
    package let receivedAt: Timestamp
    /// True when nothing came for a second.
    package let isStale: Bool
}

/// Live prices in Redis: one key per instrument that lives for a second, and a last-known quote beside it.
///
/// Both values are 8 bytes market time and 8 bytes wall time (microseconds since 1970, big-endian), then the packet
/// as it came off the wire; the price key holds its first 8 bytes only, token and last price.
package struct LivePrices: Sendable {
    /// How long a price counts as live.
    package static let lifetime: Duration = .seconds(1)

    private let client: RedisClient

    package init(client: RedisClient) {
        self.client = client
    }

    /// The newest quotes of instruments, in the order asked for; nil where nothing is known.
    package func quotes(_ instruments: [(token: UInt32, keys: LiveKeys)]) async throws -> [LiveQuote?] {
        guard !instruments.isEmpty else { return [] }
        var names: [String] = []
        names.reserveCapacity(instruments.count * 2)
        for (token, keys) in instruments {
            names.append(keys.quote(token))
            names.append(keys.price(token))
        }
        let values = try await client.get(names)
        return instruments.indices.map { index in
            guard let quote = values[index * 2] else { return nil }
            return Self.decode(quote, isStale: values[index * 2 + 1] == nil)
        }
    }

    /// Adds the commands that store an instrument's newest packet.
    ///
    /// The last-known quote is kept for `quoteLifetime`: until the session ends.
    package static func append(
        to batch: inout RedisCommandBatch,
        keys: LiveKeys,
        token: UInt32,
        packet: ByteBuffer,
        marketTime: Timestamp,
        receivedAt: Timestamp,
        quoteLifetime: Duration
    ) {
        var value = ByteBuffer()
        value.reserveCapacity(16 + packet.readableBytes)
        value.writeInteger(marketTime.microseconds)
        value.writeInteger(receivedAt.microseconds)
        value.writeImmutableBuffer(packet)
        let price = value.getSlice(at: value.readerIndex, length: min(24, value.readableBytes)) ?? value
        batch.set(key: keys.price(token), bytes: price, millisecondsToLive: lifetime.wholeMilliseconds)
        batch.set(key: keys.quote(token), bytes: value, millisecondsToLive: max(1, quoteLifetime.wholeMilliseconds))
    }

    private static func decode(_ value: ByteBuffer, isStale: Bool) -> LiveQuote? {
        var value = value
        guard let market = value.readInteger(as: Int64.self), let wall = value.readInteger(as: Int64.self),
            let tick = KitePacket.decode(value.readableBytesSpan)
        else { return nil }
        return LiveQuote(
            tick: tick,
            marketTime: Timestamp(microseconds: market),
            receivedAt: Timestamp(microseconds: wall),
            isStale: isStale
        )
    }
}

extension Duration {
    /// Whole milliseconds, rounded towards zero.
    fileprivate var wholeMilliseconds: Int { Int(wholeMicroseconds / 1000) }
}
