package import NIOCore

/// A batch on its way: what is written, how many replies belong to it, and who gets them.
package struct RedisRequest: Sendable {
    /// Who waits, and for what.
    package enum Receiver: Sendable {
        /// All replies in order.
        case replies(RedisWaiter<[RedisValue]>)
        /// Only how many of them are errors.
        case errorCount(RedisWaiter<RedisErrorCount>)
        /// The first error of a log-in, or nil.
        case handshake(EventLoopPromise<RedisServerError?>)
        /// Nobody: all that matters is that there is an answer.
        case nobody
    }

    package let bytes: ByteBuffer
    package let replyCount: Int
    package let deadline: NIODeadline?
    package let receiver: Receiver

    package init(bytes: ByteBuffer, replyCount: Int, deadline: NIODeadline?, receiver: Receiver) {
        self.bytes = bytes
        self.replyCount = replyCount
        self.deadline = deadline
        self.receiver = receiver
    }

    /// Tells whoever waits that there will be no replies.
    package func fail(_ error: RedisError) {
        switch receiver {
        case .replies(let waiter): waiter.deliver(.failure(error))
        case .errorCount(let waiter): waiter.deliver(.failure(error))
        case .handshake(let promise): promise.fail(error)
        case .nobody: break
        }
    }
}

/// How many commands of a batch the server refused.
package typealias RedisErrorCount = (errors: Int, firstError: RedisServerError?)
