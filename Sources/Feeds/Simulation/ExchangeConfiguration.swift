package import MarketModel

/// What the simulated exchange plays.
package struct ExchangeConfiguration: Sendable {
    /// The address to listen at.
    package var host = "127.0.0.1"
    /// 0 takes a free one.
    package var port = 0
    /// How many instruments are traded, 1...3000.
    package var instruments = 50
    package var seed: UInt64 = 1
    /// Market seconds per second; nil plays as fast as the clients take it, every step to every client.
    package var speed: Double? = 1
    /// Where to begin: a day from its start, or a moment in it to go on from.
    package var start: ExchangeStart
    /// How many days are played; then the market stays shut.
    ///
    /// nil goes on for ever.
    package var days: Int?

    package enum ExchangeStart: Sendable {
        /// From before the open.
        case day(CivilDate)
        /// Goes on behind this moment.
        case after(Timestamp)
    }

    package init(start: ExchangeStart) {
        self.start = start
    }

    /// - Throws: ``FeedError`` `.invalidAddress` that names every setting out of range.
    package func validate() throws(FeedError) {
        var faults: [String] = []
        if !(1...SimulatedInstruments.limit).contains(instruments) {
            faults.append("the number of instruments must be 1 to \(SimulatedInstruments.limit), not \(instruments)")
        }
        if let speed, !(speed >= 0.01 && speed <= 10_000) {
            faults.append("the speed must be 0.01 to 10000, or 'max', not \(speed)")
        }
        if !(0...65_535).contains(port) { faults.append("the port must be 0 to 65535, not \(port)") }
        if let days, days < 1 { faults.append("the number of days must be at least 1, not \(days)") }
        if !faults.isEmpty { throw FeedError(.invalidAddress, faults.joined(separator: "; ")) }
    }
}
