/// The names of everything in Redis.
///
/// Keys of a shard share a hash tag, so that a cluster keeps them together.
package struct LiveKeys: Sendable, Hashable {
    /// The shard of the tick log.
    package let shard: Int
    private let prefix: String

    /// Names below `namespace`: other programs on the same Redis use another one.
    package init(shard: Int, namespace: String = "gogotrade") {
        self.shard = shard
        self.prefix = "\(namespace):{s\(shard)}:"
    }

    /// The stream that holds every frame as it was received.
    package var log: String { prefix + "log" }
    /// Which log this is; a log that was lost or exchanged has another identity.
    package var logIdentity: String { prefix + "log-identity" }
    /// The one feed that may write the log.
    package var writerLease: String { prefix + "writer" }
    /// The channel on which each frame is published.
    package var frames: String { prefix + "frames" }

    /// The last price of an instrument; it lives for a second.
    package func price(_ token: UInt32) -> String { "\(prefix)price:\(token)" }
    /// The last packet of an instrument; it lives until the session ends.
    package func quote(_ token: UInt32) -> String { "\(prefix)quote:\(token)" }
}
