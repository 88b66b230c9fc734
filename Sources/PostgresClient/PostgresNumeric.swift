/// `numeric` with at most four decimals, as a whole number of 1/10,000.
///
/// Wire format (PostgreSQL, `numeric_send`): number of base-10,000 digits, weight of the first one, sign, display
/// scale, then the digits, each 16 bits. Four decimals are exactly one digit, so nothing is ever converted.
package struct PostgresNumeric: PostgresArrayElement, PostgresDecodable, Hashable {
    package let scaled: Int64

    package init(scaled: Int64) {
        self.scaled = scaled
    }

    package static var postgresType: UInt32 { 1700 }
    package static var postgresArrayType: UInt32 { 1231 }

    /// The values that the fixed form holds: below 10^12 units, the whole of `numeric(12,4)`.
    package static let fixedRange: ClosedRange<Int64> = -999_999_999_999...999_999_999_999

    package func encode(into buffer: inout [UInt8]) -> Bool {
        let magnitude = scaled.magnitude
        let digits = (
            magnitude / 10_000_000_000_000_000, magnitude / 1_000_000_000_000 % 10_000,
            magnitude / 100_000_000 % 10_000, magnitude / 10_000 % 10_000, magnitude % 10_000
        )
        buffer.appendBigEndian(UInt16(5))
        buffer.appendBigEndian(Int16(3))
        buffer.appendBigEndian(UInt16(scaled < 0 ? 0x4000 : 0))
        buffer.appendBigEndian(UInt16(4))
        buffer.appendBigEndian(UInt16(truncatingIfNeeded: digits.0))
        buffer.appendBigEndian(UInt16(truncatingIfNeeded: digits.1))
        buffer.appendBigEndian(UInt16(truncatingIfNeeded: digits.2))
        buffer.appendBigEndian(UInt16(truncatingIfNeeded: digits.3))
        buffer.appendBigEndian(UInt16(truncatingIfNeeded: digits.4))
        return true
    }

    /// Writes the fixed form, 14 bytes with three digits: no branch on the magnitude.
    ///
    /// The server strips zero digits.
    static func storeFixed(_ scaled: Int64, at target: UnsafeMutableRawPointer) {
        let magnitude = scaled.magnitude
        let whole = UInt32(truncatingIfNeeded: magnitude / 10_000)
        let fraction = UInt32(truncatingIfNeeded: magnitude) &- whole &* 10_000
        let top = whole / 10_000
        let middle = whole &- top &* 10_000
        let head: UInt64 = 0x0003_0001_0000_0004 | (scaled < 0 ? 0x4000_0000 : 0)
        target.storeBytes(of: head.bigEndian, as: UInt64.self)
        target.storeBytes(of: ((top << 16) | middle).bigEndian, toByteOffset: 8, as: UInt32.self)
        target.storeBytes(of: UInt16(truncatingIfNeeded: fraction).bigEndian, toByteOffset: 12, as: UInt16.self)
    }

    /// nil for NaN and infinity, for more than four decimals that are not zero, and beyond Int64.
    package static func decode(_ bytes: UnsafeRawBufferPointer) -> PostgresNumeric? {
        guard bytes.count >= 8 else { return nil }
        let head = UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self))
        let count = Int(truncatingIfNeeded: head >> 48)
        let weight = Int(Int16(truncatingIfNeeded: head >> 32))
        let sign = UInt16(truncatingIfNeeded: head >> 16)
        guard sign & 0xBFFF == 0, bytes.count == 8 + 2 * count else { return nil }
        var magnitude: UInt64 = 0
        // Digit `index` stands for 10,000^(weight - index); units are 10,000^-1.
        for index in 0..<count {
            let digit = UInt64(UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 8 + 2 * index, as: UInt16.self)))
            if weight - index < -1 {
                if digit != 0 { return nil }
                continue
            }
            let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10_000)
            let (sum, carry) = product.addingReportingOverflow(digit)
            if overflow || carry { return nil }
            magnitude = sum
        }
        var missing = count == 0 ? 0 : weight - (count - 1) + 1
        if magnitude == 0 { missing = 0 }
        while missing > 0 {
            let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10_000)
            if overflow { return nil }
            magnitude = product
            missing -= 1
        }
        if sign == 0 { return Int64(exactly: magnitude).map { PostgresNumeric(scaled: $0) } }
        guard magnitude <= Int64.min.magnitude else { return nil }
        return PostgresNumeric(scaled: 0 &- Int64(bitPattern: magnitude))
    }
}
