import Foundation
import MarketModel
import Testing

@Suite("Instants")
struct TimestampTests {
    /// 2026-09-01 09:15:00 IST.
    static let open: Int64 = 1_788_234_300

    @Test(
        "RFC 3339 and the brokers' forms are read",
        arguments: [
            ("2026-09-01T03:45:00Z", 0), ("2026-09-01t03:45:00z", 0), ("2026-09-01T09:15:00+05:30", 0),
            ("2026-09-01T09:15:00+0530", 0), ("2026-09-01 09:15:00+05:30", 0), ("2026-09-01 09:15:00", 0),
            ("2026-09-01T09:15", 0), ("2026-08-31T23:45:00-04:00", 0), ("2026-09-01T03:45:00-00:00", 0),
            ("2026-09-01T03:45:00.5Z", 500_000), ("2026-09-01T03:45:00.000001Z", 1),
            ("2026-09-01T03:45:00.123456789Z", 123_456), ("2026-09-01T03:45:59.999999Z", 59_999_999),
        ] as [(String, Int64)]
    )
    func reads(text: String, beyond: Int64) {
        #expect(Timestamp(text)?.microseconds == Self.open * 1_000_000 + beyond)
    }

    @Test("a time without a zone is Indian unless UTC is asked for, and a bare day is its midnight")
    func zones() {
        #expect(Timestamp("2026-09-01")?.seconds == Self.open - 33_300)
        #expect(Timestamp("2026-09-01", assumingUTC: true)?.seconds == Self.open - 13_500)
        #expect(Timestamp("2026-09-01T03:45:00", assumingUTC: true)?.seconds == Self.open)
        #expect(Timestamp("2026-09-01T09:15:00+05:30", assumingUTC: true)?.seconds == Self.open)
    }

    @Test(
        "everything else is refused",
        arguments: [
            "", "now", "2026", "2026-09", "2026-9-1", "2026-09-01T", "2026-09-01T09", "2026-09-01T9:15:00",
            "2026-09-01T24:00:00Z", "2026-09-01T09:60:00Z", "2026-09-01T09:15:60Z", "2026-09-01T09:15:00.Z",
            "2026-09-01T09:15:00.1234567890Z", "2026-09-01T09:15.5Z", "2026-09-01T09:15:00 Z", "2026-09-01T09:15:00+05",
            "2026-09-01T09:15:00+0560", "2026-09-01T09:15:00+24:00", "2026-09-01T09:15:00Zulu",
            "2026-09-01T09:15:00+5:30", "2026-02-29T00:00:00Z", "2026-02-30", "2026-13-01", "0000-01-01", "+026-09-01",
            "2026-09-01X09:15:00",
            " 2026-09-01", "1756700100",
        ]
    )
    func refuses(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test(
        "an instant is printed in UTC with microseconds",
        arguments: [
            (1_788_234_300_000_000, "2026-09-01T03:45:00.000000Z"), (0, "1970-01-01T00:00:00.000000Z"),
            (-1, "1969-12-31T23:59:59.999999Z"), (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
            (-62_135_596_800_000_000, "0001-01-01T00:00:00.000000Z"),
            (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
            (253_402_300_800_000_000, "+10000-01-01T00:00:00.000000Z"),
            (Int64.max, "+294247-01-10T04:00:54.775807Z"), (Int64.min, "-290308-12-21T19:59:05.224192Z"),
        ] as [(Int64, String)]
    )
    func prints(microseconds: Int64, text: String) {
        #expect(Timestamp(microseconds: microseconds).description == text)
    }

    @Test("printing and reading gives the same instant back, and Foundation agrees", arguments: [11, 12] as [UInt64])
    func roundTrip(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        let formatter = ISO8601DateFormatter()
        for round in 0..<4000 {
            let range = Timestamp.writable.lowerBound.microseconds...Timestamp.writable.upperBound.microseconds
            let time = Timestamp(microseconds: Int64.random(in: range, using: &generator))
            #expect(Timestamp(time.description) == time)
            let short = String(decoding: time.text(fraction: false), as: UTF8.self)
            #expect(Timestamp(short)?.seconds == time.seconds)
            // Foundation's calendar is Julian before October 1582.
            guard round < 1000, time.seconds > -12_000_000_000 else { continue }
            #expect(formatter.date(from: short)?.timeIntervalSince1970 == Double(time.seconds), "\(short)")
        }
    }

    @Test("seconds and minutes are rounded down, before 1970 too")
    func roundsDown() {
        #expect(Timestamp(microseconds: -1).seconds == -1)
        #expect(Timestamp(microseconds: 1_999_999).seconds == 1)
        #expect(Timestamp(microseconds: -1).startOfMinute == Timestamp(seconds: -60))
        #expect(Timestamp(microseconds: 119_999_999).startOfMinute == Timestamp(seconds: 60))
        #expect(floorDivide(-60, 60) == -1)
        #expect(floorDivide(-61, 60) == -2)
        #expect(floorDivide(Int64.min, 2) == Int64.min / 2)
    }

    @Test("durations are added and taken away to the microsecond")
    func durations() {
        let time = Timestamp(seconds: 100)
        #expect(time + .milliseconds(1500) == Timestamp(microseconds: 101_500_000))
        #expect(time - .seconds(200) == Timestamp(seconds: -100))
        #expect(time - Timestamp(seconds: 40) == .seconds(60))
        #expect(Duration.nanoseconds(1999).wholeMicroseconds == 1)
        #expect(Duration.nanoseconds(-1999).wholeMicroseconds == -1)
    }
}

@Suite("Indian time")
struct IndiaTimeTests {
    @Test("the Indian day begins at 18:30 UTC of the day before")
    func days() throws {
        let midnight = try #require(Timestamp("2026-08-31T18:30:00Z"))
        let date = try #require(CivilDate("2026-09-01"))
        #expect(IndiaTime.startOfDay(date) == midnight)
        #expect(IndiaTime.date(of: midnight) == date)
        #expect(IndiaTime.date(of: midnight - .microseconds(1)) == date.adding(days: -1))
        #expect(IndiaTime.date(of: Timestamp(seconds: -19_801)).description == "1969-12-31")
        #expect(IndiaTime.date(of: Timestamp(seconds: -19_800)).description == "1970-01-01")
    }

    @Test("a time of day on Indian clocks is an instant, and is printed again")
    func instants() throws {
        let date = try #require(CivilDate("2026-09-01"))
        let open = IndiaTime.instant(date, TimeOfDay(hour: 9, minute: 15))
        #expect(open.seconds == TimestampTests.open)
        #expect(IndiaTime.text(open) == "2026-09-01 09:15:00")
        #expect(IndiaTime.text(open - .seconds(33_301)) == "2026-08-31 23:59:59")
        #expect(TimeOfDay(hour: 9, minute: 15, second: 1).seconds == 33_301)
        #expect(TimeOfDay(hour: 9, minute: 15) < TimeOfDay(hour: 15, minute: 30))
    }
}
