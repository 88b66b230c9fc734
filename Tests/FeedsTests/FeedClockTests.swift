import Feeds
import MarketModel
import Testing

@Suite("The feed's clock")
struct FeedClockTests {
    private static let wall = Timestamp(seconds: 2_000_000_000)
    private static let noon: Int64 = 1_788_244_200

    /// One frame with the same time of each instrument.
    private static func hear(_ clock: inout FeedClock, _ tokens: [UInt32], _ seconds: Int64) -> Int64? {
        clock.receive(wall: wall, times: tokens.map { (token: $0, seconds: seconds) })?.seconds
    }

    private static func started(instruments: Int = 50) -> FeedClock {
        FeedClock(mode: .feed, instruments: instruments, now: Timestamp(seconds: noon))
    }

    @Test("the wall clock's time is taken as it is, but never goes back")
    func wallClock() {
        var clock = FeedClock(mode: .wall, instruments: 50, now: Self.wall + .seconds(5))
        let none: [(token: UInt32, seconds: Int64)] = []
        #expect(clock.receive(wall: Self.wall, times: none) == Self.wall + .seconds(5))
        #expect(clock.receive(wall: Self.wall + .seconds(6), times: none) == Self.wall + .seconds(6))
        #expect(clock.tick(wall: Self.wall) == Self.wall + .seconds(6))
        #expect(clock.tick(wall: Self.wall + .seconds(7)) == Self.wall + .seconds(7))
        // Exchange times are no concern of it.
        #expect(Self.hear(&clock, [1, 2, 3], Self.noon) == Self.wall.seconds + 7)
        #expect(clock.rejected == 0)
    }

    @Test("a feed clock knows no time until the exchange tells it, and never the wall's")
    func unknown() {
        var clock = FeedClock(mode: .feed, instruments: 50)
        #expect(clock.tick(wall: Self.wall) == nil)
        #expect(Self.hear(&clock, [], 0) == nil)
        #expect(Self.hear(&clock, [1], Self.noon) == nil)
        #expect(Self.hear(&clock, [2], Self.noon + 1) == nil)
        #expect(Self.hear(&clock, [3], Self.noon) == Self.noon + 1)
        #expect(clock.tick(wall: Self.wall)?.seconds == Self.noon + 1)
    }

    @Test("it follows the newest time within a minute, and never goes back")
    func follows() {
        var clock = Self.started()
        #expect(Self.hear(&clock, [1], Self.noon + 1) == Self.noon + 1)
        #expect(Self.hear(&clock, [1], Self.noon - 500) == Self.noon + 1)
        #expect(Self.hear(&clock, [2], Self.noon + 61) == Self.noon + 61)
        #expect(clock.rejected == 0)
    }

    @Test("one corrupt stamp far ahead is rejected and counted, however often its instrument repeats it")
    func corrupt() {
        var clock = Self.started()
        for second in 1...200 {
            #expect(Self.hear(&clock, [7], Self.noon + 40_000) == Self.noon + Int64(second) - 1)
            #expect(Self.hear(&clock, [1], Self.noon + Int64(second)) == Self.noon + Int64(second))
        }
        #expect(clock.rejected == 200)
        #expect(Self.hear(&clock, [7], Self.noon + 261) == Self.noon + 200)
        #expect(clock.rejected == 201)
    }

    @Test("three instruments that agree are believed; three that show different times are not")
    func agreement() {
        var clock = Self.started()
        let morning = Self.noon + 75_600
        #expect(Self.hear(&clock, [1], morning) == Self.noon)
        #expect(Self.hear(&clock, [2], morning + 1000) == Self.noon)
        #expect(Self.hear(&clock, [3], morning + 2000) == Self.noon)
        #expect(Self.hear(&clock, [4], morning + 1030) == Self.noon)
        #expect(Self.hear(&clock, [5], morning + 970) == morning + 1030)
    }

    @Test("an instrument that shows plausible times again is no witness of the jump any more")
    func witnessWithdraws() {
        var clock = Self.started()
        #expect(Self.hear(&clock, [1], Self.noon + 5000) == Self.noon)
        #expect(Self.hear(&clock, [2], Self.noon + 5000) == Self.noon)
        #expect(Self.hear(&clock, [1, 2], Self.noon + 1) == Self.noon + 1)
        #expect(Self.hear(&clock, [3], Self.noon + 5000) == Self.noon + 1)
    }

    @Test("fewer subscribed instruments need to be fewer to be believed", arguments: [1, 2])
    func fewer(instruments: Int) {
        var clock = Self.started(instruments: instruments)
        let tokens = (1...instruments).map { UInt32($0) }
        #expect(Self.hear(&clock, tokens.dropLast(), Self.noon + 5000) == Self.noon)
        #expect(Self.hear(&clock, tokens, Self.noon + 5000) == Self.noon + 5000)
    }

    @Test("where only one of many instruments is alive, it is believed after some patience")
    func patience() {
        var clock = FeedClock(mode: .feed, instruments: 50)
        for second in 0..<Int64(FeedClock.patience) { #expect(Self.hear(&clock, [1], Self.noon + second) == nil) }
        #expect(Self.hear(&clock, [1], Self.noon + 60) == Self.noon + 60)
    }

    @Test("how far a source lies behind the clock is told from a minute on")
    func lag() {
        typealias Times = [(token: UInt32, seconds: Int64)]
        let clock = Self.started()
        let minute: Times = [(1, Self.noon - 60)]
        let more: Times = [(1, Self.noon - 61)]
        let mixed: Times = [(1, Self.noon - 500), (2, Self.noon)]
        let none: Times = []
        #expect(clock.lag(of: minute) == nil)
        #expect(clock.lag(of: more) == .seconds(61))
        #expect(clock.lag(of: mixed) == nil)
        #expect(clock.lag(of: none) == nil)
        #expect(FeedClock(mode: .feed, instruments: 5).lag(of: more) == nil)
        #expect(FeedClock(mode: .wall, instruments: 5, now: Self.wall).lag(of: more) == nil)
    }
}
