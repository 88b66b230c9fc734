import Candles
import MarketCalendar
import MarketModel
import Testing

@Suite("Candles and the session")
struct CandleSessionTests {
    private static func silence(_ time: String, day: Int = 1) -> LoggedFrame {
        LoggedFrame(received: at(time, day: day))
    }

    @Test("a snapshot of an earlier day is left out and counted")
    func oldSnapshot() throws {
        let result = try candles([
            LoggedFrame(
                snapshot(90_00, volume: 777_777, traded: at("15:29:59"), sent: at("15:59:00")),
                received: at("09:10:00", day: 2)
            ),
            LoggedFrame(
                snapshot(100_00, volume: 40, traded: at("09:15:10", day: 2)),
                received: at("09:15:10", day: 2)
            ),
            Self.silence("09:16:02", day: 2),
        ])
        #expect(result.lines == ["09:15 O 100 H 100 L 100 C 100 V 40"])
        #expect(result.counters.staleSnapshots == 1)
    }

    @Test("an old snapshot before the open shows that we listen: a first tick hours later is no joining")
    func listeningSinceBeforeTheOpen() throws {
        let old = snapshot(90_00, volume: 777_777, traded: at("15:29:59"), sent: at("15:59:00"))
        let first = LoggedFrame(
            snapshot(100_00, volume: 40, traded: at("13:15:10", day: 2)),
            received: at("13:15:10", day: 2)
        )
        let end = Self.silence("13:16:02", day: 2)
        let before = try candles([LoggedFrame(old, received: at("09:14:59", day: 2)), first, end])
        #expect(before.lines == ["13:15 O 100 H 100 L 100 C 100 V 40"])
        let after = try candles([LoggedFrame(old, received: at("09:15:00", day: 2)), first, end])
        #expect(after.lines == ["13:15 O 100 H 100 L 100 C 100 V 0 partial"])
    }

    @Test("an exchange or trade time more than a minute ahead of the log is left out and counted")
    func implausible() throws {
        let result = try candles([
            LoggedFrame(snapshot(100_00, sent: at("09:14:00")), received: at("09:14:00")),
            LoggedFrame(snapshot(100_00, volume: 10, traded: at("09:15:00")), received: at("09:15:00")),
            LoggedFrame(
                snapshot(500_00, volume: 20, traded: at("09:15:00"), sent: at("09:16:01")),
                received: at("09:15:00")
            ),
            LoggedFrame(
                snapshot(600_00, volume: 30, traded: at("14:00:00"), sent: at("09:15:00")),
                received: at("09:15:00")
            ),
            LoggedFrame(
                snapshot(101_00, volume: 40, traded: at("09:15:01"), sent: at("09:16:00")),
                received: at("09:15:00")
            ),
            Self.silence("15:00:00"),
        ])
        #expect(result.lines == ["09:15 O 100 H 101 L 100 C 101 V 40"])
        #expect(result.counters.implausibleTimes == 2)
    }

    @Test("before the open and after the close there are no candles, yet volume is counted from where it stands")
    func outsideTheSession() throws {
        let result = try candles([
            LoggedFrame(snapshot(99_00, volume: 0, sent: at("09:00:10")), received: at("09:00:10")),
            LoggedFrame(snapshot(99_50, volume: 500, traded: at("09:14:59")), received: at("09:14:59")),
            LoggedFrame(snapshot(100_00, volume: 510, traded: at("09:15:00")), received: at("09:15:00")),
            LoggedFrame(snapshot(101_00, volume: 600, traded: at("15:29:59")), received: at("15:29:59")),
            LoggedFrame(snapshot(102_00, volume: 900, traded: at("15:30:00")), received: at("15:30:00")),
            LoggedFrame(snapshot(103_00, volume: 950, traded: at("15:57:44")), received: at("15:57:44")),
            Self.silence("16:30:00"),
        ])
        #expect(result.lines == ["09:15 O 100 H 100 L 100 C 100 V 10", "15:29 O 101 H 101 L 101 C 101 V 90"])
    }

