package import NIOCore

/// Cuts received bytes into RESP3 replies.
///
/// Every byte is looked at a bounded number of times, however the replies arrive: what is complete of an aggregate is
/// kept on a stack of open aggregates, and of a line or a bulk it is remembered how much is there. After a violation
/// every call throws it again. Streamed aggregates ("*?") are not read: no Redis version sends them.
package struct RESPDecoder {
    private let limits: RESPLimits
    private var buffer = ByteBuffer()
    private var open: [OpenAggregate] = []
    /// A bulk whose header was read.
    private var bulk: (kind: BulkKind, length: Int)?
    /// How many bytes of an incomplete line are known to hold no line end.
    private var scanned = 0
    /// The size of the reply so far.
    private var replyBytes = 0
    private var violation: RedisError?

    private enum BulkKind { case bytes, verbatim, error }

    /// What a step found.
    private enum Element {
        case value(RedisValue)
        case opened(RESPAggregateKind, count: Int)
        case header
        case incomplete
    }

    private struct OpenAggregate {
        let kind: RESPAggregateKind
        var missing: Int
        var elements: [RedisValue] = []
    }

    package init(limits: RESPLimits = RESPLimits()) {
        self.limits = limits
    }

    /// Adds bytes as they came from the socket.
    package mutating func append(_ bytes: ByteBuffer) {
        guard buffer.readableBytes > 0 else {
            buffer = bytes
            return
        }
        // Values given out are slices of the buffer, so that growing it means copying: only what is still unread.
        if buffer.readerIndex > 0 { buffer = buffer.slice() }
        buffer.writeImmutableBuffer(bytes)
    }

    /// Returns the next complete reply, or nil if more bytes are needed.
    ///
    /// - Throws: ``RedisError`` `.protocolViolation`.
    package mutating func next() throws(RedisError) -> RedisValue? {
        if let violation { throw violation }
        do {
            return try nextReply()
        } catch {
            violation = error
            buffer = ByteBuffer()
            open = []
            throw error
        }
    }

    private mutating func nextReply() throws(RedisError) -> RedisValue? {
        let source = buffer
        let bytes = source.readableBytesUInt8Span
        var position = 0
        defer { buffer.moveReaderIndex(forwardBy: position) }
        while true {
            let start = position
            let element = try readElement(bytes, of: source, at: &position)
            replyBytes += position - start
            guard replyBytes <= limits.replyBytes else { throw .violation("a reply larger than the limit") }
            switch element {
            case .incomplete:
                return nil
            case .header:
                continue
            case .opened(let kind, let count):
                guard open.count < limits.nesting else { throw .violation("aggregates nested too deeply") }
                guard kind != .push || open.isEmpty else { throw .violation("a push inside a reply") }
                var aggregate = OpenAggregate(kind: kind, missing: count)
                aggregate.elements.reserveCapacity(min(count, 256))
                open.append(aggregate)
            case .value(let value):
                guard let reply = close(with: value) else { continue }
                replyBytes = 0
                return reply
            }
        }
    }

    /// Puts a complete value where it belongs, and returns the reply if that completes it.
    private mutating func close(with value: RedisValue) -> RedisValue? {
        var value = value
        while !open.isEmpty {
            let innermost = open.count - 1
            open[innermost].elements.append(value)
            open[innermost].missing -= 1
            guard open[innermost].missing == 0 else { return nil }
            let aggregate = open.removeLast()
            guard let closed = aggregate.kind.value(of: aggregate.elements) else { return nil }
            value = closed
        }
        return value
    }

    private mutating func readElement(
        _ bytes: Span<UInt8>,
        of source: ByteBuffer,
        at position: inout Int
    ) throws(RedisError) -> Element {
        if let bulk { return try readBulk(bulk.kind, length: bulk.length, bytes, of: source, at: &position) }
        guard position < bytes.count else { return .incomplete }
        guard let line = try readLine(bytes, at: &position) else { return .incomplete }
        switch line.type {
        case UInt8(ascii: "$"): return try beginBulk(.bytes, bytes, line)
        case UInt8(ascii: "="): return try beginBulk(.verbatim, bytes, line)
        case UInt8(ascii: "!"): return try beginBulk(.error, bytes, line)
        default: break
        }
        guard let kind = RESPAggregateKind(type: line.type) else { return .value(try line.scalar(bytes)) }
        guard let count = try line.length(bytes, limit: limits.aggregateLength / kind.elementsPerEntry) else {
            guard kind == .array else { throw .violation("a negative length") }
            return .value(.null)
        }
        guard count == 0 else { return .opened(kind, count: count * kind.elementsPerEntry) }
        return kind.value(of: []).map(Element.value) ?? .header
    }

    /// Reads a line with its end, or remembers how far it looked for the end.
    private mutating func readLine(_ bytes: Span<UInt8>, at position: inout Int) throws(RedisError) -> RESPLine? {
        var end = position + 1 + scanned
        while end < bytes.count, bytes[end] != UInt8(ascii: "\r"), bytes[end] != UInt8(ascii: "\n") { end += 1 }
        guard end - position <= limits.lineBytes else { throw .violation("a line longer than the limit") }
        if end >= bytes.count || (end == bytes.count - 1 && bytes[end] == UInt8(ascii: "\r")) {
            guard RESPLine.isType(bytes[position]) else { throw .violation("an unknown type of reply") }
            scanned = max(0, min(end, bytes.count) - position - 1)
            return nil
        }
        guard bytes[end] == UInt8(ascii: "\r"), bytes[end + 1] == UInt8(ascii: "\n") else {
            throw .violation("a line that does not end with CR LF")
        }
        let line = RESPLine(type: bytes[position], start: position + 1, end: end)
        scanned = 0
        position = end + 2
        return line
    }

    private mutating func beginBulk(
        _ kind: BulkKind,
        _ bytes: Span<UInt8>,
        _ line: RESPLine
    ) throws(RedisError) -> Element {
        guard let length = try line.length(bytes, limit: limits.replyBytes) else {
            guard kind == .bytes else { throw .violation("a negative length") }
            return .value(.null)
        }
        bulk = (kind, length)
        return .header
    }

    private mutating func readBulk(
        _ kind: BulkKind,
        length: Int,
        _ bytes: Span<UInt8>,
        of source: ByteBuffer,
        at position: inout Int
    ) throws(RedisError) -> Element {
        guard replyBytes + length <= limits.replyBytes else { throw .violation("a reply larger than the limit") }
        guard bytes.count - position >= length + 2 else { return .incomplete }
        let end = position + length
        guard bytes[end] == UInt8(ascii: "\r"), bytes[end + 1] == UInt8(ascii: "\n"),
            var slice = source.getSlice(at: source.readerIndex + position, length: length)
        else { throw .violation("a bulk that does not end with CR LF") }
        position = end + 2
        bulk = nil
        switch kind {
        case .bytes: return .value(.bulk(slice))
        case .error: return .value(.error(RedisServerError(reply: String(buffer: slice))))
        case .verbatim:
            guard let format = slice.readString(length: 3), slice.readInteger() == UInt8(ascii: ":") else {
                throw .violation("a verbatim text without its format")
            }
            return .value(.verbatim(format: format, bytes: slice))
        }
    }
}
