package import NIOCore

/// A message published on a channel.
package struct RedisMessage: Sendable, Equatable {
    /// The channel it was published on.
    package let channel: String
    /// What was published.
    package let payload: ByteBuffer

    /// Makes a message.
    package init(channel: String, payload: ByteBuffer) {
        self.channel = channel
        self.payload = payload
    }

    /// Reads a push, or returns nil for one that is no published message.
    package init?(push elements: [RedisValue]) {
        guard elements.count == 3, elements[0].string == "message",
            let channel = elements[1].string, let payload = elements[2].bytes
        else { return nil }
        self.init(channel: channel, payload: payload)
    }
}
