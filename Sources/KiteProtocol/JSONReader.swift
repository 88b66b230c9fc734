/// Walks over JSON text (RFC 8259) byte by byte and checks it, without building a tree.
struct JSONReader {
    /// How deep arrays and objects may nest; deeper text is refused, since the reader recurses.
    static let maximumDepth = 32

    /// What a value is, and where it is.
    struct Value: Equatable {
        enum Kind: Equatable {
            case object, array, string, number, literal
        }

        var kind: Kind
        /// The value's bytes, with the quotation marks of a string.
        var range: Range<Int>
    }

    private let bytes: [UInt8]
    private var position: Int

    init(_ bytes: [UInt8], at position: Int = 0) {
        self.bytes = bytes
        self.position = position
    }

    /// Reads a value that nothing but white space follows.
    mutating func document() throws(KiteTextError) -> Value {
        let root = try value(depth: 0)
        skipWhiteSpace()
        guard position == bytes.count else { throw fault("expected the end") }
        return root
    }

    /// Reads the object at the position, calling `body` with every key and value.
    mutating func object(
        depth: Int = 0,
        _ body: (_ key: Value, _ value: Value) throws(KiteTextError) -> Void
    ) throws(KiteTextError) {
        try list(until: UInt8(ascii: "}")) { (reader: inout JSONReader) throws(KiteTextError) in
            reader.skipWhiteSpace()
            guard reader.next == UInt8(ascii: "\"") else { throw reader.fault("expected a key in quotation marks") }
            let key = try reader.value(depth: depth)
            reader.skipWhiteSpace()
            guard reader.take(UInt8(ascii: ":")) else { throw reader.fault("expected a colon") }
            try body(key, try reader.value(depth: depth + 1))
        }
    }

    /// Reads the array at the position, calling `body` with every element.
    mutating func array(
        depth: Int = 0,
        _ body: (Value) throws(KiteTextError) -> Void
    ) throws(KiteTextError) {
        try list(until: UInt8(ascii: "]")) { (reader: inout JSONReader) throws(KiteTextError) in
            try body(try reader.value(depth: depth + 1))
        }
    }

    private mutating func value(depth: Int) throws(KiteTextError) -> Value {
        guard depth <= Self.maximumDepth else { throw fault("nested more than \(Self.maximumDepth) deep") }
        skipWhiteSpace()
        let start = position
        let kind: Value.Kind
        switch next {
        case UInt8(ascii: "{"):
            kind = .object
            try object(depth: depth) { _, _ in }
        case UInt8(ascii: "["):
            kind = .array
            try array(depth: depth) { _ in }
        case UInt8(ascii: "\""):
            kind = .string
            try string()
        case .some(UInt8(ascii: "-")), .some(UInt8(ascii: "0")...UInt8(ascii: "9")):
            kind = .number
            try number()
        default:
            kind = .literal
            guard take("true") || take("false") || take("null") else { throw fault("expected a value") }
        }
        return Value(kind: kind, range: start..<position)
    }

    /// Reads what lies between two brackets, parted by commas; the position is at the opening one.
    private mutating func list(
        until closing: UInt8,
        _ element: (inout JSONReader) throws(KiteTextError) -> Void
    ) throws(KiteTextError) {
        position += 1
        skipWhiteSpace()
        if take(closing) { return }
        repeat {
            try element(&self)
            skipWhiteSpace()
        } while take(UInt8(ascii: ","))
        guard take(closing) else { throw fault("expected a comma or \(Character(Unicode.Scalar(closing)))") }
    }

    private mutating func string() throws(KiteTextError) {
        position += 1
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return
            case UInt8(ascii: "\\"): try escape()
            case 0..<0x20:
                position -= 1
                throw fault("control character within a string")
            default: break
            }
        }
        throw fault("the string has no end")
    }

    private mutating func escape() throws(KiteTextError) {
        switch next {
        case UInt8(ascii: "u"):
            position += 1
            for _ in 0..<4 {
                guard let byte = next, Character(Unicode.Scalar(byte)).isHexDigit else {
                    throw fault("expected a hexadecimal digit")
                }
                position += 1
            }
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 1
        default: throw fault("unknown escape")
        }
    }

    private mutating func number() throws(KiteTextError) {
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try digits() }
        if take(UInt8(ascii: ".")) { try digits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            _ = take(UInt8(ascii: "+")) || take(UInt8(ascii: "-"))
            try digits()
        }
    }

    private mutating func digits() throws(KiteTextError) {
        let start = position
        while let byte = next, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { position += 1 }
        guard position > start else { throw fault("expected a digit") }
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipWhiteSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    private mutating func take(_ word: String) -> Bool {
        guard bytes[position...].starts(with: word.utf8) else { return false }
        position += word.utf8.count
        return true
    }

    private func fault(_ what: String) -> KiteTextError {
        KiteTextError("no valid JSON: \(what) at byte \(position)")
    }
}
