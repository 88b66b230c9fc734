internal import Glibc

/// Standard output and standard error, unbuffered: what was written is seen, also through a pipe.
enum Console {
    /// Writes to standard output.
    static func write(_ text: String) {
        write(Array(text.utf8))
    }

    static func write(_ bytes: [UInt8]) {
        write(bytes, to: 1)
    }

    /// Writes a line to standard output.
    static func line(_ text: String) {
        write(text + "\n")
    }

    /// Writes a line to standard error.
    static func report(_ text: String) {
        write(Array((text + "\n").utf8), to: 2)
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            // Nobody reads any more (a closed pipe): there is nobody to tell, either.
            if count <= 0 { return }
            rest.removeFirst(count)
        }
    }
}

/// A failure that is told to the user as it is.
struct CommandError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
