/// Exact decimal text of scaled integers, for JSON and CSV.
package enum DecimalText {
    /// The number `mantissa / 10^decimals` as ASCII, without trailing zeros or an exponent.
    package static func bytes(mantissa: Int64, decimals: Int) -> [UInt8] {
        var buffer: [UInt8] = []
        buffer.reserveCapacity(24)
        append(mantissa: mantissa, decimals: decimals, to: &buffer)
        return buffer
    }

    /// Appends the number `mantissa / 10^decimals` as ASCII, without trailing zeros or an exponent.
    package static func append(mantissa: Int64, decimals: Int, to buffer: inout [UInt8]) {
        var magnitude = mantissa.magnitude
        var places = decimals
        while places > 0, magnitude % 10 == 0 {
            magnitude /= 10
            places -= 1
        }
        if mantissa < 0 { buffer.append(UInt8(ascii: "-")) }
        let start = buffer.count
        var written = 0
        repeat {
            if places > 0, written == places { buffer.append(UInt8(ascii: ".")) }
            buffer.append(48 + UInt8(truncatingIfNeeded: magnitude % 10))
            magnitude /= 10
            written += 1
        } while magnitude > 0 || written <= places && places > 0
        buffer[start...].reverse()
    }
}
