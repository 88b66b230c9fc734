package import MarketModel

/// What came of decoding a binary message.
package struct KiteDecodeResult: Sendable, Equatable {
    /// How many ticks were delivered.
    package var ticks: Int
    /// How many packets were passed over because their length is none that is known.
    package var skippedPackets: Int
    /// Why reading stopped before the end; nil when every packet was read.
    package var fault: KiteFrameFault?

    /// Makes a result; an empty one by default.
    package init(ticks: Int = 0, skippedPackets: Int = 0, fault: KiteFrameFault? = nil) {
        self.ticks = ticks
        self.skippedPackets = skippedPackets
        self.fault = fault
    }
}

/// A binary message of Kite's ticker: a 16-bit number of packets, then each packet behind its 16-bit length.
///
/// A message of 0 or 1 byte is a heartbeat and has no packets.
package enum KiteFrame {
    /// Calls `body` with every packet of a message, of known length or not, in their order.
    ///
    /// Bytes behind the last packet are ignored.
    ///
    /// - Returns: The fault that ended reading early, nil when there was none. The packets before it were delivered.
    /// - Throws: What `body` throws; the packets behind are not read then.
    @inline(__always)
    package static func forEachPacket<E: Error>(
        in frame: RawSpan,
        _ body: (RawSpan) throws(E) -> Void
    ) throws(E) -> KiteFrameFault? {
        guard frame.byteCount >= 2 else { return nil }
        var offset = 2
        for index in 0..<Int(frame.uint16(at: 0)) {
            guard frame.byteCount - offset >= 2 else {
                return KiteFrameFault(offset: frame.byteCount, packetIndex: index, reason: .lengthFieldCutOff)
            }
            let length = Int(frame.uint16(at: offset))
            offset += 2
            let available = frame.byteCount - offset
            guard available >= length else {
                let reason = KiteFrameFault.Reason.packetCutOff(length: length, available: available)
                return KiteFrameFault(offset: offset, packetIndex: index, reason: reason)
            }
            try body(frame.extracting(offset..<offset + length))
            offset += length
        }
        return nil
    }

    /// Decodes a message and calls `body` with every tick, in their order.
    ///
    /// The ticks before a fault are delivered. Packets of unknown length are skipped and counted.
    package static func decode(_ frame: RawSpan, _ body: (Tick) -> Void) -> KiteDecodeResult {
        var result = KiteDecodeResult()
        result.fault = forEachPacket(in: frame) { packet in
            guard let tick = KitePacket.decodeInline(packet) else {
                result.skippedPackets += 1
                return
            }
            result.ticks += 1
            body(tick)
        }
        return result
    }

    /// Decodes a message into an array of its ticks.
    package static func decode(_ frame: [UInt8]) -> (ticks: [Tick], result: KiteDecodeResult) {
        var ticks: [Tick] = []
        let result = decode(frame.span.bytes) { ticks.append($0) }
        return (ticks, result)
    }
}
