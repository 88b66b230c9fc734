import RedisClient
import Testing

@Suite("Stream ids")
struct RedisStreamIDTests {
    @Test("an id is read back from its text", arguments: ["0-0", "1-2", "1735689600000-18446744073709551615"])
    func roundTrip(text: String) throws {
        #expect(try #require(RedisStreamID(text)).description == text)
    }

    @Test(
        "anything else is no id",
        arguments: [
            "", "-", "1", "1-", "-1", "1--1", "1-2-3", "+1-1", "1-+1", " 1-1", "1-1 ", "18446744073709551616-0", "a-1",
        ]
    )
    func refuses(text: String) {
        #expect(RedisStreamID(text) == nil)
    }

    @Test("ids are ordered by time, then by number; next is the smallest beyond")
    func order() {
        let ids = [(0, 0), (0, 1), (0, .max), (1, 0), (2, 0), (.max, .max)].map {
            RedisStreamID(milliseconds: $0.0, sequence: $0.1)
        }
        #expect(ids.reversed().sorted() == ids)
        #expect(ids[0] == .zero)
        #expect(ids[0].next() == ids[1])
        #expect(ids[2].next() == ids[3])
        #expect(ids[5].next() == ids[5])
    }
}
