/// An exact price or amount of money: a whole number of 1/10,000 rupees.
///
/// Holds ±922 trillion rupees; the store's `numeric(12,4)` columns take ±99,999,999.9999
/// (``Price/storable``). There is no floating point anywhere on the way.
package struct Price: Hashable, Comparable, Sendable {
    /// The prices that a `numeric(12,4)` column takes.
    package static let storable = Price(scaled: -999_999_999_999)...Price(scaled: 999_999_999_999)
    package static let zero = Price(scaled: 0)

    /// The price in 1/10,000 rupees.
    package let scaled: Int64

    package init(scaled: Int64) {
        self.scaled = scaled
    }

    /// Makes a price of an integer off the wire (32 bits) that has `decimals` decimal places (0 to 9).
    ///
    /// More than four decimals are rounded half to even, which is how every price reaches the store
    /// (currency derivatives are quoted with up to seven).
    package init(mantissa: Int64, decimals: Int) {
        self.scaled = Self.rescale(mantissa, from: decimals)
    }

    /// Reads a decimal number such as `18631.2`, `-2884` or `0.05`.
    ///
    /// Returns nil for anything else: exponents, signs without digits, more than four decimals that are
    /// not zero, or a number that does not fit.
    package init?(_ text: some StringProtocol) {
        guard let scaled = Self.parse(text.utf8) else { return nil }
        self.scaled = scaled
    }

    package static func < (left: Price, right: Price) -> Bool {
        left.scaled < right.scaled
    }

    private static func rescale(_ mantissa: Int64, from decimals: Int) -> Int64 {
        if decimals <= 4 {
            var value = mantissa
            for _ in decimals..<4 { value &*= 10 }
            return value
        }
        var divisor: Int64 = 1
        for _ in 4..<min(decimals, 18) { divisor *= 10 }
        let (quotient, remainder) = mantissa.quotientAndRemainder(dividingBy: divisor)
        let twice = remainder.magnitude * 2
        let roundsAway = twice > divisor.magnitude || (twice == divisor.magnitude && quotient & 1 == 1)
        guard roundsAway else { return quotient }
        return mantissa < 0 ? quotient - 1 : quotient + 1
    }

    private static func parse(_ digits: some Sequence<UInt8>) -> Int64? {
        var magnitude: UInt64 = 0
        var isNegative = false
        var decimals = -1
        var digitCount = 0
        for (position, byte) in digits.enumerated() {
            switch byte {
            case UInt8(ascii: "-") where position == 0: isNegative = true
            case UInt8(ascii: ".") where decimals < 0 && digitCount > 0: decimals = 0
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                digitCount += 1
                let digit = UInt64(byte &- 48)
                if decimals >= 4 {
                    if digit != 0 { return nil }
                    continue
                }
                if decimals >= 0 { decimals += 1 }
                let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
                let (sum, carry) = product.addingReportingOverflow(digit)
                if overflow || carry { return nil }
                magnitude = sum
            default: return nil
            }
        }
        guard digitCount > 0, decimals != 0 else { return nil }
        for _ in max(decimals, 0)..<4 {
            let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            magnitude = product
        }
        if isNegative { return magnitude <= Int64.min.magnitude ? Int64(truncatingIfNeeded: 0 &- magnitude) : nil }
        return Int64(exactly: magnitude)
    }
}

extension Price: CustomStringConvertible {
    /// The exact decimal number, without trailing zeros: `18631.2`, `-0.05`, `602`.
    package var description: String {
        String(decoding: DecimalText.bytes(mantissa: scaled, decimals: 4), as: UTF8.self)
    }
}
