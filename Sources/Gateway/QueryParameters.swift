internal import Hummingbird
internal import MarketModel

/// The query of a request, checked: unknown and repeated names are errors, not ignored.
struct QueryParameters {
    private var values: [String: [String]] = [:]

    /// Reads the query of a request.
    ///
    /// - Parameters:
    ///   - request: the request.
    ///   - allowed: the names that may stand there.
    ///   - repeatable: those of them that may stand there more than once.
    /// - Throws: ``APIError`` that names the parameter.
    init(_ request: Request, allowed: [String], repeatable: Set<String> = []) throws(APIError) {
        for pair in (request.uri.query ?? "").split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = decodePercent(parts[0]) else {
                throw APIError.invalidParameter("the parameter '\(parts[0])' is not properly percent-encoded")
            }
            guard allowed.contains(name) else {
                throw APIError.invalidParameter(
                    "there is no parameter '\(name)' here; known are \(allowed.joined(separator: ", "))"
                )
            }
            if values[name] != nil, !repeatable.contains(name) {
                throw APIError.invalidParameter("'\(name)' is given more than once")
            }
            guard let value = decodePercent(parts.count == 2 ? parts[1] : "") else {
                throw APIError.invalidParameter("the value of '\(name)' is not properly percent-encoded")
            }
            values[name, default: []].append(value)
        }
    }

    subscript(_ name: String) -> String? { values[name]?.first }

    func all(_ name: String) -> [String] { values[name] ?? [] }

    func integer(_ name: String, in range: ClosedRange<Int>, default fallback: Int) throws(APIError) -> Int {
        guard let text = self[name] else { return fallback }
        guard let value = Int(text), range.contains(value) else {
            throw APIError.invalidParameter(
                "'\(name)' must be a whole number from \(range.lowerBound) to \(range.upperBound), not '\(text)'"
            )
        }
        return value
    }

    func time(_ name: String) throws(APIError) -> Timestamp? {
        guard let text = self[name] else { return nil }
        guard let value = Timestamp(text) else {
            throw APIError.invalidParameter(
                "'\(name)' must be a time such as 2026-09-01T03:45:00Z or 2026-09-01T09:15:00%2B05:30, not '\(text)'"
            )
        }
        return value
    }
}

/// Resolves %XX; nil when a per cent sign is not followed by two hexadecimal digits, or when the result is not UTF-8 or
/// holds a NUL, which no text in the store can.
func decodePercent(_ text: some StringProtocol) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while var byte = rest.popFirst() {
        if byte == UInt8(ascii: "%") {
            let digits = rest.prefix(2).compactMap(hexadecimalDigit)
            guard digits.count == 2 else { return nil }
            rest.removeFirst(2)
            byte = digits[0] << 4 | digits[1]
        }
        guard byte != 0 else { return nil }
        bytes.append(byte)
    }
    return String(validating: bytes, as: UTF8.self)
}

private func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    default: nil
    }
}
