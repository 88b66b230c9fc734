import MarketModel

extension KiteTickJSON {
    /// Decodes a binary message given as hexadecimal text into one line of JSON, without a line feed: `{"ticks":[…]}`.
    ///
    /// White space in the text is passed over, `0x` may stand before it. `skipped` counts the packets of unknown
    /// length, if there are any. `error` says why reading stopped, beside the ticks before it; with text that is not
    /// hexadecimal it names the column, counted from 1.
    package static func line(forHex hex: some StringProtocol) -> [UInt8] {
        var line = Array(#"{"ticks":["#.utf8)
        do {
            let frame = try bytes(ofHex: hex)
            var isFirst = true
            let result = KiteFrame.decode(frame.span.bytes) { tick in
                if !isFirst { line.append(UInt8(ascii: ",")) }
                isFirst = false
                append(tick, to: &line)
            }
            line.append(UInt8(ascii: "]"))
            if result.skippedPackets > 0 { line += #","skipped":\#(result.skippedPackets)"#.utf8 }
            if let fault = result.fault { appendError(fault.description, to: &line) }
        } catch {
            line.append(UInt8(ascii: "]"))
            appendError(error.message, to: &line)
        }
        line.append(UInt8(ascii: "}"))
        return line
    }

    private static func bytes(ofHex hex: some StringProtocol) throws(KiteTextError) -> [UInt8] {
        let text = hex.drop { $0.isWhitespace }
        let digits = text.hasPrefix("0x") || text.hasPrefix("0X") ? text.dropFirst(2) : text
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.utf8.count / 2)
        var high: UInt8?
        var last = hex.startIndex
        for index in digits.indices where !digits[index].isWhitespace {
            let character = digits[index]
            guard character.isASCII, let value = character.hexDigitValue else {
                let quoted = KiteTextError.quoted(String(character))
                throw KiteTextError("column \(column(of: index, in: hex)): \(quoted) is no hexadecimal digit")
            }
            last = index
            let digit = UInt8(truncatingIfNeeded: value)
            if let first = high {
                bytes.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        guard high == nil else {
            throw KiteTextError("column \(column(of: last, in: hex)): the last byte has one digit only")
        }
        return bytes
    }

    private static func column<Text: StringProtocol>(of index: Text.Index, in text: Text) -> Int {
        text.distance(from: text.startIndex, to: index) + 1
    }

    private static func appendError(_ text: String, to buffer: inout [UInt8]) {
        buffer += #","error":"#.utf8
        appendString(text, to: &buffer)
    }

    /// Appends a JSON string.
    private static func appendString(_ text: String, to buffer: inout [UInt8]) {
        buffer.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                buffer.append(UInt8(ascii: "\\"))
                buffer.append(byte)
            case 0..<0x20:
                let digits = String(byte, radix: 16)
                buffer += #"\u00\#(digits.count == 1 ? "0" : "")\#(digits)"#.utf8
            default: buffer.append(byte)
            }
        }
        buffer.append(UInt8(ascii: "\""))
    }
}
