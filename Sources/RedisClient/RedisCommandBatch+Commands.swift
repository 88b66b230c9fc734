package import NIOCore

/// The commands that are sent often, whole.
extension RedisCommandBatch {
    /// Adds `SET key bytes [PX millisecondsToLive]`.
    ///
    /// The time after which the key disappears is at least 1; nil means never.
    package mutating func set(key: String, bytes: ByteBuffer, millisecondsToLive: Int? = nil) {
        command("SET", argumentCount: millisecondsToLive == nil ? 2 : 4)
        append(key)
        append(bytes)
        if let millisecondsToLive {
            appendStatic("PX")
            append(Int64(millisecondsToLive))
        }
    }

    /// Adds `PUBLISH channel bytes`.
    package mutating func publish(channel: String, bytes: ByteBuffer) {
        command("PUBLISH", argumentCount: 2)
        append(channel)
        append(bytes)
    }

    /// Adds `XADD key id field value …`; nothing is trimmed.
    ///
    /// The id must be beyond the stream's last; nil lets the server make one. There is at least one field.
    package mutating func xadd(key: String, id: RedisStreamID?, fields: [(StaticString, ByteBuffer)]) {
        command("XADD", argumentCount: 2 + 2 * fields.count)
        append(key)
        if let id { append(id) } else { appendStatic("*") }
        for (name, value) in fields {
            appendStatic(name)
            append(value)
        }
    }

    /// Adds a command with text arguments.
    package mutating func command(_ name: StaticString, _ arguments: [String]) {
        command(name, argumentCount: arguments.count)
        for argument in arguments { append(argument) }
    }

    /// Adds the log-in of a connection: RESP3, user and password, database.
    package mutating func handshake(_ configuration: RedisConfiguration) {
        command("HELLO", argumentCount: configuration.password == nil ? 1 : 4)
        append(3)
        if let password = configuration.password {
            appendStatic("AUTH")
            append(configuration.username ?? "default")
            append(password.revealed)
        }
        if configuration.database != 0 {
            command("SELECT", argumentCount: 1)
            append(Int64(configuration.database))
        }
    }

    /// Adds a subscription that has one reply.
    ///
    /// With RESP3 the server confirms each channel by a push, and answers SUBSCRIBE itself only when it refuses it. The
    /// PING behind it is what is counted: its reply says that the pushes before it are through, and a refusal stands in
    /// its place.
    package mutating func confirmedSubscribe(to channels: [String]) {
        unansweredCommand("SUBSCRIBE", argumentCount: channels.count)
        for channel in channels { append(channel) }
        command("PING", argumentCount: 0)
    }
}
