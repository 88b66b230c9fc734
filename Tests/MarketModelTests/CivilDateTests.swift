import MarketModel
import Testing

/// A day counted on from the one before, by the rule of the calendar alone.
private struct SlowDay {
    var year = 1970
    var month = 1
    var day = 1
    /// 1970-01-01 was a Thursday.
    var weekday = 4

    mutating func advance() {
        let isLeap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        weekday = weekday == 7 ? 1 : weekday + 1
        day += 1
        if day > lengths[month - 1] {
            day = 1
            month += 1
        }
        if month > 12 {
            month = 1
            year += 1
        }
    }

    var text: String {
        "\(year)-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)"
    }
}

@Suite("Calendar days")
struct CivilDateTests {
    @Test("every day from 1970 to 2100 is the one that slow counting gives")
    func slowCount() throws {
        var slow = SlowDay()
        var number: Int64 = 0
        while slow.year <= 2100 {
            let date = try #require(CivilDate(year: slow.year, month: slow.month, day: slow.day))
            guard date.daysSince1970 == number, date.weekday == slow.weekday, date.description == slow.text,
                date.components == (slow.year, slow.month, slow.day), CivilDate(slow.text) == date
            else {
                Issue.record("\(slow.text) is day \(number), weekday \(slow.weekday); got \(date), \(date.weekday)")
                return
            }
            slow.advance()
            number += 1
        }
        #expect(number == 47_847)
    }

    @Test("days that no calendar has are refused")
    func impossible() {
        let days = [
            (2026, 2, 29), (2026, 2, 30), (1900, 2, 29), (2100, 2, 29), (2026, 4, 31), (2026, 13, 1), (2026, 0, 1),
            (2026, 1, 0), (2026, 1, 32), (0, 1, 1), (10_000, 1, 1), (-1, 1, 1), (2026, -1, 1),
        ]
        for (year, month, day) in days { #expect(CivilDate(year: year, month: month, day: day) == nil) }
        #expect(CivilDate(year: 2000, month: 2, day: 29) != nil)
        #expect(CivilDate(year: 2024, month: 2, day: 29) != nil)
    }

    @Test("the first and the last day of the years 1 to 9999 are read and printed")
    func farDays() {
        #expect(CivilDate("0001-01-01")?.daysSince1970 == -719_162)
        #expect(CivilDate("0001-01-01")?.weekday == 1)
        #expect(CivilDate("9999-12-31")?.daysSince1970 == 2_932_896)
        #expect(CivilDate(daysSince1970: -719_162).description == "0001-01-01")
        #expect(CivilDate(daysSince1970: 2_932_896).description == "9999-12-31")
        #expect(CivilDate(daysSince1970: 2_932_897).description == "+10000-01-01")
        #expect(CivilDate(daysSince1970: -719_529).description == "-1-12-31")
        #expect(CivilDate(daysSince1970: -1).weekday == 3)
    }

    @Test(
        "only YYYY-MM-DD is read",
        arguments: [
            "", "2026-1-01", "2026-01-1", "2026/01/01", "20260101", "+202-01-01", "-202-01-01", "2026-+1-01",
            "2026-01--1", " 026-01-01", "2026-01-01 ", "2026-01-01T", "2026-02-29", "२०२६-01-01", "2026-0१",
        ]
    )
    func refuses(text: String) {
        #expect(CivilDate(text) == nil)
    }

    @Test("days are added and compared")
    func arithmetic() throws {
        let date = try #require(CivilDate("2024-02-28"))
        #expect(date.adding(days: 2).description == "2024-03-01")
        #expect(date.adding(days: -59).description == "2023-12-31")
        #expect(date < date.adding(days: 1))
    }
}
