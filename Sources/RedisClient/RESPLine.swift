/// Where one line of RESP3 lies in the received bytes, and how its text is read.
package struct RESPLine {
    /// The byte in front that says what it is.
    package let type: UInt8
    /// The first byte of the text.
    package let start: Int
    /// The byte after the text.
    package let end: Int

    /// Whether a reply, or a part of one, may begin with this byte.
    package static func isType(_ byte: UInt8) -> Bool {
        "+-:$=!*%~>|_,#(".utf8.contains(byte)
    }

    /// The text.
    package func text(_ bytes: Span<UInt8>) -> String {
        bytes.extracting(start..<end).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }

    /// The length in the header of a bulk or an aggregate; nil for -1, which is how RESP2 wrote null.
    ///
    /// - Throws: ``RedisError`` `.protocolViolation`: not a number, below -1, beyond the limit.
    package func length(_ bytes: Span<UInt8>, limit: Int) throws(RedisError) -> Int? {
        let number = try integer(bytes)
        if number == -1 { return nil }
        guard number >= 0 else { throw .violation("a negative length") }
        guard number <= limit else { throw .violation("a length beyond the limit") }
        return Int(number)
    }

    /// The value of a line that is a whole reply.
    ///
    /// - Throws: ``RedisError`` `.protocolViolation`: text that is not of the type.
    package func scalar(_ bytes: Span<UInt8>) throws(RedisError) -> RedisValue {
        switch type {
        case UInt8(ascii: "+"):
            return isOK(bytes) ? .simple("OK") : .simple(text(bytes))
        case UInt8(ascii: "-"):
            return .error(RedisServerError(reply: text(bytes)))
        case UInt8(ascii: ":"):
            return .integer(try integer(bytes))
        case UInt8(ascii: "_"):
            guard start == end else { throw .violation("a null that is not empty") }
            return .null
        case UInt8(ascii: "#"):
            guard end - start == 1, bytes[start] == UInt8(ascii: "t") || bytes[start] == UInt8(ascii: "f") else {
                throw .violation("a boolean that is neither t nor f")
            }
            return .boolean(bytes[start] == UInt8(ascii: "t"))
        case UInt8(ascii: ","):
            return .double(try double(bytes))
        case UInt8(ascii: "("):
            return .bigNumber(try bigNumber(bytes))
        default:
            throw .violation("an unknown type of reply")
        }
    }

    private func isOK(_ bytes: Span<UInt8>) -> Bool {
        end - start == 2 && bytes[start] == UInt8(ascii: "O") && bytes[start + 1] == UInt8(ascii: "K")
    }

    private func integer(_ bytes: Span<UInt8>) throws(RedisError) -> Int64 {
        var position = start
        var isNegative = false
        if position < end, bytes[position] == UInt8(ascii: "-") || bytes[position] == UInt8(ascii: "+") {
            isNegative = bytes[position] == UInt8(ascii: "-")
            position += 1
        }
        guard position < end else { throw .violation("an empty number") }
        var number: Int64 = 0
        while position < end {
            let digit = Int64(bytes[position]) - 0x30
            guard (0...9).contains(digit) else { throw .violation("a number with something else in it") }
            let (tens, tensOverflow) = number.multipliedReportingOverflow(by: 10)
            let sum = tens.addingReportingOverflow(isNegative ? -digit : digit)
            guard !tensOverflow, !sum.overflow else { throw .violation("a number beyond 64 bits") }
            number = sum.partialValue
            position += 1
        }
        return number
    }

    private func double(_ bytes: Span<UInt8>) throws(RedisError) -> Double {
        let text = text(bytes)
        switch text {
        case "inf", "+inf": return .infinity
        case "-inf": return -.infinity
        case "nan", "-nan": return .nan
        default:
            guard text.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }), let number = Double(text) else {
                throw .violation("a floating-point number that is none")
            }
            return number
        }
    }

    private func bigNumber(_ bytes: Span<UInt8>) throws(RedisError) -> String {
        let text = text(bytes)
        let isSigned = text.hasPrefix("-") || text.hasPrefix("+")
        let digits = text.utf8.dropFirst(isSigned ? 1 : 0)
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw .violation("a big number with something else in it")
        }
        return text
    }
}
