/// The id of an entry of a stream: a time in milliseconds and a number within it.
package struct RedisStreamID: Sendable, Hashable {
    /// The first part; milliseconds since 1970 unless the writer counts otherwise.
    package var milliseconds: UInt64
    /// The second part.
    package var sequence: UInt64

    /// Makes an id from its parts.
    package init(milliseconds: UInt64, sequence: UInt64) {
        self.milliseconds = milliseconds
        self.sequence = sequence
    }

    /// Before every entry: no entry can have it.
    package static let zero = RedisStreamID(milliseconds: 0, sequence: 0)

    /// The smallest id beyond this one; the largest possible id gives itself.
    package func next() -> RedisStreamID {
        if sequence < .max { return RedisStreamID(milliseconds: milliseconds, sequence: sequence + 1) }
        if milliseconds < .max { return RedisStreamID(milliseconds: milliseconds + 1, sequence: 0) }
        return self
    }
}

extension RedisStreamID: Comparable {
    /// The order of the stream.
    package static func < (left: RedisStreamID, right: RedisStreamID) -> Bool {
        (left.milliseconds, left.sequence) < (right.milliseconds, right.sequence)
    }
}

extension RedisStreamID: LosslessStringConvertible {
    /// Reads `milliseconds-sequence` in decimal, nothing else; the sequence must be there.
    package init?(_ description: String) {
        let parts = description.utf8.split(separator: UInt8(ascii: "-"), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let milliseconds = Self.number(parts[0]), let sequence = Self.number(parts[1]) else {
            return nil
        }
        self.init(milliseconds: milliseconds, sequence: sequence)
    }

    /// `milliseconds-sequence`, as Redis writes it.
    package var description: String { "\(milliseconds)-\(sequence)" }

    private static func number(_ digits: Substring.UTF8View) -> UInt64? {
        guard !digits.isEmpty else { return nil }
        var number: UInt64 = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            let (tens, tensOverflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, sumOverflow) = tens.addingReportingOverflow(UInt64(digit - 0x30))
            guard !tensOverflow, !sumOverflow else { return nil }
            number = sum
        }
        return number
    }
}
