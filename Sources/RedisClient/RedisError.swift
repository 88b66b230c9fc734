/// Why something asked of Redis did not happen.
///
/// `description` is safe to show anyone: it says what happened and what to do, and holds neither a password nor a value
/// that was sent. The underlying error is only in `debugDescription`.
package struct RedisError: Error, Sendable {
    /// What kind of failure it was.
    package enum Code: Sendable, Hashable {
        /// No connection could be made, or none was there; nothing was sent.
        case connectionFailed
        /// The connection ended before the answer; the commands may have been executed.
        case connectionClosed
        /// The answer did not come in time; the commands may have been executed.
        case timeout
        /// The server sent something that is not RESP3, or is beyond a limit; the connection was closed.
        case protocolViolation
        /// The server answered with an error; ``RedisError/server`` has it.
        case serverError
        /// An address or URL that cannot be used.
        case invalidAddress
        /// The client was shut down.
        case shutDown
        /// An argument or a setting that cannot be used; nothing was sent.
        case invalidArgument
        /// Too much is waiting for answers on this connection; nothing was sent.
        case overloaded
        /// The waiting task was cancelled; the commands may have been executed, or still may be.
        case cancelled
    }

    /// What kind of failure it was.
    package let code: Code
    /// What happened and what to do about it.
    package let message: String
    /// Whether the same call may succeed later with nothing changed.
    ///
    /// It does not say that the call had no effect: see the ``Code`` for that, and repeat only what may happen twice.
    package let isRetryable: Bool
    /// The error below this one, not for showing to users.
    package let cause: (any Error)?
    /// The server's own words, for `.serverError`.
    package let server: RedisServerError?

    /// Makes an error; the message must hold no password and no value that was sent.
    ///
    /// Whether it is retryable follows from the code unless said otherwise.
    package init(
        code: Code,
        message: String,
        isRetryable: Bool? = nil,
        cause: (any Error)? = nil,
        server: RedisServerError? = nil
    ) {
        self.code = code
        self.message = message
        self.isRetryable = isRetryable ?? code.isUsuallyRetryable
        self.cause = cause
        self.server = server
    }

    /// Wraps an error reply of the server.
    package init(server: RedisServerError) {
        self.init(
            code: .serverError,
            message: "Redis answered with an error: \(server)",
            isRetryable: server.isTransient,
            server: server
        )
    }
}

extension RedisError.Code {
    /// Whether a failure of this kind commonly passes by itself.
    fileprivate var isUsuallyRetryable: Bool {
        switch self {
        case .connectionFailed, .connectionClosed, .timeout, .overloaded: true
        case .protocolViolation, .serverError, .invalidAddress, .shutDown, .invalidArgument, .cancelled: false
        }
    }
}

extension RedisError: CustomStringConvertible, CustomDebugStringConvertible {
    /// The message with its code.
    package var description: String { "\(message) [\(code)]" }

    /// The message with its code and the error below it, for logs at debug level.
    package var debugDescription: String {
        guard let cause else { return description }
        return "\(description), because of \(String(reflecting: cause))"
    }
}

extension RedisError {
    /// The error of a caller whose task was cancelled.
    package static var cancelled: RedisError {
        RedisError(
            code: .cancelled,
            message: "The task was cancelled while it waited for Redis",
            cause: CancellationError()
        )
    }

    /// The error of a call on a client after its shutdown.
    package static var shutDown: RedisError {
        RedisError(code: .shutDown, message: "The Redis client was shut down")
    }

    /// The error for bytes that are not RESP3.
    package static func violation(_ message: String) -> RedisError {
        RedisError(code: .protocolViolation, message: "Redis sent \(message); the connection was given up")
    }

    /// The error for a reply of another shape than the command's.
    package static func unexpectedReply(to command: StaticString) -> RedisError {
        RedisError(code: .protocolViolation, message: "Redis answered \(command) with a reply of an unexpected shape")
    }
}
