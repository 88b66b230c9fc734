import KiteProtocol
import MarketModel

/// Made-up ticks and messages.
enum TickFixtures {
    /// Every known segment's number, and two that are unknown.
    static let segments: [UInt8] = KiteSegment.allCases.map(\.rawValue) + [0, 13]

    /// A tick as the decoder would deliver it, with random figures, zeros and extremes among them.
    static func tick(_ mode: TickMode, segment: UInt8, using random: inout SplitMix64) -> Tick {
        let token = UInt32.random(in: 0...0xFF_FFFF, using: &random) << 8 | UInt32(segment)
        let isIndex = segment == 9
        let decimals: UInt8 = [3: 7, 6: 4, 12: 4][segment] ?? 2
        var tick = Tick(
            instrumentToken: token,
            priceDecimals: decimals,
            isTradable: !isIndex,
            lastPrice: price(using: &random)
        )
        guard mode != .lastPrice else { return tick }
        tick.day = DayPrices(
            open: price(using: &random),
            high: price(using: &random),
            low: price(using: &random),
            close: price(using: &random)
        )
        if !isIndex {
            tick.trading = TradingFigures(
                lastTradedQuantity: quantity(using: &random),
                averagePrice: price(using: &random),
                volume: quantity(using: &random),
                totalBuyQuantity: quantity(using: &random),
                totalSellQuantity: quantity(using: &random)
            )
        }
        guard mode == .full else { return tick }
        tick.exchangeTime = time(using: &random)
        tick.hasExchangeTimeField = true
        guard !isIndex else { return tick }
        tick.lastTradeTime = time(using: &random)
        tick.openInterest = OpenInterest(
            current: quantity(using: &random),
            dayHigh: quantity(using: &random),
            dayLow: quantity(using: &random)
        )
        var depth = MarketDepth()
        for level in 0..<5 {
            depth.buy[level] = self.level(using: &random)
            depth.sell[level] = self.level(using: &random)
        }
        tick.depth = depth
        return tick
    }

    /// Ticks of random modes and segments.
    static func ticks(_ count: Int, using random: inout SplitMix64) -> [Tick] {
        (0..<count).map { _ in
            let mode = TickMode.allCases.randomElement(using: &random) ?? .full
            let segment = segments.randomElement(using: &random) ?? 1
            return tick(mode, segment: segment, using: &random)
        }
    }

    /// The message that holds these ticks.
    static func message(_ ticks: [Tick]) -> [UInt8] {
        var encoder = KiteFrameEncoder()
        for tick in ticks { encoder.append(tick) }
        return encoder.finish()
    }

    /// The message that holds these packets.
    static func message(packets: [[UInt8]]) -> [UInt8] {
        var message = bigEndian(UInt16(packets.count))
        for packet in packets { message += bigEndian(UInt16(packet.count)) + packet }
        return message
    }

    /// A packet of `length` bytes that starts with the token and is filled with its byte numbers.
    static func packet(token: UInt32, length: Int) -> [UInt8] {
        let whole = bigEndian(token) + (0..<max(length, 4)).dropFirst(4).map { UInt8(truncatingIfNeeded: $0) }
        return Array(whole.prefix(length))
    }

    static func bigEndian(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }

    private static func price(using random: inout SplitMix64) -> Int32 {
        switch Int.random(in: 0..<8, using: &random) {
        case 0: 0
        case 1: [.min, .max, -1, -288_400].randomElement(using: &random) ?? 0
        default: .random(in: 1...5_000_000, using: &random)
        }
    }

    private static func quantity(using random: inout SplitMix64) -> UInt32 {
        switch Int.random(in: 0..<8, using: &random) {
        case 0: 0
        case 1: [.max, 0x8000_0000, 3_000_000_001].randomElement(using: &random) ?? 0
        default: .random(in: 1...10_000_000, using: &random)
        }
    }

    /// Never 0, which stands for no time.
    private static func time(using random: inout SplitMix64) -> UInt32? {
        switch Int.random(in: 0..<8, using: &random) {
        case 0: nil
        case 1: .max
        default: .random(in: 1_400_000_000...1_900_000_000, using: &random)
        }
    }

    private static func level(using random: inout SplitMix64) -> DepthLevel {
        DepthLevel(
            quantity: quantity(using: &random),
            price: price(using: &random),
            orders: .random(in: 0...(.max), using: &random)
        )
    }
}
