internal import NIOCore
internal import Synchronization

/// The way of requests from any thread to the connection's event loop.
///
/// It keeps the order in which they were submitted, gathers whatever comes before the loop gets to it into one flush,
/// and bounds what is waiting for replies. Closed once with the reason, it refuses everything after.
package final class RedisOutbox: Sendable {
    /// What the submitter does next.
    package enum Submission: Sendable {
        /// Wake the event loop, which then calls ``take()``.
        case wake
        /// Nothing: the loop is coming anyway.
        case gathered
        /// Fail the request with this.
        case refused(RedisError)
    }

    private struct State {
        var requests: [RedisRequest] = []
        var isWakePending = false
        var pendingCommands = 0
        var pendingBytes = 0
        var closed: RedisError?
    }

    private let maximumCommands: Int
    private let maximumBytes: Int
    private let state = Mutex(State())

    package init(maximumCommands: Int, maximumBytes: Int) {
        self.maximumCommands = maximumCommands
        self.maximumBytes = maximumBytes
    }

    /// Why nothing can be submitted any more, or nil while it can.
    package var closed: RedisError? { state.withLock { $0.closed } }

    /// Puts a request at the end of the line.
    package func submit(_ request: RedisRequest) -> Submission {
        state.withLock { state in
            if let closed = state.closed { return .refused(.notSent(closed)) }
            let commands = state.pendingCommands + request.replyCount
            let bytes = state.pendingBytes + request.bytes.readableBytes
            guard state.pendingCommands == 0 || (commands <= maximumCommands && bytes <= maximumBytes) else {
                return .refused(
                    RedisError(
                        code: .overloaded,
                        message: "\(state.pendingCommands) commands already wait for Redis, which is too slow"
                    )
                )
            }
            state.pendingCommands = commands
            state.pendingBytes = bytes
            state.requests.append(request)
            guard !state.isWakePending else { return .gathered }
            state.isWakePending = true
            return .wake
        }
    }

    /// Hands over what was submitted, on the event loop.
    package func take() -> [RedisRequest] {
        state.withLock { state in
            state.isWakePending = false
            let requests = state.requests
            state.requests = []
            return requests
        }
    }

    /// Makes room again for what was answered.
    package func release(commands: Int, bytes: Int) {
        state.withLock { state in
            state.pendingCommands -= commands
            state.pendingBytes -= bytes
        }
    }

    /// Refuses everything from now on and returns what was submitted but never sent; the first reason stays.
    package func close(_ reason: RedisError) -> [RedisRequest] {
        state.withLock { state in
            if state.closed == nil { state.closed = reason }
            let requests = state.requests
            state.requests = []
            return requests
        }
    }
}

extension RedisError {
    /// The error of a request that was not sent because its connection had ended.
    package static func notSent(_ reason: RedisError) -> RedisError {
        guard reason.code != .shutDown else { return reason }
        return RedisError(
            code: .connectionFailed,
            message: "The connection to Redis had ended before the command could be sent; try again",
            cause: reason
        )
    }
}
