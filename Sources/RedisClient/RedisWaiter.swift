internal import Synchronization

/// A value that one task waits for and that anyone may deliver once; later deliveries are dropped.
///
/// A cancelled task stops waiting at once, whoever still means to deliver.
package final class RedisWaiter<Value: Sendable>: Sendable {
    private enum State {
        case open
        case waiting(CheckedContinuation<Result<Value, RedisError>, Never>)
        case delivered(Result<Value, RedisError>)
        case done
    }

    private let state = Mutex(State.open)

    /// Delivers the value or the error, unless that was done before or the task was cancelled.
    package func deliver(_ result: Result<Value, RedisError>) {
        let continuation: CheckedContinuation<Result<Value, RedisError>, Never>? = state.withLock { state in
            switch state {
            case .open:
                state = .delivered(result)
                return nil
            case .waiting(let continuation):
                state = .done
                return continuation
            case .delivered, .done:
                return nil
            }
        }
        continuation?.resume(returning: result)
    }

    /// Waits for the value; to be called once.
    ///
    /// - Throws: ``RedisError`` as delivered; `.cancelled` as soon as the task is cancelled.
    package func value() async throws(RedisError) -> Value {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let delivered: Result<Value, RedisError>? = state.withLock { state in
                    switch state {
                    case .open:
                        state = .waiting(continuation)
                        return nil
                    case .delivered(let result):
                        state = .done
                        return result
                    case .waiting, .done:
                        return .failure(
                            RedisError(code: .invalidArgument, message: "Two tasks wait for one reply of Redis")
                        )
                    }
                }
                if let delivered { continuation.resume(returning: delivered) }
            }
        } onCancel: {
            deliver(.failure(.cancelled))
        }
        return try result.get()
    }
}
