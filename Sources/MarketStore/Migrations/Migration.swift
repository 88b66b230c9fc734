/// One step of the schema, applied in a transaction of its own and never changed afterwards.
package struct Migration: Sendable {
    /// 1, 2, 3 … without gaps.
    package let number: Int32
    /// A few words on what it adds.
    package let name: String
    /// Statements without parameters.
    package let sql: String

    package init(number: Int32, name: String, sql: String) {
        self.number = number
        self.name = name
        self.sql = sql
    }

    /// All steps, in order.
    package static let all: [Migration] = [
        timescale, instruments, candles, trades, signals, sessions, recording,
    ]
}
