import Candles
import MarketModel
import Testing

/// The rules of docs/candles.md, one by one; each stream goes through the reference as well.
@Suite("Candles of ticks")
struct CandleRulesTests {
    /// An empty message that lets the time pass.
    private static func silence(_ time: String, day: Int = 1) -> LoggedFrame {
        LoggedFrame(received: at(time, day: day))
    }

    private static let beforeOpen = LoggedFrame(snapshot(100_00, sent: at("09:10:00")), received: at("09:10:00"))

    @Test("the worked example: auction, a late trade within the grace, and the day's volume adds up")
    func workedExample() throws {
        let result = try candles([
            LoggedFrame(
                snapshot(99_50, volume: 12_000, traded: at("09:08:03")),
                received: at("09:08:03")
            ),
            LoggedFrame(snapshot(100_00, volume: 12_500, traded: at("09:15:00")), received: at("09:15:00")),
            LoggedFrame(snapshot(100_40, volume: 13_100, traded: at("09:15:30")), received: at("09:15:30")),
            LoggedFrame(
                snapshot(100_20, volume: 13_150, traded: at("09:15:59"), sent: at("09:16:01")),
                received: at("09:16:01")
            ),
            LoggedFrame(snapshot(100_30, volume: 13_400, traded: at("09:16:02")), received: at("09:16:02")),
            Self.silence("09:17:02"),
        ])
        #expect(
            result.lines == [
                "09:15 O 100 H 100.4 L 100 C 100.2 V 1150", "09:16 O 100.3 H 100.3 L 100.3 C 100.3 V 250",
            ]
        )
        #expect(result.counters == BuilderCounters())
    }

    @Test("joining in mid-session counts no volume from before, and the minute is partial")
    func joining() throws {
        let result = try candles([
            LoggedFrame(snapshot(50_00, volume: 90_000, traded: at("11:00:20")), received: at("11:00:30")),
            LoggedFrame(snapshot(50_10, volume: 90_040, traded: at("11:00:40")), received: at("11:00:40")),
            LoggedFrame(snapshot(50_05, volume: 90_100, traded: at("11:01:10")), received: at("11:01:10")),
            Self.silence("11:02:02"),
        ])
        #expect(
            result.lines == [
                "11:00 O 50 H 50.1 L 50 C 50.1 V 40 partial", "11:01 O 50.05 H 50.05 L 50.05 C 50.05 V 60",
            ]
        )
    }

    @Test("joining just after a minute's end makes that minute's candle partial as well")
    func joiningAfterTheEnd() throws {
        let result = try candles([
            LoggedFrame(
                snapshot(50_00, volume: 90_000, traded: at("10:59:59"), sent: at("11:00:01")),
                received: at("11:00:01")
            ),
            LoggedFrame(snapshot(50_10, volume: 90_040, traded: at("11:00:40")), received: at("11:00:40")),
            LoggedFrame(snapshot(50_20, volume: 90_050, traded: at("11:01:40")), received: at("11:01:40")),
            Self.silence("11:02:02"),
        ])
        #expect(
            result.lines == [
                "10:59 O 50 H 50 L 50 C 50 V 0 partial", "11:00 O 50.1 H 50.1 L 50.1 C 50.1 V 40 partial",
                "11:01 O 50.2 H 50.2 L 50.2 C 50.2 V 10",
            ]
        )
    }

    @Test("changes of depth alone make no candle, and minutes without a trade have none")
    func depthOnly() throws {
        var frames = [Self.beforeOpen]
        frames.append(LoggedFrame(snapshot(100_00, volume: 10, traded: at("09:15:05")), received: at("09:15:05")))
        for minute in 16...19 {
            frames.append(
                LoggedFrame(
                    snapshot(100_00, volume: 10, traded: at("09:15:05"), sent: at("09:\(minute):30")),
                    received: at("09:\(minute):30")
                )
            )
        }
        frames.append(LoggedFrame(snapshot(99_00, volume: 15, traded: at("09:20:00")), received: at("09:20:00")))
        frames.append(Self.silence("09:21:02"))
        let result = try candles(frames)
        #expect(result.lines == ["09:15 O 100 H 100 L 100 C 100 V 10", "09:20 O 99 H 99 L 99 C 99 V 5"])
        #expect(result.counters.late == 0)
    }

    @Test("a trade that comes after the grace is counted as late, and its volume falls to no other minute")
    func late() throws {
        let result = try candles([
            Self.beforeOpen,
            LoggedFrame(snapshot(100_00, volume: 100, traded: at("09:15:10")), received: at("09:15:10")),
            LoggedFrame(
                snapshot(101_00, volume: 150, traded: at("09:15:58"), sent: at("09:16:02")),
                received: at("09:16:02")
            ),
            LoggedFrame(snapshot(102_00, volume: 170, traded: at("09:16:30")), received: at("09:16:30")),
            Self.silence("09:17:02"),
        ])
        #expect(
            result.lines == ["09:15 O 100 H 100 L 100 C 100 V 100", "09:16 O 102 H 102 L 102 C 102 V 20"]
        )
        #expect(result.counters.late == 1)
    }

    @Test("the grace is two seconds: a minute takes ticks until 1.999999 s after its end")
    func grace() throws {
        let lateTrade = snapshot(101_00, volume: 150, traded: at("09:15:58"), sent: at("09:16:01"))
        let justInTime = try candles([
            Self.beforeOpen,
            LoggedFrame(snapshot(100_00, volume: 100, traded: at("09:15:10")), received: at("09:15:10")),
            LoggedFrame([lateTrade], receivedAt: at("09:16:01") * 1_000_000 + 999_999),
            Self.silence("09:16:02"),
        ])
        #expect(justInTime.lines == ["09:15 O 100 H 101 L 100 C 101 V 150"])
        #expect(CandleBuilder.grace == .seconds(2))
    }

    @Test("an out-of-order trade within the grace stands where its time puts it")
    func disorder() throws {
        let result = try candles([
            Self.beforeOpen,
            LoggedFrame(snapshot(102_00, volume: 300, traded: at("09:15:30")), received: at("09:15:30")),
            LoggedFrame(snapshot(100_00, volume: 100, traded: at("09:15:10")), received: at("09:15:31")),
            LoggedFrame(snapshot(101_00, volume: 200, traded: at("09:15:20")), received: at("09:15:32")),
            Self.silence("09:16:02"),
        ])
        #expect(result.lines == ["09:15 O 100 H 102 L 100 C 102 V 300"])
        #expect(result.counters.corrections == 0)
    }

    @Test("trades of the same second are ordered by the cumulative volume, whatever their arrival")
    func disorderWithinASecond() throws {
        let result = try candles([
            Self.beforeOpen,
            LoggedFrame(snapshot(102_00, volume: 300, traded: at("09:15:30")), received: at("09:15:30")),
            LoggedFrame(snapshot(101_00, volume: 200, traded: at("09:15:30")), received: at("09:15:31")),
            LoggedFrame(snapshot(100_00, volume: 100, traded: at("09:15:30")), received: at("09:15:32")),
            Self.silence("09:16:02"),
        ])
        #expect(result.lines == ["09:15 O 100 H 102 L 100 C 102 V 300"])
    }

    @Test("the same trade again is no trade, even with another price or open interest")
    func repetition() throws {
        let result = try candles(
            [
                LoggedFrame(snapshot(100_00, of: Token.future, sent: at("09:10:00")), received: at("09:10:00")),
                LoggedFrame(
                    snapshot(100_00, of: Token.future, volume: 25, traded: at("09:15:05"), openInterest: 50),
                    received: at("09:15:05")
                ),
                LoggedFrame(
                    snapshot(
                        105_00,
                        of: Token.future,
                        volume: 25,
                        traded: at("09:15:05"),
                        sent: at("09:15:06"),
                        openInterest: 75
                    ),
                    received: at("09:15:06")
                ),
                Self.silence("09:16:02"),
            ],
            tokens: [Token.future]
        )
        #expect(result.lines == ["09:15 O 100 H 100 L 100 C 100 V 25 OI 50"])
    }

    @Test("a minute that becomes known after a later one is open does not lose its volume")
    func disorderAcrossMinutes() throws {
        let result = try candles([
            Self.beforeOpen,
            LoggedFrame(snapshot(102_00, volume: 300, traded: at("09:16:00")), received: at("09:16:00")),
            LoggedFrame(snapshot(100_00, volume: 250, traded: at("09:15:59")), received: at("09:16:01")),
            Self.silence("09:17:02"),
        ])
        #expect(result.lines == ["09:15 O 100 H 100 L 100 C 100 V 250", "09:16 O 102 H 102 L 102 C 102 V 50"])
    }

    @Test("volume taken back by the exchange is counted as a correction, and no candle is negative")
    func correction() throws {
        let result = try candles([
            Self.beforeOpen,
            LoggedFrame(snapshot(100_00, volume: 500, traded: at("09:15:10")), received: at("09:15:10")),
            LoggedFrame(snapshot(100_00, volume: 400, traded: at("09:16:10")), received: at("09:16:10")),
            LoggedFrame(snapshot(100_00, volume: 520, traded: at("09:17:10")), received: at("09:17:10")),
            Self.silence("09:18:02"),
        ])
        #expect(
            result.lines == [
                "09:15 O 100 H 100 L 100 C 100 V 500", "09:16 O 100 H 100 L 100 C 100 V 0",
                "09:17 O 100 H 100 L 100 C 100 V 20",
            ]
        )
        #expect(result.counters.corrections == 1)
    }
}
