package import NIOCore

/// One entry of a stream.
package struct RedisStreamEntry: Sendable {
    /// Its place in the stream.
    package let id: RedisStreamID
    /// Names with values in the order of writing; a name may come twice.
    package let fields: [(name: String, value: ByteBuffer)]

    /// Makes an entry.
    package init(id: RedisStreamID, fields: [(name: String, value: ByteBuffer)]) {
        self.id = id
        self.fields = fields
    }

    /// The value of the first field with this name, or nil.
    package subscript(_ name: String) -> ByteBuffer? {
        fields.first { $0.name == name }?.value
    }

    /// Reads `[id, [name, value, …]]`.
    package init?(_ reply: RedisValue) {
        guard case .array(let parts) = reply, parts.count == 2,
            let id = parts[0].string.flatMap(RedisStreamID.init), case .array(let flat) = parts[1],
            flat.count.isMultiple(of: 2)
        else { return nil }
        var fields: [(name: String, value: ByteBuffer)] = []
        fields.reserveCapacity(flat.count / 2)
        for index in stride(from: 0, to: flat.count, by: 2) {
            guard let name = flat[index].string, let value = flat[index + 1].bytes else { return nil }
            fields.append((name, value))
        }
        self.init(id: id, fields: fields)
    }

    /// Reads a list of entries.
    package static func list(_ reply: RedisValue?) -> [RedisStreamEntry]? {
        guard case .array(let elements) = reply else { return nil }
        var entries: [RedisStreamEntry] = []
        entries.reserveCapacity(elements.count)
        for element in elements {
            guard let entry = RedisStreamEntry(element) else { return nil }
            entries.append(entry)
        }
        return entries
    }
}
