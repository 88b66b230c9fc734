import Feeds
import GoGoTradeTestSupport
import KiteProtocol
import LiveMarket
import MarketModel
import NIOCore
import RedisClient
import Testing

@Suite(
    "A feed between a real socket and real Redis",
    .enabled(if: FeedRedis.isAvailable, FeedRedis.reason),
    .timeLimit(.minutes(3))
)
struct FeedTests {
    @Test("the log holds exactly what the market played, in order and under its time", arguments: [true, false])
    func log(isShared: Bool) async throws {
        let expected = playedFrames(after: "15:00:00")
        try #require(expected.count > 1500)
        let end = try #require(expected.last?.exchangeTime)
        try await FeedSite.with(isShared: isShared) { site in
            let published = try await site.cache.subscribe(to: [site.keys.frames], bufferingNewest: 10_000) {
                messages in
                try await withExchange(exchangeConfiguration(after: "15:00:00", speed: nil)) { port in
                    let feed = try site.feed(port: port)
                    try await withFeed(feed) {
                        try await eventually("the day's end") { feed.statistics.marketTime?.seconds == end }
                        #expect(feed.statistics.faults == 0)
                        #expect(feed.statistics.rejectedTimes == 0)
                        #expect(feed.statistics.connections == 1)
                    }
                    #expect(feed.statistics.packets > 5000)
                }
                return try await Self.collect(messages, until: end)
            }
            let entries = try await site.entries()
            let ids = entries.map(\.id)
            #expect(zip(ids, ids.dropFirst()).allSatisfy { $0 < $1 })
            #expect(entries.frames(after: moment("15:00:01").seconds) == expected)
            // Also those before the exchange told the time: never the wall's.
            let times = entries.compactMap { $0.entry.time }
            #expect(times.count == entries.count)
            #expect(times.allSatisfy { (moment("15:00:00")...moment("15:31:00")).contains($0) })
            #expect(times == times.sorted())
            let frames = entries.compactMap { logged -> (Timestamp, ByteBuffer)? in
                guard case .frame(let frame, let time) = logged.entry else { return nil }
                return (time, frame)
            }
            for (time, frame) in frames {
                guard let sent = Packets(Array(frame.readableBytesView)).exchangeTime, sent != time.seconds else {
                    continue
                }
                Issue.record("a message of \(sent) stands under \(time)")
                return
            }
            #expect(published == frames.map { Array($0.1.readableBytesView) })
            try await Self.checkQuotes(site, frames)
        }
    }

    private static func collect(_ messages: RedisSubscription, until end: Int64) async throws -> [[UInt8]] {
        var published: [[UInt8]] = []
        for await message in messages {
            published.append(Array(message.payload.readableBytesView))
            if let last = published.last, Packets(last).exchangeTime == end { break }
        }
        #expect(messages.droppedMessages == 0)
        return published
    }

    /// The last-known quote of each instrument is its last packet, and is kept for an hour.
    private static func checkQuotes(_ site: FeedSite, _ frames: [(Timestamp, ByteBuffer)]) async throws {
        var newest: [UInt32: [UInt8]] = [:]
        for (_, frame) in frames {
            for packet in Packets(Array(frame.readableBytesView)).packets {
                if let token = KitePacket.token(packet.span.bytes) { newest[token] = packet }
            }
        }
        #expect(newest.count == 5)
        for (token, packet) in newest {
            let value = try #require(try await site.cache.get(site.keys.quote(token)))
            #expect(Array(value.readableBytesView.dropFirst(16)) == packet)
            let life = try await site.cache.command("PTTL", site.keys.quote(token)).integer ?? 0
            #expect((3_000_000...3_600_000).contains(life), "\(life)")
        }
        let quotes = try await LivePrices(client: site.cache).quotes(fiveTokens.map { ($0, site.keys) })
        #expect(quotes.compactMap { $0?.tick.instrumentToken } == fiveTokens)
    }

    @Test("live prices are there while the feed runs, for a second at most, and go stale after it")
    func livePrices() async throws {
        try await FeedSite.with { site in
            let prices = LivePrices(client: site.cache)
            let all = fiveTokens.map { (token: $0, keys: site.keys) }
            try await withExchange(exchangeConfiguration(after: "10:00:00", speed: 50)) { port in
                let feed = try site.feed(port: port)
                try await withFeed(feed) {
                    try await eventually("live prices of all instruments") {
                        try await prices.quotes(all).allSatisfy { $0?.isStale == false }
                    }
                    var lives: [Int64] = []
                    while lives.count < 20 {
                        let token = fiveTokens[1]
                        let life = try await site.cache.command("PTTL", site.keys.price(token)).integer ?? -3
                        if life >= 0 { lives.append(life) }
                        let price = try await site.cache.get(site.keys.price(token))
                        if let price { #expect(price.readableBytes == 24) }
                    }
                    #expect(lives.allSatisfy { $0 <= 1000 })
                    let quote = try #require(try await prices.quotes(all)[1])
                    #expect(quote.tick.mode == .full)
                    #expect(quote.marketTime.seconds == Int64(quote.tick.exchangeTime ?? 0))
                    #expect(abs((WallClock.now() - quote.receivedAt).wholeMicroseconds) < 30_000_000)
                }
            }
            try await eventually("stale prices") { try await prices.quotes(all).allSatisfy { $0?.isStale == true } }
        }
    }

    @Test("an exchange that goes away and comes back is followed again")
    func reconnects() async throws {
        try await FeedSite.with { site in
            let first = try SimulatedExchangeTask(exchangeConfiguration(after: "10:00:00", speed: 100))
            let port = try await first.port()
            let feed = try site.feed(port: port)
            try await withFeed(feed) {
                try await eventually("the first exchange") { feed.statistics.frames > 20 }
                try await first.stop()
                try await eventually("the loss of the connection") { !feed.statistics.isConnected }
                let lost = try #require(feed.statistics.marketTime)
                #expect(feed.statistics.lastError != nil)
                try await withExchange(exchangeConfiguration(after: "10:30:00", speed: 100, port: port)) { _ in
                    try await eventually("the second exchange") { feed.statistics.connections == 2 }
                    try await eventually("its ticks") {
                        (feed.statistics.marketTime ?? lost) > moment("10:30:10")
                    }
                    #expect(feed.statistics.lastError == nil)
                }
            }
            let frames = try await site.entries().frames(after: moment("10:30:05").seconds)
            #expect(frames.count > 3)
            // Subscribed again in full mode, all of them.
            #expect(Set(frames.flatMap { $0.packets.map(\.count) }) == [184, 32])
        }
    }
}
