internal import NIOCore
package import Synchronization

/// The messages published on some channels, in the order in which they came.
///
/// At most so many messages as the subscription was made for are kept for a slow reader; the newest stay, and
/// ``droppedMessages`` counts the others. One task reads at a time.
package struct RedisSubscription: AsyncSequence, Sendable {
    /// What a subscription yields.
    package typealias Element = RedisMessage
    /// A subscription just ends; ``RedisClient/subscribe(to:bufferingNewest:_:)`` then throws why.
    package typealias Failure = Never

    package let inbox: RedisMessageInbox

    /// How many messages were lost because the reader was too slow.
    package var droppedMessages: Int { inbox.dropped.load(ordering: .relaxed) }

    /// How often the connection broke and was remade; what was published in between never came.
    package var reconnections: Int { inbox.reconnections.load(ordering: .relaxed) }

    /// Begins to read.
    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(base: inbox.messages.makeAsyncIterator())
    }

    /// Reads one message after the other.
    package struct AsyncIterator: AsyncIteratorProtocol {
        package var base: AsyncStream<RedisMessage>.AsyncIterator

        /// Returns the next message; nil once the subscription ended or the task is cancelled.
        package mutating func next(isolation actor: isolated (any Actor)?) async -> RedisMessage? {
            await base.next(isolation: actor)
        }
    }
}

/// Where the connections of a subscription put their messages.
package final class RedisMessageInbox: Sendable {
    package let messages: AsyncStream<RedisMessage>
    package let dropped = Atomic<Int>(0)
    package let reconnections = Atomic<Int>(0)
    private let continuation: AsyncStream<RedisMessage>.Continuation

    package init(bufferingNewest limit: Int) {
        (messages, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(limit))
    }

    /// Adds a message, in place of the oldest if there are too many.
    package func add(_ message: RedisMessage) {
        if case .dropped = continuation.yield(message.copiedIfSmall()) { dropped.add(1, ordering: .relaxed) }
    }

    /// Ends the sequence.
    package func finish() {
        continuation.finish()
    }
}

extension RedisMessage {
    /// A message that may be kept for long and does not keep a far larger receive buffer alive.
    fileprivate func copiedIfSmall() -> RedisMessage {
        guard payload.storageCapacity > max(1024, 4 * payload.readableBytes) else { return self }
        return RedisMessage(channel: channel, payload: ByteBuffer(bytes: payload.readableBytesView))
    }
}
