import GoGoTradeTestSupport
import PostgresClient
import Synchronization
import Testing

@Suite("The pool of connections", .timeLimit(.minutes(5)))
struct PostgresPoolTests {
    /// Holds a connection until it is told to give it back.
    private struct Holder {
        private let task: Task<Void, any Error>
        private let hold = Hold()

        private final class Hold: Sendable {
            let isOver = Mutex(false)
        }

        init(_ pool: PostgresPool) async {
            let isInside = AsyncStream<Void>.makeStream()
            task = Task { [hold] in
                try await pool.withConnection { session in
                    isInside.continuation.finish()
                    while !hold.isOver.withLock({ $0 }) { try session.execute("SELECT pg_sleep(0.002)") }
                }
            }
            for await _ in isInside.stream {}
        }

        func release() async throws {
            hold.isOver.withLock { $0 = true }
            try await task.value
        }
    }

    @Test("many more tasks than connections: all are served, and the server never sees more than size and overflow")
    func manyTasks() async throws {
        let pool = try await TestServer.pool(size: 2, overflow: 3)
        let database = try #require(pool.configuration.database)
        let observer = try await TestServer.observer(of: pool.configuration)
        defer { observer.close() }
        let sessions = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1::text"
        let (served, most) = try await withThrowingTaskGroup(of: Int64.self) { group in
            for number in 0..<200 {
                group.addTask {
                    try await pool.query("SELECT $1::int8 FROM pg_sleep(0.002)", Int64(number)).value(0, 0)
                }
            }
            async let most = {
                var most: Int64 = 0
                while pool.statistics.busy > 0 || most == 0 {
                    most = max(most, try await observer.query(sessions, database).value(0, 0))
                }
                return most
            }()
            let served = try await group.reduce(into: Set<Int64>()) { $0.insert($1) }
            return (served, try await most)
        }
        #expect(served == Set(0..<200))
        #expect((1...5).contains(most), "the server saw \(most) sessions")
        #expect(pool.statistics.busy == 0)
        #expect(pool.statistics.waiting == 0)
        #expect((1...2).contains(pool.statistics.idle))
        let isAtRest = try await TestServer.eventually {
            try await observer.query(sessions, database).value(0, 0, as: Int64.self) <= 2
        }
        #expect(isAtRest, "the overflow is closed")
    }

    @Test("a connection is used again, not opened anew")
    func reuse() async throws {
        let pool = try await TestServer.pool()
        var backends: Set<Int32> = []
        for _ in 0..<20 { backends.insert(try await pool.query("SELECT pg_backend_pid()").value(0, 0)) }
        #expect(backends.count == 1)
    }

    @Test("whoever waits too long is told which settings bound the pool")
    func timeout() async throws {
        let pool = try await TestServer.pool {
            $0.size = 1
            $0.maximumOverflow = 0
            $0.timeout = .milliseconds(50)
        }
        let holder = await Holder(pool)
        let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
        #expect(error?.code == .poolTimeout)
        #expect(error?.isRetryable == true)
        #expect(error?.message.contains("DATABASE_POOL_SIZE") == true)
        #expect(pool.statistics.waiting == 0)
        try await holder.release()
        #expect(try await pool.query("SELECT 7::int4").value(0, 0, as: Int32.self) == 7)
    }

    @Test("a cancelled waiter leaves its place in the queue to the next")
    func cancelledWaiter() async throws {
        let pool = try await TestServer.pool(size: 1, overflow: 0)
        let holder = await Holder(pool)
        let first = Task { try await pool.query("SELECT 1::int4").value(0, 0, as: Int32.self) }
        #expect(try await TestServer.eventually { pool.statistics.waiting == 1 })
        let second = Task { try await pool.query("SELECT 2::int4").value(0, 0, as: Int32.self) }
        #expect(try await TestServer.eventually { pool.statistics.waiting == 2 })
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        #expect(pool.statistics.waiting == 1)
        try await holder.release()
        #expect(try await second.value == 2)
        #expect(pool.statistics.busy == 0)
        #expect(pool.statistics.idle == 1)
    }

    @Test("two hundred waiters, half of them cancelled at random: nothing is lost")
    func randomWaiters() async throws {
        let pool = try await TestServer.pool(size: 2, overflow: 1)
        let served = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let task = Task { try await pool.execute("SELECT pg_sleep(0.001)") }
                    if number.isMultiple(of: 2) {
                        var numbers = SeededNumbers(seed: UInt64(number))
                        try? await Task.sleep(for: .microseconds(Int64.random(in: 0...100_000, using: &numbers)))
                        task.cancel()
                        _ = await task.result
                        return true
                    }
                    return (try? await task.value) != nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(served == 200)
        #expect(pool.statistics.busy == 0)
        #expect(pool.statistics.waiting == 0)
        #expect((1...2).contains(pool.statistics.idle))
    }

    @Test("a connection that is older than the limit is replaced")
    func recycling() async throws {
        let pool = try await TestServer.pool { $0.recycleAfter = .nanoseconds(1) }
        let first: Int32 = try await pool.query("SELECT pg_backend_pid()").value(0, 0)
        #expect(try await pool.query("SELECT pg_backend_pid()").value(0, 0, as: Int32.self) != first)
        #expect(pool.statistics.idle == 0)
    }

    @Test("a shutdown fails who waits, lets the running work end, and closes every session")
    func shutdown() async throws {
        let pool = try await TestServer.pool(size: 1, overflow: 0)
        let holder = await Holder(pool)
        let waiting = Task { try await pool.query("SELECT 1") }
        #expect(try await TestServer.eventually { pool.statistics.waiting == 1 })
        pool.shutDown()
        let error = await #expect(throws: PostgresError.self) { try await waiting.value }
        #expect(error?.code == .closed)
        try await holder.release()
        let late = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
        #expect(late?.code == .closed)
        let observer = try await TestServer.observer(of: pool.configuration)
        defer { observer.close() }
        let database = try #require(pool.configuration.database)
        let isEmpty = try await TestServer.eventually {
            try await observer.query("SELECT 1 FROM pg_stat_activity WHERE datname = $1::text", database).count == 0
        }
        #expect(isEmpty)
    }

    @Test("a pool that nobody holds any more closes its sessions")
    func dropped() async throws {
        let configuration = try await TestServer.database()
        var pool: PostgresPool? = try await TestServer.pool(configuration)
        try await pool?.execute("SELECT 1")
        pool = nil
        let observer = try await TestServer.observer(of: configuration)
        defer { observer.close() }
        let database = try #require(configuration.database)
        let isEmpty = try await TestServer.eventually {
            try await observer.query("SELECT 1 FROM pg_stat_activity WHERE datname = $1::text", database).count == 0
        }
        #expect(isEmpty)
    }

    @Test("settings out of range are refused together")
    func validation() throws {
        var settings = PostgresPoolConfiguration()
        settings.size = 0
        settings.maximumOverflow = -1
        settings.timeout = .zero
        settings.recycleAfter = .seconds(-1)
        let configuration = PostgresConfiguration(host: "/tmp", database: "d", user: "u")
        let error = #expect(throws: PostgresError.self) {
            try PostgresPool(configuration, settings: settings, logger: TestEngines.logger)
        }
        #expect(error?.code == .invalidConfiguration)
        for name in ["POOL_SIZE", "MAX_OVERFLOW", "POOL_TIMEOUT", "POOL_RECYCLE"] {
            #expect(error?.message.contains("DATABASE_\(name)") == true)
        }
    }
}
