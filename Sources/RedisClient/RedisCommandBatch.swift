package import NIOCore

/// Commands encoded one after the other, to be sent in one piece.
///
/// ``command(_:argumentCount:)`` begins a command and is followed by exactly as many `append` calls. A batch where the
/// numbers do not add up is never sent: sending it throws `.invalidArgument`.
package struct RedisCommandBatch: Sendable {
    /// The number of commands, and of the replies that will come.
    package private(set) var count = 0
    /// The encoded commands.
    package private(set) var bytes: ByteBuffer
    private var missingArguments = 0
    private var isMiscounted = false

    /// Makes an empty batch.
    ///
    /// - Parameter reservingCapacity: The bytes that fit in without growing.
    package init(reservingCapacity: Int = 4096) {
        bytes = ByteBuffer()
        bytes.reserveCapacity(reservingCapacity)
    }

    /// The size of the encoded commands.
    package var byteCount: Int { bytes.readableBytes }

    /// Whether every command got the number of arguments it announced.
    package var isWellFormed: Bool { missingArguments == 0 && !isMiscounted }

    /// Begins a command, whose `argumentCount` arguments follow with `append`.
    package mutating func command(_ name: StaticString, argumentCount: Int) {
        writeCommand(name, argumentCount: argumentCount)
        count += 1
    }

    /// Begins a command that has no reply of its own.
    package mutating func unansweredCommand(_ name: StaticString, argumentCount: Int) {
        writeCommand(name, argumentCount: argumentCount)
    }

    /// Adds an argument.
    package mutating func append(_ string: String) {
        var string = string
        string.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    /// Adds an argument: the readable bytes of a buffer.
    package mutating func append(_ buffer: ByteBuffer) {
        buffer.withUnsafeReadableBytes { append($0) }
    }

    /// Adds an argument.
    package mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { append($0) }
    }

    /// Adds an argument.
    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        countArgument()
        writeArgument(bytes)
    }

    /// Adds an argument: a number in decimal.
    package mutating func append(_ integer: Int64) {
        withUnsafeTemporaryAllocation(byteCount: 20, alignment: 1) { digits in
            var length = 0
            if integer < 0 {
                digits[0] = UInt8(ascii: "-")
                length = 1
            }
            length = digits.writeDecimal(integer.magnitude, at: length)
            append(UnsafeRawBufferPointer(rebasing: digits[..<length]))
        }
    }

    /// Adds an argument: a stream entry's id.
    package mutating func append(_ id: RedisStreamID) {
        withUnsafeTemporaryAllocation(byteCount: 41, alignment: 1) { digits in
            let dash = digits.writeDecimal(id.milliseconds, at: 0)
            digits[dash] = UInt8(ascii: "-")
            let length = digits.writeDecimal(id.sequence, at: dash + 1)
            append(UnsafeRawBufferPointer(rebasing: digits[..<length]))
        }
    }

    /// Adds an argument that is known when the program is compiled, such as the name of a field.
    package mutating func appendStatic(_ string: StaticString) {
        countArgument()
        writeArgument(string)
    }

    /// Forgets all commands.
    ///
    /// - Parameter keepingCapacity: Whether to keep the memory for the next ones.
    package mutating func removeAll(keepingCapacity: Bool = true) {
        if keepingCapacity { bytes.clear() } else { bytes = ByteBuffer() }
        count = 0
        missingArguments = 0
        isMiscounted = false
    }

    private mutating func countArgument() {
        missingArguments -= 1
        if missingArguments < 0 { isMiscounted = true }
    }

    private mutating func writeCommand(_ name: StaticString, argumentCount: Int) {
        if missingArguments != 0 || argumentCount < 0 { isMiscounted = true }
        missingArguments = argumentCount
        bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: 23) { space in
            space.writeHeader(UInt8(ascii: "*"), UInt64(max(0, argumentCount)) + 1)
        }
        writeArgument(name)
    }

    private mutating func writeArgument(_ string: StaticString) {
        guard string.hasPointerRepresentation else {
            var text = string.description
            text.withUTF8 { writeArgument(UnsafeRawBufferPointer($0)) }
            return
        }
        string.withUTF8Buffer { writeArgument(UnsafeRawBufferPointer($0)) }
    }

    private mutating func writeArgument(_ argument: UnsafeRawBufferPointer) {
        bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: argument.count + 25) { space in
            var end = space.writeHeader(UInt8(ascii: "$"), UInt64(argument.count))
            UnsafeMutableRawBufferPointer(rebasing: space[end...]).copyMemory(from: argument)
            end += argument.count
            space[end] = UInt8(ascii: "\r")
            space[end + 1] = UInt8(ascii: "\n")
            return end + 2
        }
    }
}

extension RedisCommandBatch: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// How many commands and bytes; never what they say.
    package var description: String { "\(count) Redis commands in \(byteCount) bytes" }

    /// The same as ``description``.
    package var debugDescription: String { description }

    /// A mirror without children, so that `dump` shows nothing either.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension UnsafeMutableRawBufferPointer {
    /// Writes a number in decimal and returns the offset after it; there must be room for 20 digits, or as many as it
    /// has.
    fileprivate func writeDecimal(_ number: UInt64, at start: Int) -> Int {
        var length = 1
        var rest = number / 10
        while rest > 0 {
            length += 1
            rest /= 10
        }
        rest = number
        var position = start + length
        repeat {
            position -= 1
            self[position] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while position > start
        return start + length
    }

    /// Writes a type byte, a number and a line end, at most 23 bytes, and returns the offset after them.
    fileprivate func writeHeader(_ type: UInt8, _ number: UInt64) -> Int {
        self[0] = type
        let end = writeDecimal(number, at: 1)
        self[end] = UInt8(ascii: "\r")
        self[end + 1] = UInt8(ascii: "\n")
        return end + 2
    }
}
