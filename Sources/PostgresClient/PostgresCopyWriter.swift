/// Rows for a COPY in binary format, written field by field into one growing buffer.
///
/// Format: https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format". Each row starts with
/// ``beginRow(fields:)`` and takes exactly that many fields.
package struct PostgresCopyWriter: ~Copyable {
    private var base: UnsafeMutableRawPointer
    private(set) var count = 0
    private var capacity: Int

    init(capacity: Int) {
        self.base = .allocate(byteCount: capacity, alignment: 16)
        self.capacity = capacity
    }

    deinit {
        base.deallocate()
    }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    mutating func removeAll() {
        count = 0
    }

    mutating func writeHeader() {
        let header: [UInt8] = Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00, 0, 0, 0, 0, 0, 0, 0, 0]
        append(header)
    }

    mutating func writeTrailer() {
        store(UInt16.max)
    }

    /// Starts a row with that many fields.
    package mutating func beginRow(fields: Int) {
        store(Int16(truncatingIfNeeded: fields).bigEndian)
    }

    package mutating func writeNull() {
        store(Int32(-1).bigEndian)
    }

    package mutating func write(_ value: Int16?) { writeInteger(value) }
    package mutating func write(_ value: Int32?) { writeInteger(value) }
    package mutating func write(_ value: Int64?) { writeInteger(value) }

    package mutating func write(_ value: PostgresUUID) {
        reserve(20)
        base.storeBytes(of: Int32(16).bigEndian, toByteOffset: count, as: Int32.self)
        base.storeBytes(of: value.high.bigEndian, toByteOffset: count + 4, as: UInt64.self)
        base.storeBytes(of: value.low.bigEndian, toByteOffset: count + 12, as: UInt64.self)
        count += 20
    }

    package mutating func write(_ value: PostgresTimestamp) {
        writeInteger(value.serverMicroseconds)
    }

    /// Writes a `numeric`.
    ///
    /// Values of up to 10^12 units take the fixed 14-byte form.
    package mutating func write(_ value: PostgresNumeric) {
        if PostgresNumeric.fixedRange.contains(value.scaled) {
            reserve(18)
            base.storeBytes(of: Int32(14).bigEndian, toByteOffset: count, as: Int32.self)
            PostgresNumeric.storeFixed(value.scaled, at: base + count + 4)
            count += 18
        } else {
            var buffer: [UInt8] = []
            _ = value.encode(into: &buffer)
            write(buffer)
        }
    }

    package mutating func write(_ value: StaticString) {
        let size = value.utf8CodeUnitCount
        reserve(4 + size)
        base.storeBytes(of: Int32(truncatingIfNeeded: size).bigEndian, toByteOffset: count, as: Int32.self)
        value.withUTF8Buffer { text in
            if let start = text.baseAddress { (base + count + 4).copyMemory(from: start, byteCount: size) }
        }
        count += 4 + size
    }

    package mutating func write(_ value: String) {
        write(Array(value.utf8))
    }

    /// Writes raw bytes as they are: `text`, `bytea` or any other type's binary form.
    package mutating func write(_ value: [UInt8]) {
        store(Int32(truncatingIfNeeded: value.count).bigEndian)
        append(value)
    }

    private mutating func writeInteger<Integer: FixedWidthInteger>(_ value: Integer?) {
        guard let value else { return writeNull() }
        let size = MemoryLayout<Integer>.size
        reserve(4 + size)
        base.storeBytes(of: Int32(truncatingIfNeeded: size).bigEndian, toByteOffset: count, as: Int32.self)
        base.storeBytes(of: value.bigEndian, toByteOffset: count + 4, as: Integer.self)
        count += 4 + size
    }

    private mutating func store<Integer: FixedWidthInteger>(_ value: Integer) {
        reserve(MemoryLayout<Integer>.size)
        base.storeBytes(of: value, toByteOffset: count, as: Integer.self)
        count += MemoryLayout<Integer>.size
    }

    private mutating func append(_ bytes: [UInt8]) {
        reserve(bytes.count)
        bytes.withUnsafeBytes { source in
            if let start = source.baseAddress { (base + count).copyMemory(from: start, byteCount: source.count) }
        }
        count += bytes.count
    }

    private mutating func reserve(_ size: Int) {
        guard count + size > capacity else { return }
        let larger = max(capacity * 2, count + size)
        let replacement = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
        replacement.copyMemory(from: base, byteCount: count)
        base.deallocate()
        base = replacement
        capacity = larger
    }
}
