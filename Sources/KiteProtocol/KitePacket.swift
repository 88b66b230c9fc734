package import MarketModel

/// One packet of a binary message: a snapshot of one instrument, big-endian.
///
/// Its mode follows from its length: 8 bytes for `ltp` (any instrument), 28 and 32 for `quote` and `full` of an index,
/// 44 and 184 for `quote` and `full` of everything else. Layout: Kite Connect 3, "WebSocket streaming".
package enum KitePacket {
    /// The instrument's token, nil when the packet is shorter than the 8 bytes that every packet has.
    package static func token(_ packet: RawSpan) -> UInt32? {
        guard packet.byteCount >= Length.lastPrice else { return nil }
        return packet.uint32(at: 0)
    }

    /// The last price in the instrument's own decimals, nil when the packet is shorter than 8 bytes.
    package static func lastPrice(_ packet: RawSpan) -> Int32? {
        guard packet.byteCount >= Length.lastPrice else { return nil }
        return packet.int32(at: 4)
    }

    /// Decodes a packet, or returns nil when its length is none that this kind of instrument has.
    ///
    /// Prices are signed (a crude oil future closed at -2884 on 2020-04-20), quantities unsigned; a time of 0 is nil.
    package static func decode(_ packet: RawSpan) -> Tick? {
        decodeInline(packet)
    }

    /// The body of ``decode(_:)``, to be inlined where speed counts.
    @inline(__always)
    static func decodeInline(_ packet: RawSpan) -> Tick? {
        guard packet.byteCount >= Length.lastPrice else { return nil }
        let token = packet.uint32(at: 0)
        let isIndex = KiteSegment.isIndex(token: token)
        var tick = Tick(
            instrumentToken: token,
            priceDecimals: KiteSegment.decimals(ofToken: token),
            isTradable: !isIndex,
            lastPrice: packet.int32(at: 4)
        )
        switch (packet.byteCount, isIndex) {
        case (Length.lastPrice, _): break
        case (Length.indexQuote, true): readIndexQuote(packet, into: &tick)
        case (Length.indexFull, true):
            readIndexQuote(packet, into: &tick)
            tick.exchangeTime = time(packet, at: 28)
            tick.hasExchangeTimeField = true
        case (Length.quote, false): readQuote(packet, into: &tick)
        case (Length.full, false):
            readQuote(packet, into: &tick)
            readFull(packet, into: &tick)
        default: return nil
        }
        return tick
    }

    /// An index has its day's prices in an order of its own; bytes 24-28, the change, follow from them.
    @inline(__always)
    private static func readIndexQuote(_ packet: RawSpan, into tick: inout Tick) {
        tick.day = DayPrices(
            open: packet.int32(at: 16),
            high: packet.int32(at: 8),
            low: packet.int32(at: 12),
            close: packet.int32(at: 20)
        )
    }

    @inline(__always)
    private static func readQuote(_ packet: RawSpan, into tick: inout Tick) {
        tick.trading = TradingFigures(
            lastTradedQuantity: packet.uint32(at: 8),
            averagePrice: packet.int32(at: 12),
            volume: packet.uint32(at: 16),
            totalBuyQuantity: packet.uint32(at: 20),
            totalSellQuantity: packet.uint32(at: 24)
        )
        tick.day = DayPrices(
            open: packet.int32(at: 28),
            high: packet.int32(at: 32),
            low: packet.int32(at: 36),
            close: packet.int32(at: 40)
        )
    }

    @inline(__always)
    private static func readFull(_ packet: RawSpan, into tick: inout Tick) {
        tick.lastTradeTime = time(packet, at: 44)
        tick.openInterest = OpenInterest(
            current: packet.uint32(at: 48),
            dayHigh: packet.uint32(at: 52),
            dayLow: packet.uint32(at: 56)
        )
        tick.exchangeTime = time(packet, at: 60)
        tick.hasExchangeTimeField = true
        var depth = MarketDepth()
        for level in 0..<5 {
            read(packet, at: 64 + level * 12, into: &depth.buy[level])
            read(packet, at: 124 + level * 12, into: &depth.sell[level])
        }
        tick.depth = depth
    }

    /// A level has twelve bytes, of which the last two are padding.
    @inline(__always)
    private static func read(_ packet: RawSpan, at offset: Int, into level: inout DepthLevel) {
        level.quantity = packet.uint32(at: offset)
        level.price = packet.int32(at: offset + 4)
        level.orders = packet.uint16(at: offset + 8)
    }

    @inline(__always)
    private static func time(_ packet: RawSpan, at offset: Int) -> UInt32? {
        let seconds = packet.uint32(at: offset)
        return seconds == 0 ? nil : seconds
    }

    /// The lengths of packets in bytes.
    enum Length {
        static let lastPrice = 8
        static let indexQuote = 28
        static let indexFull = 32
        static let quote = 44
        static let full = 184
    }
}
