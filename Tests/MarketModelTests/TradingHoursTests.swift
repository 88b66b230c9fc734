import MarketCalendar
import MarketModel
import Testing

@Suite("Trading hours and days")
struct TradingHoursTests {
    @Test(
        "each exchange has its regular hours",
        arguments: [
            ("NSE", "09:15:00", "15:30:00"), ("BSE", "09:15:00", "15:30:00"), ("NFO", "09:15:00", "15:30:00"),
            ("BFO", "09:15:00", "15:30:00"), ("SIM", "09:15:00", "15:30:00"), ("CDS", "09:00:00", "17:00:00"),
            ("BCD", "09:00:00", "17:00:00"), ("MCX", "09:00:00", "23:55:00"), ("NCO", "09:00:00", "23:55:00"),
        ]
    )
    func hours(exchange: String, open: String, close: String) throws {
        let date = try #require(CivilDate("2026-09-01"))
        let session = TradingHours.regular(exchange: exchange).session(on: date)
        #expect(IndiaTime.text(session.lowerBound) == "2026-09-01 \(open)")
        #expect(IndiaTime.text(session.upperBound) == "2026-09-01 \(close)")
    }

    @Test("a session lies within one day of India and of UTC")
    func oneDay() throws {
        let date = try #require(CivilDate("2026-09-01"))
        for hours in [TradingHours.equity, .currency, .commodity] {
            let session = hours.session(on: date)
            #expect(IndiaTime.date(of: session.lowerBound) == date)
            #expect(IndiaTime.date(of: session.upperBound) == date)
            #expect(session.lowerBound.description.prefix(10) == session.upperBound.description.prefix(10))
        }
    }

    @Test("the simulated exchange trades from Monday to Friday")
    func weekdays() throws {
        let monday = try #require(CivilDate("2026-08-31"))
        let isOpen = (0..<14).map { WeekdayCalendar.isTradingDay(monday.adding(days: $0)) }
        #expect(isOpen == [true, true, true, true, true, false, false, true, true, true, true, true, false, false])
    }

    @Test("the next trading day and the last one skip the weekend")
    func neighbours() throws {
        let friday = try #require(CivilDate("2026-09-04"))
        let monday = friday.adding(days: 3)
        #expect(WeekdayCalendar.tradingDay(after: friday) == monday)
        #expect(WeekdayCalendar.tradingDay(after: friday.adding(days: 1)) == monday)
        #expect(WeekdayCalendar.tradingDay(after: friday.adding(days: 2)) == monday)
        #expect(WeekdayCalendar.tradingDay(after: monday) == monday.adding(days: 1))
        #expect(WeekdayCalendar.tradingDay(onOrBefore: friday) == friday)
        #expect(WeekdayCalendar.tradingDay(onOrBefore: friday.adding(days: 2)) == friday)
        #expect(WeekdayCalendar.tradingDay(onOrBefore: monday) == monday)
    }
}
