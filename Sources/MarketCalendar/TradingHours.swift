package import MarketModel

/// The regular hours of continuous trading on one exchange, on Indian clocks.
package struct TradingHours: Sendable, Hashable {
    /// The first moment of continuous trading.
    package let open: TimeOfDay
    /// The first moment after it.
    package let close: TimeOfDay

    package init(open: TimeOfDay, close: TimeOfDay) {
        self.open = open
        self.close = close
    }

    /// Shares, indices and their derivatives (NSE, BSE, NFO, BFO), and the simulated exchange: 09:15 to 15:30.
    package static let equity = TradingHours(
        open: TimeOfDay(hour: 9, minute: 15),
        close: TimeOfDay(hour: 15, minute: 30)
    )
    /// Currency derivatives (CDS, BCD): 09:00 to 17:00.
    package static let currency = TradingHours(
        open: TimeOfDay(hour: 9, minute: 0),
        close: TimeOfDay(hour: 17, minute: 0)
    )
    /// Commodity derivatives (MCX, NCO): 09:00 to 23:55, the longer of the two closing times of the year.
    package static let commodity = TradingHours(
        open: TimeOfDay(hour: 9, minute: 0),
        close: TimeOfDay(hour: 23, minute: 55)
    )

    /// The regular hours of an exchange by its short name.
    package static func regular(exchange: String) -> TradingHours {
        switch exchange {
        case "CDS", "BCD": .currency
        case "MCX", "NCO": .commodity
        default: .equity
        }
    }

    /// Continuous trading on a day, as instants.
    package func session(on date: CivilDate) -> Range<Timestamp> {
        IndiaTime.instant(date, open)..<IndiaTime.instant(date, close)
    }
}
