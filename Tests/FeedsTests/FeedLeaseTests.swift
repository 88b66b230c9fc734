import Feeds
import GoGoTradeTestSupport
import LiveMarket
import MarketModel
import NIOCore
import RedisClient
import Testing

@Suite(
    "Who may write the log, and under which time",
    .enabled(if: FeedRedis.isAvailable, FeedRedis.reason),
    .timeLimit(.minutes(2))
)
struct FeedLeaseTests {
    @Test("a second feed on the same log is refused, and may write as soon as the first has ended")
    func lease() async throws {
        try await FeedSite.with { site in
            try await withExchange(exchangeConfiguration(after: "10:00:00", speed: 100)) { port in
                let first = try site.feed(port: port)
                let second = try site.feed(port: port) { $0.leasePatience = .milliseconds(600) }
                try await withFeed(first) {
                    try await eventually("the first feed") { first.statistics.frames > 5 }
                    let error = try await #require(throws: FeedError.self) { try await second.run() }
                    #expect(error.code == .notAlone)
                    #expect(second.statistics.frames == 0)
                }
                let third = try site.feed(port: port) { $0.leasePatience = .zero }
                try await withFeed(third) {
                    try await eventually("the third feed") { third.statistics.frames > 5 }
                }
            }
            let ids = try await site.entries().map(\.id)
            #expect(zip(ids, ids.dropFirst()).allSatisfy { $0 < $1 })
        }
    }

    @Test("a lease is renewed by its holder only, and given back by its holder only")
    func renewal() async throws {
        try await FeedSite.with { site in
            let ours = WriterLease(keys: site.keys, client: site.log)
            let theirs = WriterLease(keys: site.keys, client: site.log)
            #expect(try await ours.renew())
            #expect(try await ours.renew())
            #expect(try await !theirs.renew())
            try await theirs.release()
            #expect(try await !theirs.renew())
            let life = try await site.log.command("PTTL", site.keys.writerLease).integer ?? 0
            #expect((1...10_000).contains(life))
            try await ours.release()
            #expect(try await theirs.renew())
        }
    }

    @Test("with the wall's clock frames stand under the time of receipt, and clock entries come every second")
    func wallClock() async throws {
        try await FeedSite.with { site in
            let begin = WallClock.now()
            try await withExchange(exchangeConfiguration(after: "10:00:00", speed: 20)) { port in
                let feed = try site.feed(port: port, clock: .wall)
                try await withFeed(feed) {
                    try await eventually("two clock entries") {
                        try await site.entries().count { if case .clock = $0.entry { true } else { false } } >= 2
                    }
                }
            }
            let end = WallClock.now()
            let entries = try await site.entries()
            let times = entries.compactMap { $0.entry.time }
            #expect(times.count > 10)
            #expect(times == times.sorted())
            #expect(times.allSatisfy { (begin...end).contains($0) })
            let clocks = entries.compactMap { logged -> Timestamp? in
                guard case .clock(let time) = logged.entry else { return nil }
                return time
            }
            #expect(zip(clocks, clocks.dropFirst()).allSatisfy { $1 - $0 > .milliseconds(900) })
        }
    }

    @Test("a market that plays a past which the log has passed is refused in words")
    func behindTheLog() async throws {
        try await FeedSite.with { site in
            let writer = LogWriter(keys: site.keys, log: site.log, cache: site.cache, logger: quietLogger)
            try await writer.begin()
            try await writer.write([
                OutgoingEntry(frame: nil, time: moment("12:00:00"), receivedAt: WallClock.now())
            ])
            try await withExchange(exchangeConfiguration(after: "10:00:00", speed: 100)) { port in
                let feed = try site.feed(port: port)
                let error = try await #require(throws: FeedError.self) { try await feed.run() }
                #expect(error.code == .behindLog)
            }
            #expect(try await site.entries().frames(after: 0).isEmpty)
        }
    }

    @Test("nothing to watch, or more than one connection carries, is refused before anything starts")
    func validation() async throws {
        try await FeedSite.with { site in
            let nothing = try #require(throws: FeedError.self) { try site.feed(port: 1) { $0.tokens = [] } }
            #expect(nothing.code == .nothingToWatch)
            let tooMany = try #require(throws: FeedError.self) {
                try site.feed(port: 1) { $0.tokens = Array(1...3001) }
            }
            #expect(tooMany.description.contains("3001"))
        }
    }
}
