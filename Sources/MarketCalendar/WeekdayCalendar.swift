package import MarketModel

/// The days of the simulated exchange: Monday to Friday.
///
/// It knows no holidays.
package enum WeekdayCalendar {
    package static func isTradingDay(_ date: CivilDate) -> Bool {
        date.weekday <= 5
    }

    /// The first trading day after `date`.
    package static func tradingDay(after date: CivilDate) -> CivilDate {
        var day = date.adding(days: 1)
        while !isTradingDay(day) { day = day.adding(days: 1) }
        return day
    }

    /// `date` itself when it is a trading day, else the last one before it.
    package static func tradingDay(onOrBefore date: CivilDate) -> CivilDate {
        var day = date
        while !isTradingDay(day) { day = day.adding(days: -1) }
        return day
    }
}
