extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC with microseconds: `2026-09-01T03:45:00.000000Z`; years outside of 0 to 9999 have a sign.
    package var description: String {
        String(decoding: text(), as: UTF8.self)
    }

    /// RFC 3339 in UTC as ASCII; without a fraction when `fraction` is false.
    package func text(fraction: Bool = true) -> [UInt8] {
        var buffer: [UInt8] = []
        buffer.reserveCapacity(27)
        appendText(to: &buffer, fraction: fraction)
        return buffer
    }

    /// Appends RFC 3339 in UTC as ASCII; without a fraction when `fraction` is false.
    package func appendText(to buffer: inout [UInt8], fraction: Bool = true) {
        let date = CivilDate(daysSince1970: floorDivide(microseconds, Self.microsecondsPerDay))
        let remainder = microseconds % Self.microsecondsPerDay
        let inDay = remainder < 0 ? remainder + Self.microsecondsPerDay : remainder
        date.appendText(to: &buffer)
        buffer.append(UInt8(ascii: "T"))
        appendDigits(inDay / 3_600_000_000, width: 2, to: &buffer)
        buffer.append(UInt8(ascii: ":"))
        appendDigits(inDay / 60_000_000 % 60, width: 2, to: &buffer)
        buffer.append(UInt8(ascii: ":"))
        appendDigits(inDay / 1_000_000 % 60, width: 2, to: &buffer)
        if fraction {
            buffer.append(UInt8(ascii: "."))
            appendDigits(inDay % 1_000_000, width: 6, to: &buffer)
        }
        buffer.append(UInt8(ascii: "Z"))
    }

    /// Reads RFC 3339, and the forms brokers send: `2026-09-01T09:15:00+0530`, `2026-09-01 09:15:00+05:30`,
    /// `2026-09-01T03:45:00.5Z`.
    ///
    /// A bare date means midnight. Without a zone the time is Indian (IST), unless `assumingUTC` is true.
    ///
    /// Returns nil for anything else, impossible dates included.
    package init?(_ text: some StringProtocol, assumingUTC: Bool = false) {
        var reader = DigitReader(Array(text.utf8))
        guard let date = reader.date() else { return nil }
        var micros = date.daysSince1970 * Self.microsecondsPerDay
        let defaultOffset = assumingUTC ? 0 : IndiaTime.offsetSeconds
        guard !reader.isAtEnd else {
            self.init(microseconds: micros - defaultOffset * 1_000_000)
            return
        }
        guard reader.take("T") || reader.take(" ") || reader.take("t"), let hour = reader.number(digits: 2), hour < 24,
            reader.take(":"), let minute = reader.number(digits: 2), minute < 60
        else { return nil }
        var second = 0
        var fraction: Int64 = 0
        if reader.take(":") {
            guard let value = reader.number(digits: 2), value < 60 else { return nil }
            second = value
            if reader.take(".") {
                guard let value = reader.fraction() else { return nil }
                fraction = value
            }
        }
        guard let offset = reader.isAtEnd ? defaultOffset : reader.zoneOffset(), reader.isAtEnd else { return nil }
        let inDay = Int64(hour) * 3600 + Int64(minute) * 60 + Int64(second)
        micros += (inDay - offset) * 1_000_000 + fraction
        self.init(microseconds: micros)
    }

    package static let microsecondsPerDay: Int64 = 86_400_000_000
}

extension CivilDate {
    /// Appends `YYYY-MM-DD` as ASCII.
    func appendText(to buffer: inout [UInt8]) {
        let (year, month, day) = components
        if year < 0 || year > 9999 {
            buffer.append(year < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+"))
            buffer.append(contentsOf: String(year.magnitude).utf8)
        } else {
            appendDigits(Int64(year), width: 4, to: &buffer)
        }
        buffer.append(UInt8(ascii: "-"))
        appendDigits(Int64(month), width: 2, to: &buffer)
        buffer.append(UInt8(ascii: "-"))
        appendDigits(Int64(day), width: 2, to: &buffer)
    }
}

/// Appends the last `width` decimal digits of a number that is not negative.
private func appendDigits(_ value: Int64, width: Int, to buffer: inout [UInt8]) {
    var divisor: Int64 = 1
    for _ in 1..<width { divisor *= 10 }
    while divisor > 0 {
        buffer.append(48 + UInt8(truncatingIfNeeded: value / divisor % 10))
        divisor /= 10
    }
}

/// Reads fixed-width digits out of ASCII.
struct DigitReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { position == bytes.count }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, UInt32(bytes[position]) == character.value else { return false }
        position += 1
        return true
    }

    /// `YYYY-MM-DD`, of a day that exists.
    mutating func date() -> CivilDate? {
        guard let year = number(digits: 4), take("-"), let month = number(digits: 2), take("-"),
            let day = number(digits: 2)
        else { return nil }
        return CivilDate(year: year, month: month, day: day)
    }

    mutating func number(digits: Int) -> Int? {
        guard position + digits <= bytes.count else { return nil }
        var value = 0
        for byte in bytes[position..<position + digits] {
            guard byte >= 48, byte <= 57 else { return nil }
            value = value * 10 + Int(byte - 48)
        }
        position += digits
        return value
    }

    /// One to nine digits after the point, cut to microseconds.
    mutating func fraction() -> Int64? {
        var value: Int64 = 0
        var count = 0
        while position < bytes.count, bytes[position] >= 48, bytes[position] <= 57 {
            if count < 6 { value = value * 10 + Int64(bytes[position] - 48) }
            count += 1
            position += 1
        }
        guard count > 0, count <= 9 else { return nil }
        for _ in min(count, 6)..<6 { value *= 10 }
        return value
    }

    /// `Z`, `+05:30` or `+0530`, in seconds east of Greenwich.
    mutating func zoneOffset() -> Int64? {
        if take("Z") || take("z") { return 0 }
        let isWest: Bool
        if take("+") {
            isWest = false
        } else if take("-") {
            isWest = true
        } else {
            return nil
        }
        guard let hours = number(digits: 2), hours < 24 else { return nil }
        _ = take(":")
        guard let minutes = number(digits: 2), minutes < 60 else { return nil }
        let seconds = Int64(hours * 3600 + minutes * 60)
        return isWest ? -seconds : seconds
    }
}
