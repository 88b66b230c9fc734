import Feeds
import GoGoTradeTestSupport
import LiveMarket
import MarketModel
import NIOCore
import RedisClient
import Testing

@Suite(
    "The log's writer when Redis fails",
    .enabled(if: RedisProcess.isAvailable, "NOT TESTED: no redis-server, see scripts/setup"),
    .timeLimit(.minutes(3))
)
struct LogWriterTests {
    private static func entries(_ numbers: Range<Int>) -> [OutgoingEntry] {
        numbers.map { number in
            OutgoingEntry(
                frame: ByteBuffer(bytes: [0, 0] + Array("\(number)".utf8)),
                time: Timestamp(seconds: Int64(number)),
                receivedAt: Timestamp(seconds: 1000)
            )
        }
    }

    /// The times of all entries, in seconds.
    private static func logged(_ site: FeedSite) async throws -> [Int64] {
        try await site.entries().compactMap { $0.entry.time?.seconds }
    }

    @Test("ids go on behind the log's last, also when the wall clock has gone back")
    func ids() async throws {
        try await RedisProcess.with { redis, site in
            let first = LogWriter(keys: site.keys, log: site.log, cache: site.log, logger: quietLogger)
            try await first.begin()
            try await first.write(Self.entries(0..<5))
            let second = LogWriter(keys: site.keys, log: site.log, cache: site.log, logger: quietLogger)
            try await second.begin()
            let back = Timestamp(seconds: 500)
            try await second.write([OutgoingEntry(frame: nil, time: back, receivedAt: back)])
            try await second.write([])
            let ids = try await site.entries().map(\.id.description)
            #expect(ids == ["1000000-0", "1000000-1", "1000000-2", "1000000-3", "1000000-4", "1000000-5"])
        }
    }

    @Test("what Redis refuses for want of memory is kept, and written when there is some", arguments: [true])
    func refused(isShared: Bool) async throws {
        try await RedisProcess.with { redis, site in
            let cache = isShared ? site.log : redis.makeClient()
            let writer = LogWriter(keys: site.keys, log: site.log, cache: cache, logger: quietLogger)
            try await writer.begin()
            try await writer.write(Self.entries(0..<10))
            try await site.log.command("CONFIG", "SET", "maxmemory", "1")
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await writer.write(Self.entries(10..<500)) }
                try await eventually("a refusal") {
                    let info = try await site.log.command("INFO", "errorstats").string ?? ""
                    return info.contains("errorstat_OOM")
                }
                #expect(try await Self.logged(site) == Array(0..<10))
                try await site.log.command("CONFIG", "SET", "maxmemory", "0")
                try await group.waitForAll()
            }
            #expect(try await Self.logged(site) == Array(0..<500))
            if !isShared { await cache.shutdown() }
        }
    }

    @Test("a server that refuses some commands of a batch and takes those behind tears no hole into the log")
    func holes() async throws {
        try await RedisProcess.with { redis, site in
            let writer = LogWriter(keys: site.keys, log: site.log, cache: site.log, logger: quietLogger)
            try await writer.begin()
            let filler = ByteBuffer(repeating: 7, count: 2000)
            let entries = (0..<8000).map { number in
                let time = Timestamp(seconds: Int64(number))
                return OutgoingEntry(frame: filler, time: time, receivedAt: time)
            }
            let refusing = redis.makeClient()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for start in stride(from: 0, to: entries.count, by: 500) {
                        try await writer.write(Array(entries[start..<start + 500]))
                    }
                }
                // Between the pieces of a batch that the server reads, it changes its mind.
                for _ in 0..<400 {
                    try await refusing.command("CONFIG", "SET", "maxmemory", "1")
                    try await refusing.command("CONFIG", "SET", "maxmemory", "0")
                }
                try await group.waitForAll()
            }
            let info = try await refusing.command("INFO", "errorstats").string ?? ""
            #expect(info.contains("errorstat_"), "nothing was refused: the test shows nothing")
            await refusing.shutdown()
            #expect(try await Self.logged(site) == Array(0..<8000))
        }
    }

    @Test("a crash of Redis and its restart in the middle of a day lose no frame and double none")
    func crash() async throws {
        let expected = playedFrames(after: "09:15:00")
        let end = try #require(expected.last?.exchangeTime)
        try await RedisProcess.with { redis, site in
            try await withExchange(exchangeConfiguration(after: "09:15:00", speed: nil)) { port in
                let feed = try site.feed(port: port)
                try await withFeed(feed) {
                    for count in [1000, 6000] {
                        try await eventually("\(count) entries") { try await site.entriesCount() > count }
                        let written = try await site.entriesCount()
                        #expect(written < expected.count, "the day was written before the crash")
                        redis.crash()
                        try await Task.sleep(for: .milliseconds(150))
                        try await redis.start()
                        try await eventually("Redis") { (try? await site.entriesCount()) != nil }
                    }
                    try await eventually("the day's end") { feed.statistics.marketTime?.seconds == end }
                }
            }
            let entries = try await site.entries()
            let ids = entries.map(\.id)
            #expect(zip(ids, ids.dropFirst()).allSatisfy { $0 < $1 })
            let frames = entries.frames(after: moment("09:15:01").seconds)
            #expect(frames.count == expected.count)
            #expect(frames == expected)
        }
    }
}
