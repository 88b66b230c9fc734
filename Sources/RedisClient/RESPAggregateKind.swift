/// The values of RESP3 that are made of other values.
package enum RESPAggregateKind: Sendable {
    case array, map, set, push
    /// Data about the reply that follows; read and dropped.
    case attribute

    /// The kind that begins with this byte, if one does.
    package init?(type: UInt8) {
        switch type {
        case UInt8(ascii: "*"): self = .array
        case UInt8(ascii: "%"): self = .map
        case UInt8(ascii: "~"): self = .set
        case UInt8(ascii: ">"): self = .push
        case UInt8(ascii: "|"): self = .attribute
        default: return nil
        }
    }

    /// How many values make one entry of the announced number.
    package var elementsPerEntry: Int {
        switch self {
        case .map, .attribute: 2
        case .array, .set, .push: 1
        }
    }

    /// The value made of these elements, or nil for an attribute, which is none.
    package func value(of elements: [RedisValue]) -> RedisValue? {
        switch self {
        case .array: .array(elements)
        case .set: .set(elements)
        case .push: .push(elements)
        case .attribute: nil
        case .map:
            .map(
                stride(from: 0, to: elements.count - elements.count % 2, by: 2).map {
                    RedisMapEntry(key: elements[$0], value: elements[$0 + 1])
                }
            )
        }
    }
}
