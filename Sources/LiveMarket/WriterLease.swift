internal import NIOCore
package import RedisClient

/// The right to write a shard's log: one feed at a time.
///
/// It lapses by itself when its holder dies.
package struct WriterLease: Sendable {
    /// How long the lease lasts without being renewed.
    package static let lifetime: Duration = .seconds(10)

    private let key: String
    private let holder: String
    private let client: RedisClient

    package init(keys: LiveKeys, client: RedisClient) {
        var generator = SystemRandomNumberGenerator()
        self.key = keys.writerLease
        self.holder = String(generator.next(), radix: 16)
        self.client = client
    }

    /// Takes or renews the lease; false when another feed holds it.
    ///
    /// - Throws: ``RedisError``.
    package func renew() async throws -> Bool {
        // Our own lease can lapse between two of these commands: then the next turn takes it anew.
        for _ in 0..<3 {
            if try await client.set(key, holder, timeToLive: Self.lifetime, onlyIfAbsent: true) { return true }
            guard let current = try await client.get(key) else { continue }
            guard String(buffer: current) == holder else { return false }
            _ = try await client.set(key, holder, timeToLive: Self.lifetime, onlyIfAbsent: false)
            return true
        }
        return false
    }

    /// Gives the lease back, so that the next feed need not wait.
    package func release() async throws {
        guard let current = try await client.get(key), String(buffer: current) == holder else { return }
        _ = try await client.delete([key])
    }
}
