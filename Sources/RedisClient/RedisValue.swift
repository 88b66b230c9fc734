package import NIOCore

/// One reply, or one part of a reply.
///
/// Byte values are slices of the buffer they were received into: whoever keeps a small one for long should copy it, or
/// it keeps up to 64 KiB alive. Text that is not UTF-8 is repaired with U+FFFD in the `String` cases, and untouched in
/// the `ByteBuffer` ones.
package enum RedisValue: Sendable, Equatable {
    /// A short text, as in "OK".
    case simple(String)
    /// An error reply; in a batch the error of one command.
    indirect case error(RedisServerError)
    /// A whole number.
    case integer(Int64)
    /// Bytes.
    case bulk(ByteBuffer)
    /// No value. The null forms of RESP2 are read as this one, too.
    case null
    /// An ordered list.
    case array([RedisValue])
    /// Keys with values, in the order in which the server sent them.
    case map([RedisMapEntry])
    /// An unordered list.
    case set([RedisValue])
    /// What the server sent unasked, as published messages.
    case push([RedisValue])
    /// A floating-point number; infinite and not-a-number included.
    case double(Double)
    /// True or false.
    case boolean(Bool)
    /// The decimal digits of a whole number of any size.
    case bigNumber(String)
    /// Text and its format of three letters, "txt" or "mkd".
    indirect case verbatim(format: String, bytes: ByteBuffer)
}

/// One key of a map, with its value.
package struct RedisMapEntry: Sendable, Equatable {
    /// The key; nearly always a ``RedisValue/bulk(_:)``.
    package let key: RedisValue
    /// The value.
    package let value: RedisValue

    /// Makes an entry.
    package init(key: RedisValue, value: RedisValue) {
        self.key = key
        self.value = value
    }
}

extension RedisValue {
    /// The text of a simple, bulk, verbatim or big-number reply, otherwise nil.
    package var string: String? {
        switch self {
        case .simple(let text), .bigNumber(let text): text
        case .bulk(let bytes), .verbatim(_, let bytes): String(buffer: bytes)
        default: nil
        }
    }

    /// The number of an integer reply, or of a text that is a decimal number (what GET returns of a counter), otherwise
    /// nil.
    package var integer: Int64? {
        switch self {
        case .integer(let number): number
        case .simple(let text): Int64(text)
        case .bulk(let bytes): bytes.readableBytes <= 20 ? Int64(String(buffer: bytes)) : nil
        default: nil
        }
    }

    /// The bytes of a bulk, verbatim or simple reply, otherwise nil.
    package var bytes: ByteBuffer? {
        switch self {
        case .bulk(let bytes), .verbatim(_, let bytes): bytes
        case .simple(let text): ByteBuffer(string: text)
        default: nil
        }
    }

    /// The elements of an array, set or push, otherwise nil.
    package var array: [RedisValue]? {
        switch self {
        case .array(let elements), .set(let elements), .push(let elements): elements
        default: nil
        }
    }

    /// The entries of a map, otherwise nil.
    package var map: [RedisMapEntry]? {
        guard case .map(let entries) = self else { return nil }
        return entries
    }

    /// The error of an error reply, otherwise nil.
    package var error: RedisServerError? {
        guard case .error(let error) = self else { return nil }
        return error
    }

    /// Whether there is no value.
    package var isNull: Bool { self == .null }

    /// The value of the first entry of a map with this key, or nil.
    package subscript(key key: String) -> RedisValue? {
        map?.first { $0.key.string == key }?.value
    }
}