    @Test("an index has values at every snapshot, and neither volume nor open interest")
    func index() throws {
        let result = try candles(
            [
                LoggedFrame(snapshot(24_000_00, of: Token.index, sent: at("09:14:59")), received: at("09:14:59")),
                LoggedFrame(snapshot(24_010_00, of: Token.index, sent: at("09:15:00")), received: at("09:15:00")),
                LoggedFrame(snapshot(24_030_50, of: Token.index, sent: at("09:15:30")), received: at("09:15:30")),
                LoggedFrame(snapshot(24_005_00, of: Token.index, sent: at("09:15:30")), received: at("09:15:30")),
                LoggedFrame(snapshot(24_007_00, of: Token.index, sent: at("09:16:00")), received: at("09:16:00")),
                Self.silence("09:17:02"),
            ],
            tokens: [Token.index]
        )
        #expect(
            result.lines == [
                "09:15 O 24010 H 24030.5 L 24005 C 24005 V 0", "09:16 O 24007 H 24007 L 24007 C 24007 V 0",
            ]
        )
    }

    @Test("a future has the open interest of its last trade, a share none; seven decimals are rounded")
    func openInterest() throws {
        let result = try candles(
            [
                LoggedFrame(snapshot(100_00, of: Token.future, sent: at("08:59:00")), received: at("08:59:00")),
                LoggedFrame(snapshot(872_500_000, of: Token.currency, sent: at("08:59:00")), received: at("08:59:00")),
                LoggedFrame(
                    snapshot(872_501_500, of: Token.currency, volume: 3, traded: at("09:00:00"), openInterest: 9),
                    received: at("09:00:00")
                ),
                LoggedFrame(
                    snapshot(100_00, of: Token.future, volume: 5, traded: at("09:15:20"), openInterest: 700),
                    snapshot(50_00, of: Token.share, volume: 5, traded: at("09:15:20"), openInterest: 700),
                    received: at("09:15:20")
                ),
                LoggedFrame(
                    snapshot(101_00, of: Token.future, volume: 4, traded: at("09:15:10"), openInterest: 600),
                    received: at("09:15:21")
                ),
                Self.silence("09:16:02"),
            ],
            tokens: [Token.future, Token.currency, Token.share]
        )
        #expect(
            result.lines == [
                "09:00 O 87.2502 H 87.2502 L 87.2502 C 87.2502 V 3 OI 9",
                "09:15 O 101 H 101 L 100 C 100 V 5 OI 700", "09:15 O 50 H 50 L 50 C 50 V 0 partial",
            ]
        )
    }

    @Test("every day begins anew: volume from zero, nothing partial")
    func severalDays() throws {
        var frames: [LoggedFrame] = []
        for day in 1...4 {
            frames.append(
                LoggedFrame(snapshot(100_00, sent: at("09:00:00", day: day)), received: at("09:00:00", day: day))
            )
            for (number, time) in ["09:15:00", "12:00:59", "15:29:59"].enumerated() {
                frames.append(
                    LoggedFrame(
                        snapshot(
                            Int32(100_00 * day),
                            volume: UInt32((number + 1) * 10 * day),
                            traded: at(time, day: day)
                        ),
                        received: at(time, day: day)
                    )
                )
            }
        }
        frames.append(Self.silence("15:31:00", day: 4))
        let result = try candles(frames)
        #expect(result.lines.count == 12)
        #expect(result.lines.allSatisfy { !$0.contains("partial") })
        #expect(
            result.lines[9...] == [
                "09:15 O 400 H 400 L 400 C 400 V 40", "12:00 O 400 H 400 L 400 C 400 V 40",
                "15:29 O 400 H 400 L 400 C 400 V 40",
            ]
        )
    }

    @Test("ticks without a time, of unknown tokens, and damaged ends of messages are left out")
    func leftOut() throws {
        var quote = snapshot(100_00, volume: 10)
        quote.hasExchangeTimeField = false
        quote.depth = nil
        var cut = LoggedFrame(
            snapshot(101_00, volume: 20, traded: at("09:15:01")),
            snapshot(999_00, volume: 30, traded: at("09:15:01")),
            received: at("09:15:01")
        )
        cut.bytes.removeLast()
        let result = try candles([
            LoggedFrame(snapshot(100_00, sent: at("09:14:00")), received: at("09:14:00")),
            LoggedFrame(quote, snapshot(5, of: Token.otherShare, traded: at("09:15:00")), received: at("09:15:00")),
            cut, Self.silence("09:16:02"),
        ])
        #expect(result.lines == ["09:15 O 101 H 101 L 101 C 101 V 20"])
        #expect(result.counters.untimed == 1)
        #expect(result.counters.unknownTokens == 1)
    }

    @Test("a token that comes to another instrument begins anew; the same instrument keeps its state")
    func reusedToken() {
        var builder = CandleBuilder(tokens: [Token.share])
        let first = LoggedFrame(snapshot(100_00, volume: 0, sent: at("09:10:00")), received: at("09:10:00"))
        let trade = LoggedFrame(snapshot(100_00, volume: 50, traded: at("09:15:00")), received: at("09:15:00"))
        #expect(builder.take([first, trade]).isEmpty)
        builder.follow(Token.share)
        #expect(builder.take(Self.silence("09:16:02")).map(line) == ["09:15 O 100 H 100 L 100 C 100 V 50"])

        let heir = InstrumentID(high: 8, low: 8)
        builder.add(heir, token: Token.share, hours: .equity, isIndex: false)
        #expect(builder.knows(token: Token.share))
        let next = LoggedFrame(snapshot(7_00, volume: 900, traded: at("09:16:10")), received: at("09:16:10"))
        let closed = builder.take([next, Self.silence("09:17:02")])
        #expect(closed.map(\.instrument) == [heir])
        #expect(closed.map(line) == ["09:16 O 7 H 7 L 7 C 7 V 0 partial"])
    }

    @Test("time never goes back, and a time beyond all calendars is none")
    func time() {
        var builder = CandleBuilder(tokens: [Token.share])
        #expect(builder.time == nil)
        _ = builder.take(Self.silence("09:20:00"))
        _ = builder.take(Self.silence("09:10:00"))
        _ = builder.advance(to: Timestamp(microseconds: .max))
        _ = builder.advance(to: Timestamp(microseconds: .min))
        #expect(builder.time == Timestamp(seconds: at("09:20:00")))
        builder.apply(snapshot(1_00, volume: 1, traded: at("09:20:00")))
        #expect(builder.counters == BuilderCounters())
    }
}
