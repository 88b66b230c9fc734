/// Indian Standard Time: UTC + 05:30, without daylight saving (none since 1945).
package enum IndiaTime {
    /// Seconds that Indian clocks are ahead of UTC.
    package static let offsetSeconds: Int64 = 19_800

    /// The Indian calendar day of an instant.
    package static func date(of instant: Timestamp) -> CivilDate {
        let local = instant.microseconds + offsetSeconds * 1_000_000
        return CivilDate(daysSince1970: floorDivide(local, Timestamp.microsecondsPerDay))
    }

    /// The instant at which an Indian day starts: 18:30 UTC of the day before.
    package static func startOfDay(_ date: CivilDate) -> Timestamp {
        Timestamp(seconds: date.daysSince1970 * 86_400 - offsetSeconds)
    }

    /// The instant at a time of day on Indian clocks.
    package static func instant(_ date: CivilDate, _ time: TimeOfDay) -> Timestamp {
        Timestamp(seconds: date.daysSince1970 * 86_400 - offsetSeconds + Int64(time.seconds))
    }

    /// `YYYY-MM-DD HH:MM:SS` on Indian clocks.
    package static func text(_ instant: Timestamp) -> String {
        let shifted = Timestamp(microseconds: instant.microseconds + offsetSeconds * 1_000_000)
        var bytes = shifted.text(fraction: false)
        bytes.removeLast()
        bytes[10] = UInt8(ascii: " ")
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// A time on the clock, in seconds since midnight.
package struct TimeOfDay: Hashable, Comparable, Sendable {
    /// Seconds since midnight, 0...86,400.
    package let seconds: Int

    package init(hour: Int, minute: Int, second: Int = 0) {
        self.seconds = hour * 3600 + minute * 60 + second
    }

    package static func < (left: TimeOfDay, right: TimeOfDay) -> Bool {
        left.seconds < right.seconds
    }
}
