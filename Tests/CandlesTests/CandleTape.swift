import Candles
import GoGoTradeTestSupport
import KiteProtocol
import MarketCalendar
import MarketModel

/// The instruments of these tests: their tokens say what they are (the low byte is the segment).
enum Token {
    static let share: UInt32 = 100_001 << 8 | 1
    static let otherShare: UInt32 = 100_002 << 8 | 1
    static let future: UInt32 = 100_003 << 8 | 2
    static let index: UInt32 = 100_004 << 8 | 9
    /// A currency future: seven decimals.
    static let currency: UInt32 = 100_005 << 8 | 3
    static let all = [share, otherShare, future, index, currency]

    static func id(_ token: UInt32) -> InstrumentID { InstrumentID(high: 7, low: UInt64(token)) }

    static func hours(_ token: UInt32) -> TradingHours { token == currency ? .currency : .equity }
}

/// A moment of Tuesday, 2026-09-01, on Indian clocks, in seconds since 1970: `at("09:15:30")`.
func at(_ text: String, day: Int = 1) -> Int64 {
    guard let time = Timestamp("2026-09-0\(day)T\(text)+05:30") else { preconditionFailure("no time: \(text)") }
    return time.seconds
}

/// A full snapshot; without a trade time it is of an index, or of what has not been traded.
func snapshot(
    _ price: Int32,
    of token: UInt32 = Token.share,
    volume: UInt32 = 0,
    traded: Int64? = nil,
    sent: Int64? = nil,
    openInterest: UInt32 = 0
) -> Tick {
    let isIndex = KiteSegment.isIndex(token: token)
    var tick = Tick(
        instrumentToken: token,
        priceDecimals: KiteSegment.decimals(ofToken: token),
        isTradable: !isIndex,
        lastPrice: price
    )
    tick.day = DayPrices(open: price, high: price, low: price, close: price)
    tick.hasExchangeTimeField = true
    tick.exchangeTime = (sent ?? traded).map { UInt32($0) }
    guard !isIndex else { return tick }
    tick.lastTradeTime = traded.map { UInt32($0) }
    tick.trading = TradingFigures(
        lastTradedQuantity: 1,
        averagePrice: price,
        volume: volume,
        totalBuyQuantity: 1,
        totalSellQuantity: 1
    )
    tick.openInterest = OpenInterest(current: openInterest, dayHigh: openInterest, dayLow: 0)
    tick.depth = MarketDepth()
    return tick
}

/// One message of the log: its bytes and when it was received, in microseconds since 1970.
struct LoggedFrame: Sendable {
    var bytes: [UInt8]
    var receivedAt: Int64

    init(bytes: [UInt8], receivedAt: Int64) {
        self.bytes = bytes
        self.receivedAt = receivedAt
    }

    init(_ ticks: [Tick], receivedAt: Int64) {
        var encoder = KiteFrameEncoder()
        for tick in ticks { encoder.append(tick) }
        self.init(bytes: encoder.finish(), receivedAt: receivedAt)
    }

    init(_ ticks: Tick..., received: Int64) {
        self.init(ticks, receivedAt: received * 1_000_000)
    }
}

extension CandleBuilder {
    /// A builder that knows instruments by their tokens.
    init(tokens: [UInt32]) {
        self.init()
        for token in tokens { follow(token) }
    }

    mutating func follow(_ token: UInt32) {
        add(Token.id(token), token: token, hours: Token.hours(token), isIndex: KiteSegment.isIndex(token: token))
    }

    /// Takes a message of the log as the recorder does.
    mutating func take(_ frame: LoggedFrame) -> [ClosedCandle] {
        let closed = advance(to: Timestamp(microseconds: frame.receivedAt))
        _ = KiteFrame.decode(frame.bytes.span.bytes) { apply($0) }
        return closed
    }

    /// Takes messages and returns the candles that they close.
    mutating func take(_ frames: some Sequence<LoggedFrame>) -> [ClosedCandle] {
        frames.flatMap { take($0) }
    }
}

extension ClosedCandle {
    /// The candle in the reference's form.
    ///
    /// All fields of a candle are in it, but for those that are always the same.
    var row: SlowCandleReference.Row {
        SlowCandleReference.Row(
            token: UInt32(truncatingIfNeeded: instrument.low),
            start: candle.start.microseconds,
            open: candle.open.scaled,
            high: candle.high.scaled,
            low: candle.low.scaled,
            close: candle.close.scaled,
            volume: candle.volume,
            openInterest: candle.openInterest,
            partial: candle.flags == .partial
        )
    }
}

/// A candle as short text: `09:15 O 100 H 100.4 L 100 C 100.2 V 1150`, with its open interest and flags.
func line(_ closed: ClosedCandle) -> String {
    let candle = closed.candle
    let interest = candle.openInterest.map { " OI \($0)" } ?? ""
    let flags = candle.flags.names.map { " \($0)" }.joined()
    let time = IndiaTime.text(candle.start).dropFirst(11).prefix(5)
    return
        "\(time) O \(candle.open) H \(candle.high) L \(candle.low) C \(candle.close) V \(candle.volume)\(interest)\(flags)"
}

/// The reference's rows of the same messages.
func referenceRows(_ frames: some Sequence<LoggedFrame>, tokens: [UInt32]) -> [SlowCandleReference.Row] {
    var reference = SlowCandleReference(
        sessions: Dictionary(
            uniqueKeysWithValues: tokens.map { token in
                let hours = Token.hours(token)
                return (token, (openSeconds: hours.open.seconds, closeSeconds: hours.close.seconds))
            }
        )
    )
    for frame in frames { reference.add(frame: frame.bytes, receivedAt: frame.receivedAt) }
    return reference.finish()
}

/// Plays messages through the builder and the reference, which must agree, and returns the candles as short text.
func candles(
    _ frames: [LoggedFrame],
    tokens: [UInt32] = [Token.share]
) throws -> (lines: [String], counters: BuilderCounters) {
    var builder = CandleBuilder(tokens: tokens)
    let closed = builder.take(frames)
    let expected = referenceRows(frames, tokens: tokens)
    guard closed.map(\.row).sorted() == expected else {
        throw TestSupportError("builder and reference differ: \(closed.map(line)) and \(expected)")
    }
    return (closed.map(line), builder.counters)
}
