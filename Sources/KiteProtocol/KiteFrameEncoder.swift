package import MarketModel

/// Writes binary messages of Kite's ticker: the inverse of ``KiteFrame``.
///
/// The instrument's token decides between the packets of an index and all others, and so for the decimals of the
/// prices, which are written as they are; ``Tick/mode`` decides the packet's length. Figures that a tick lacks but its
/// mode has a field for are written as 0.
package struct KiteFrameEncoder: Sendable {
    /// The most packets that a message can hold.
    package static let maximumPackets = Int(UInt16.max)

    /// How many packets were appended since the last ``finish()`` or ``reset()``.
    package private(set) var packetCount = 0
    private var bytes: [UInt8] = [0, 0]

    /// Makes an encoder for an empty message.
    package init() {}

    /// Appends the packet of a tick, or returns false when the message is full; nothing was appended then.
    @discardableResult
    package mutating func append(_ tick: Tick) -> Bool {
        guard packetCount < Self.maximumPackets else { return false }
        packetCount += 1
        let isIndex = KiteSegment.isIndex(token: tick.instrumentToken)
        let length = Self.length(of: tick.mode, isIndex: isIndex)
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: 2 + length))
        var span = bytes.mutableSpan
        var writer = span.mutableBytes
        writer.store(UInt16(length), at: start)
        let packet = start + 2
        writer.store(tick.instrumentToken, at: packet)
        writer.store(tick.lastPrice, at: packet + 4)
        guard tick.mode != .lastPrice else { return true }
        if isIndex {
            Self.writeIndex(tick, to: &writer, at: packet)
        } else {
            Self.writeQuote(tick, to: &writer, at: packet)
        }
        guard tick.mode == .full else { return true }
        if isIndex {
            writer.store(tick.exchangeTime ?? 0, at: packet + 28)
        } else {
            Self.writeFull(tick, to: &writer, at: packet)
        }
        return true
    }

    /// Returns the message with every packet appended, and starts an empty one.
    package mutating func finish() -> [UInt8] {
        var message = bytes
        bytes = []
        message[0] = UInt8(truncatingIfNeeded: packetCount >> 8)
        message[1] = UInt8(truncatingIfNeeded: packetCount)
        bytes.reserveCapacity(message.count)
        reset()
        return message
    }

    /// Drops every packet appended and starts an empty message.
    package mutating func reset() {
        packetCount = 0
        bytes.removeAll(keepingCapacity: true)
        bytes.append(0)
        bytes.append(0)
    }

    private static func length(of mode: TickMode, isIndex: Bool) -> Int {
        switch mode {
        case .lastPrice: KitePacket.Length.lastPrice
        case .quote: isIndex ? KitePacket.Length.indexQuote : KitePacket.Length.quote
        case .full: isIndex ? KitePacket.Length.indexFull : KitePacket.Length.full
        }
    }

    private static func writeIndex(_ tick: Tick, to writer: inout MutableRawSpan, at packet: Int) {
        guard let day = tick.day else { return }
        writer.store(day.high, at: packet + 8)
        writer.store(day.low, at: packet + 12)
        writer.store(day.open, at: packet + 16)
        writer.store(day.close, at: packet + 20)
        writer.store(percentChangeTimes100(last: tick.lastPrice, close: day.close), at: packet + 24)
    }

    private static func writeQuote(_ tick: Tick, to writer: inout MutableRawSpan, at packet: Int) {
        if let trading = tick.trading {
            writer.store(trading.lastTradedQuantity, at: packet + 8)
            writer.store(trading.averagePrice, at: packet + 12)
            writer.store(trading.volume, at: packet + 16)
            writer.store(trading.totalBuyQuantity, at: packet + 20)
            writer.store(trading.totalSellQuantity, at: packet + 24)
        }
        if let day = tick.day {
            writer.store(day.open, at: packet + 28)
            writer.store(day.high, at: packet + 32)
            writer.store(day.low, at: packet + 36)
            writer.store(day.close, at: packet + 40)
        }
    }

    private static func writeFull(_ tick: Tick, to writer: inout MutableRawSpan, at packet: Int) {
        writer.store(tick.lastTradeTime ?? 0, at: packet + 44)
        if let openInterest = tick.openInterest {
            writer.store(openInterest.current, at: packet + 48)
            writer.store(openInterest.dayHigh, at: packet + 52)
            writer.store(openInterest.dayLow, at: packet + 56)
        }
        writer.store(tick.exchangeTime ?? 0, at: packet + 60)
        guard let depth = tick.depth else { return }
        for level in 0..<5 {
            write(depth.buy[level], to: &writer, at: packet + 64 + level * 12)
            write(depth.sell[level], to: &writer, at: packet + 124 + level * 12)
        }
    }

    private static func write(_ level: DepthLevel, to writer: inout MutableRawSpan, at offset: Int) {
        writer.store(level.quantity, at: offset)
        writer.store(level.price, at: offset + 4)
        writer.store(level.orders, at: offset + 8)
    }

    /// The change since the previous close in 1/100 %, rounded half away from zero; 0 without a close.
    ///
    /// A real index packet of March 2017 has it in bytes 24-28; no official client reads it.
    private static func percentChangeTimes100(last: Int32, close: Int32) -> Int32 {
        guard close != 0 else { return 0 }
        let numerator = (Int64(last) - Int64(close)) * 10_000
        let (quotient, remainder) = numerator.quotientAndRemainder(dividingBy: Int64(close))
        guard remainder.magnitude * 2 >= Int64(close).magnitude else { return Int32(clamping: quotient) }
        return Int32(clamping: (numerator < 0) == (close < 0) ? quotient + 1 : quotient - 1)
    }
}
