/// A JSON text that was found valid, and access to its parts by where they are.
struct JSONDocument {
    private let bytes: [UInt8]
    /// The outermost value.
    let root: JSONReader.Value

    /// Checks a text in full.
    ///
    /// - Throws: ``KiteTextError`` that says what is wrong where.
    init(_ bytes: [UInt8]) throws(KiteTextError) {
        var reader = JSONReader(bytes)
        self.root = try reader.document()
        self.bytes = bytes
    }

    /// The members of an object, in their order; none when the value is not an object.
    func members(of value: JSONReader.Value) throws(KiteTextError) -> [(key: String, value: JSONReader.Value)] {
        guard value.kind == .object else { return [] }
        var members: [(key: String, value: JSONReader.Value)] = []
        var reader = JSONReader(bytes, at: value.range.lowerBound)
        try reader.object { (key: JSONReader.Value, value: JSONReader.Value) throws(KiteTextError) in
            members.append((string(of: key) ?? "", value))
        }
        return members
    }

    /// The elements of an array, in their order; none when the value is not an array.
    func elements(of value: JSONReader.Value) throws(KiteTextError) -> [JSONReader.Value] {
        guard value.kind == .array else { return [] }
        var elements: [JSONReader.Value] = []
        var reader = JSONReader(bytes, at: value.range.lowerBound)
        try reader.array { (element: JSONReader.Value) throws(KiteTextError) in elements.append(element) }
        return elements
    }

    /// The value's text as it was written.
    func text(of value: JSONReader.Value) -> String {
        String(decoding: bytes[value.range], as: UTF8.self)
    }

    /// The string that a value stands for, escapes resolved; nil when the value is not a string.
    ///
    /// Half of a surrogate pair becomes U+FFFD.
    func string(of value: JSONReader.Value) -> String? {
        guard value.kind == .string else { return nil }
        let content = bytes[value.range].dropFirst().dropLast()
        guard content.contains(UInt8(ascii: "\\")) else { return String(decoding: content, as: UTF8.self) }
        var units: [UInt16] = []
        var rest = String(decoding: content, as: UTF8.self).utf16[...]
        while let unit = rest.popFirst() {
            guard unit == 0x5C, let escape = rest.popFirst() else {
                units.append(unit)
                continue
            }
            switch UInt8(truncatingIfNeeded: escape) {
            case UInt8(ascii: "b"): units.append(8)
            case UInt8(ascii: "f"): units.append(12)
            case UInt8(ascii: "n"): units.append(10)
            case UInt8(ascii: "r"): units.append(13)
            case UInt8(ascii: "t"): units.append(9)
            case UInt8(ascii: "u"):
                units.append(UInt16(String(Substring(rest.prefix(4))), radix: 16) ?? 0xFFFD)
                rest = rest.dropFirst(4)
            default: units.append(escape)
            }
        }
        return String(decoding: units, as: UTF16.self)
    }
}
