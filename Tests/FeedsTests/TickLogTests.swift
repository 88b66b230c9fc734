import GoGoTradeTestSupport
import LiveMarket
import MarketModel
import NIOCore
import RedisClient
import Testing

@Suite("The tick log", .enabled(if: FeedRedis.isAvailable, FeedRedis.reason), .timeLimit(.minutes(1)))
struct TickLogTests {
    @Test("frames and clock entries come back as they were written, and what is neither is told")
    func entries() async throws {
        try await FeedSite.with { site in
            let log = TickLog(keys: site.keys, client: site.log)
            #expect(try await log.last() == nil)
            var batch = RedisCommandBatch()
            let frame = ByteBuffer(bytes: [0, 1, 2, 255, 13, 10])
            let time = Timestamp(microseconds: 1_788_234_300_123_456)
            let first = RedisStreamID(milliseconds: 5, sequence: 0)
            TickLog.append(to: &batch, keys: site.keys, id: first, frame: frame, time: time)
            TickLog.append(to: &batch, keys: site.keys, id: first.next(), frame: nil, time: time + .seconds(1))
            #expect(try await site.log.sendCountingErrors(batch).errors == 0)
            // Times that cannot be, no time at all, and fields of a later version.
            for stamp in ["9223372036854775807", "-9223372036854775808", "253402300800000000", "soon", ""] {
                try await site.log.command("XADD", site.keys.log, "*", "t", stamp, "f", "x")
            }
            try await site.log.command("XADD", site.keys.log, "*", "version", "2")

            let entries = try await site.entries()
            #expect(entries.count == 8)
            #expect(entries.map(\.entry.time) == [time, time + .seconds(1)] + Array(repeating: nil, count: 6))
            guard case .frame(let back, time) = entries[0].entry, case .clock = entries[1].entry else {
                Issue.record("\(entries[0].entry), \(entries[1].entry)")
                return
            }
            #expect(back == frame)
            #expect(entries[0].id == first)
            #expect(entries.dropFirst(2).allSatisfy { if case .unknown = $0.entry { true } else { false } })
            #expect(try await log.last()?.id == entries.last?.id)
            #expect(try await log.count() == 8)
            try await log.trim(before: first.next())
            #expect(try await log.count() == 7)
        }
    }

    @Test("a log has one identity for life, and another one when it is lost")
    func identity() async throws {
        try await FeedSite.with { site in
            let log = TickLog(keys: site.keys, client: site.log)
            let identity = try await log.identity()
            #expect(!identity.isEmpty)
            #expect(try await log.identity() == identity)
            _ = try await site.log.delete([site.keys.logIdentity])
            #expect(try await log.identity() != identity)
        }
    }
}
