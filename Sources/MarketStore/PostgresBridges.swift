internal import MarketModel
internal import PostgresClient

extension InstrumentID {
    var postgres: PostgresUUID { PostgresUUID(high: high, low: low) }

    init(_ uuid: PostgresUUID) {
        self.init(high: uuid.high, low: uuid.low)
    }
}

extension Timestamp {
    var postgres: PostgresTimestamp { PostgresTimestamp(microseconds: microseconds) }

    init(_ timestamp: PostgresTimestamp) {
        self.init(microseconds: timestamp.microseconds)
    }
}

extension Price {
    var postgres: PostgresNumeric { PostgresNumeric(scaled: scaled) }

    init(_ numeric: PostgresNumeric) {
        self.init(scaled: numeric.scaled)
    }
}

/// Reads the columns of one row from left to right.
struct RowReader {
    let result: PostgresResult
    let row: Int
    private var column = 0

    init(_ result: PostgresResult, row: Int) {
        self.result = result
        self.row = row
    }

    mutating func next<Value: PostgresDecodable>(_ type: Value.Type = Value.self) throws(PostgresError) -> Value {
        defer { column += 1 }
        return try result.value(row, column)
    }

    mutating func nextOptional<Value: PostgresDecodable>(
        _ type: Value.Type = Value.self
    ) throws(PostgresError) -> Value? {
        defer { column += 1 }
        return try result.optional(row, column)
    }
}
