import Foundation
import Glibc

/// A TCP connection to the gateway that sends exactly the bytes it is told to.
///
/// Its calls block, so they run on threads of their own (``onThread(_:)``), never on Swift's pool.
final class RawConnection {
    private let descriptor: CInt
    private var received: [UInt8] = []

    init(port: Int) throws {
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw GatewayTestError("no socket: error \(errno)") }
        // What hangs fails the test instead of blocking it for ever.
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                connect(descriptor, raw, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            let code = errno
            close(descriptor)
            throw GatewayTestError("cannot connect to port \(port): error \(code)")
        }
    }

    deinit {
        close(descriptor)
    }

    func send(_ text: String) throws {
        let bytes = Array(text.utf8)
        guard Glibc.send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count else {
            throw GatewayTestError("cannot send: error \(errno)")
        }
    }

    /// Reads one response; its length is what Content-Length says.
    func answer(withoutBody: Bool = false) throws -> HTTPAnswer {
        let separator = Array("\r\n\r\n".utf8)
        var end = received.firstRange(of: separator)
        while end == nil {
            try receive()
            end = received.firstRange(of: separator)
        }
        let head = String(decoding: received[..<(end?.lowerBound ?? 0)], as: UTF8.self)
        received.removeSubrange(..<(end?.upperBound ?? 0))
        let lines = head.components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ")
        guard words.count >= 2, words[0] == "HTTP/1.1", let status = Int(words[1]) else {
            throw GatewayTestError("no HTTP status line: \(lines[0])")
        }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { throw GatewayTestError("no HTTP header: \(line)") }
            headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
        }
        guard let length = Int(headers["content-length"] ?? "none") else {
            throw GatewayTestError("a response without Content-Length")
        }
        guard !withoutBody else { return try HTTPAnswer(status: status, headers: headers, body: Data()) }
        while received.count < length { try receive() }
        let body = Data(received[..<length])
        received.removeSubrange(..<length)
        return try HTTPAnswer(status: status, headers: headers, body: body)
    }

    private func receive() throws {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else {
            throw GatewayTestError(count == 0 ? "the server closed the connection" : "cannot receive: error \(errno)")
        }
        received += buffer[..<count]
    }

    /// Runs `body` with a new connection on a thread of its own.
    static func onThread<Value: Sendable>(
        port: Int,
        _ body: @escaping @Sendable (RawConnection) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
            Thread.detachNewThread {
                continuation.resume(with: Result { try body(try RawConnection(port: port)) })
            }
        }
    }
}
