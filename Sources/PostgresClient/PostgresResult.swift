internal import CLibpq

/// The rows of a finished statement, in binary.
///
/// Holds all rows in memory; for more than some 50,000 use COPY. libpq documents that a finished `PGresult` is only
/// read, so any thread may read it: that is why it is Sendable.
package final class PostgresResult: @unchecked Sendable {
    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        PQclear(pointer)
    }

    /// How many rows there are.
    package var count: Int { Int(PQntuples(pointer)) }

    /// How many rows INSERT, UPDATE, DELETE, COPY or SELECT worked on.
    package var affectedRows: Int { Int(String(cString: PQcmdTuples(pointer))) ?? 0 }

    /// The bytes of a cell, or nil for NULL.
    ///
    /// Only valid within `body`.
    func withCell<Value>(
        _ row: Int,
        _ column: Int,
        _ body: (UnsafeRawBufferPointer?) throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        let rowNumber = Int32(truncatingIfNeeded: row)
        let columnNumber = Int32(truncatingIfNeeded: column)
        guard PQgetisnull(pointer, rowNumber, columnNumber) == 0,
            let start = PQgetvalue(pointer, rowNumber, columnNumber)
        else { return try body(nil) }
        let length = Int(PQgetlength(pointer, rowNumber, columnNumber))
        return try body(UnsafeRawBufferPointer(start: start, count: length))
    }

    /// The value of a cell that cannot be NULL.
    ///
    /// - Throws: ``PostgresError`` `.decoding` when it is NULL or not a `Value`; the message names the column.
    package func value<Value: PostgresDecodable>(
        _ row: Int,
        _ column: Int,
        as type: Value.Type = Value.self
    ) throws(PostgresError) -> Value {
        guard let value = try optional(row, column, as: type) else {
            throw PostgresError(.decoding, "column \(columnName(column)) is NULL where \(type) is expected")
        }
        return value
    }

    /// The value of a cell, nil for NULL.
    ///
    /// - Throws: ``PostgresError`` `.decoding` when it is not a `Value`; the message names the column.
    package func optional<Value: PostgresDecodable>(
        _ row: Int,
        _ column: Int,
        as type: Value.Type = Value.self
    ) throws(PostgresError) -> Value? {
        try withCell(row, column) { bytes throws(PostgresError) in
            guard let bytes else { return nil }
            guard let value = Value.decode(bytes) else {
                throw PostgresError(.decoding, "column \(columnName(column)) holds no \(type) (\(bytes.count) bytes)")
            }
            return value
        }
    }

    private func columnName(_ column: Int) -> String {
        guard let name = PQfname(pointer, Int32(truncatingIfNeeded: column)) else { return "\(column)" }
        return String(cString: name)
    }
}
