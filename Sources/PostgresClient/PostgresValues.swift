/// A value that can be bound to a statement's parameter, in PostgreSQL's binary format.
package protocol PostgresEncodable: Sendable {
    /// The parameter's type in `pg_type`.
    static var postgresType: UInt32 { get }
    /// Appends the binary form; returns false for NULL (nothing is appended then).
    func encode(into buffer: inout [UInt8]) -> Bool
}

/// A value that can be read from a column in PostgreSQL's binary format.
package protocol PostgresDecodable: Sendable {
    /// Reads the binary form; nil when `bytes` are no such value.
    static func decode(_ bytes: UnsafeRawBufferPointer) -> Self?
}

/// A type whose values can stand in an array parameter.
package protocol PostgresArrayElement: PostgresEncodable {
    /// The array's type in `pg_type`.
    static var postgresArrayType: UInt32 { get }
}

extension UnsafeRawBufferPointer {
    /// A big-endian integer that fills the whole buffer; nil when the size differs.
    func bigEndianInteger<Integer: FixedWidthInteger>(as type: Integer.Type) -> Integer? {
        guard count == MemoryLayout<Integer>.size else { return nil }
        return Integer(bigEndian: loadUnaligned(as: Integer.self))
    }
}

extension [UInt8] {
    /// Appends an integer in network byte order.
    mutating func appendBigEndian(_ value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }
}

extension Bool: PostgresArrayElement, PostgresDecodable {
    package static var postgresType: UInt32 { 16 }
    package static var postgresArrayType: UInt32 { 1000 }

    package func encode(into buffer: inout [UInt8]) -> Bool {
        buffer.append(self ? 1 : 0)
        return true
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) -> Bool? {
        bytes.count == 1 ? bytes[0] != 0 : nil
    }
}

extension Int16: PostgresArrayElement, PostgresDecodable {
    package static var postgresType: UInt32 { 21 }
    package static var postgresArrayType: UInt32 { 1005 }

    package func encode(into buffer: inout [UInt8]) -> Bool {
        buffer.appendBigEndian(self)
        return true
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) -> Int16? { bytes.bigEndianInteger(as: Int16.self) }
}

extension Int32: PostgresArrayElement, PostgresDecodable {
    package static var postgresType: UInt32 { 23 }
    package static var postgresArrayType: UInt32 { 1007 }

    package func encode(into buffer: inout [UInt8]) -> Bool {
        buffer.appendBigEndian(self)
        return true
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) -> Int32? { bytes.bigEndianInteger(as: Int32.self) }
}

extension Int64: PostgresArrayElement, PostgresDecodable {
    package static var postgresType: UInt32 { 20 }
    package static var postgresArrayType: UInt32 { 1016 }

    package func encode(into buffer: inout [UInt8]) -> Bool {
        buffer.appendBigEndian(self)
        return true
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) -> Int64? { bytes.bigEndianInteger(as: Int64.self) }
}

extension Double: PostgresArrayElement, PostgresDecodable {
    package static var postgresType: UInt32 { 701 }
    package static var postgresArrayType: UInt32 { 1022 }

    package func encode(into buffer: inout [UInt8]) -> Bool {
        buffer.appendBigEndian(bitPattern)
        return true
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) -> Double? {
        bytes.bigEndianInteger(as: UInt64.self).map { Double(bitPattern: $0) }
    }
}

/// `text`, `varchar` and, when read, enum labels.
extension String: PostgresArrayElement, PostgresDecodable {
    package static var postgresType: UInt32 { 25 }
    package static var postgresArrayType: UInt32 { 1009 }

    package func encode(into buffer: inout [UInt8]) -> Bool {
        buffer.append(contentsOf: utf8)
        return true
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) -> String? {
        String(validating: bytes, as: UTF8.self)
    }
}

/// `bytea`.
package struct PostgresBytes: PostgresEncodable, PostgresDecodable, Hashable {
    package var bytes: [UInt8]

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    package static var postgresType: UInt32 { 17 }

    package func encode(into buffer: inout [UInt8]) -> Bool {
        buffer.append(contentsOf: bytes)
        return true
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) -> PostgresBytes? { PostgresBytes(Array(bytes)) }
}

/// `uuid`, as two big-endian halves.
package struct PostgresUUID: PostgresArrayElement, PostgresDecodable, Hashable {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    package static var postgresType: UInt32 { 2950 }
    package static var postgresArrayType: UInt32 { 2951 }

    package func encode(into buffer: inout [UInt8]) -> Bool {
        buffer.appendBigEndian(high)
        buffer.appendBigEndian(low)
        return true
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) -> PostgresUUID? {
        guard bytes.count == 16 else { return nil }
        return PostgresUUID(
            high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
            low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        )
    }
}

/// `timestamptz`, as microseconds since 1970-01-01 00:00 UTC.
package struct PostgresTimestamp: PostgresArrayElement, PostgresDecodable, Hashable {
    /// 2000-01-01 00:00 UTC, from which the server counts, in microseconds since 1970.
    package static let serverEpoch: Int64 = 946_684_800_000_000

    package let microseconds: Int64

    package init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    package static var postgresType: UInt32 { 1184 }
    package static var postgresArrayType: UInt32 { 1185 }

    package func encode(into buffer: inout [UInt8]) -> Bool {
        buffer.appendBigEndian(serverMicroseconds)
        return true
    }

    /// Microseconds since 2000.
    ///
    /// What lies before all that fits is held at the lowest value, which the server refuses.
    var serverMicroseconds: Int64 {
        let (value, overflow) = microseconds.subtractingReportingOverflow(Self.serverEpoch)
        return overflow || value == .min ? .min + 1 : value
    }

    /// nil also for `infinity` and `-infinity`, which are no instants, and for the server's last years, which lie beyond
    /// Int64 (from 294247 on).
    package static func decode(_ bytes: UnsafeRawBufferPointer) -> PostgresTimestamp? {
        guard let value = bytes.bigEndianInteger(as: Int64.self), value != .max, value != .min else { return nil }
        let (microseconds, overflow) = value.addingReportingOverflow(serverEpoch)
        return overflow ? nil : PostgresTimestamp(microseconds: microseconds)
    }
}

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
    package static var postgresType: UInt32 { Wrapped.postgresType }

    package func encode(into buffer: inout [UInt8]) -> Bool {
        guard let value = self else { return false }
        return value.encode(into: &buffer)
    }
}

/// A one-dimensional array without NULLs.
extension Array: PostgresEncodable where Element: PostgresArrayElement {
    package static var postgresType: UInt32 { Element.postgresArrayType }

    package func encode(into buffer: inout [UInt8]) -> Bool {
        buffer.appendBigEndian(Int32(isEmpty ? 0 : 1))
        buffer.appendBigEndian(Int32(0))
        buffer.appendBigEndian(Element.postgresType)
        guard !isEmpty else { return true }
        buffer.appendBigEndian(Int32(count))
        buffer.appendBigEndian(Int32(1))
        for element in self {
            let lengthAt = buffer.count
            buffer.appendBigEndian(Int32(0))
            _ = element.encode(into: &buffer)
            let length = Int32(buffer.count - lengthAt - 4)
            Swift.withUnsafeBytes(of: length.bigEndian) { bytes in
                for (index, byte) in bytes.enumerated() { buffer[lengthAt + index] = byte }
            }
        }
        return true
    }
}
