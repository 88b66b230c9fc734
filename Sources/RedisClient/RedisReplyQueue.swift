package import NIOCore

/// The requests that were sent and wait for their replies, first in, first out.
///
/// A request keeps its place until all its replies came, whether somebody still waits for them or not: so no reply can
/// reach the wrong caller. Lives on the event loop; knows neither sockets nor clocks.
package struct RedisReplyQueue {
    /// A request with the replies that came so far.
    package struct Completion {
        package let request: RedisRequest
        fileprivate let values: [RedisValue]
        fileprivate let errors: RedisErrorCount

        /// Hands the replies to whoever waits.
        package func deliver() {
            switch request.receiver {
            case .replies(let waiter): waiter.deliver(.success(values))
            case .errorCount(let waiter): waiter.deliver(.success(errors))
            case .handshake(let promise): promise.succeed(errors.firstError)
            case .nobody: break
            }
        }
    }

    /// What a reply meant.
    package enum Arrival {
        /// The request it belongs to still waits for more.
        case partial
        /// It was the request's last.
        case completed(Completion)
        /// Nobody asked for it.
        case unexpected
    }

    private var requests = CircularBuffer<RedisRequest>()
    /// The replies to the request in front, kept apart so that they are never copied.
    private var values: [RedisValue] = []
    private var errors: RedisErrorCount = (0, nil)
    private var received = 0

    package var isEmpty: Bool { requests.isEmpty }

    /// The earliest time at which a request will have waited too long; looks at all of them.
    package var earliestDeadline: NIODeadline? { requests.lazy.compactMap(\.deadline).min() }

    /// Adds a request that was just sent.
    package mutating func append(_ request: RedisRequest) {
        requests.append(request)
    }

    /// Takes the next reply.
    package mutating func receive(_ reply: RedisValue) -> Arrival {
        guard let request = requests.first else { return .unexpected }
        if let error = reply.error {
            errors.errors += 1
            if errors.firstError == nil { errors.firstError = error }
        }
        if case .replies = request.receiver {
            if received == 0 { values.reserveCapacity(request.replyCount) }
            values.append(reply)
        }
        received += 1
        guard received == request.replyCount else { return .partial }
        requests.removeFirst()
        defer {
            values = []
            errors = (0, nil)
            received = 0
        }
        return .completed(Completion(request: request, values: values, errors: errors))
    }

    /// Empties the queue and returns what waited.
    package mutating func removeAll() -> [RedisRequest] {
        let abandoned = Array(requests)
        requests = CircularBuffer()
        values = []
        errors = (0, nil)
        received = 0
        return abandoned
    }
}
