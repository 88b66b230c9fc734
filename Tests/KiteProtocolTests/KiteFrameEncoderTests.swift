import KiteProtocol
import MarketModel
import Testing

@Suite("Writing binary messages")
struct KiteFrameEncoderTests {
    @Test("decoding gives back every tick that was encoded, in every mode and segment", arguments: TickMode.allCases)
    func roundTrip(mode: TickMode) {
        var random = SplitMix64(seed: 20_260_901)
        for segment in TickFixtures.segments {
            let ticks = (0..<50).map { _ in TickFixtures.tick(mode, segment: segment, using: &random) }
            let (decoded, result) = KiteFrame.decode(TickFixtures.message(ticks))
            #expect(result == KiteDecodeResult(ticks: 50))
            #expect(decoded.facts == ticks.facts, "segment \(segment)")
            #expect(decoded.allSatisfy { $0.mode == mode })
        }
    }

    @Test("decoding gives back mixed messages, and encoding them again gives the same bytes", arguments: 1...20)
    func mixedRoundTrip(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let ticks = TickFixtures.ticks(Int.random(in: 1...40, using: &random), using: &random)
        let message = TickFixtures.message(ticks)
        let (decoded, _) = KiteFrame.decode(message)
        #expect(decoded.facts == ticks.facts)
        #expect(TickFixtures.message(decoded) == message)
    }

    @Test("finishing and resetting start an empty message")
    func startsAgain() {
        var random = SplitMix64(seed: 3)
        let ticks = TickFixtures.ticks(3, using: &random)
        var encoder = KiteFrameEncoder()
        #expect(encoder.finish() == [0, 0])
        for tick in ticks { encoder.append(tick) }
        #expect(encoder.packetCount == 3)
        #expect(KiteFrame.decode(encoder.finish()).ticks.facts == ticks.facts)
        #expect(encoder.packetCount == 0)
        encoder.append(ticks[0])
        encoder.reset()
        #expect(encoder.packetCount == 0)
        encoder.append(ticks[1])
        #expect(KiteFrame.decode(encoder.finish()).ticks.facts == [TickFacts(ticks[1])])
    }

    @Test("a message takes 65,535 packets and refuses the next one")
    func fullMessage() {
        let tick = Tick(instrumentToken: 408_065, priceDecimals: 2, isTradable: true, lastPrice: 1)
        var encoder = KiteFrameEncoder()
        for _ in 0..<65_535 { encoder.append(tick) }
        let refused = !encoder.append(tick)
        #expect(refused)
        #expect(encoder.packetCount == 65_535)
        let message = encoder.finish()
        #expect(message.count == 2 + 65_535 * 10)
        #expect(KiteFrame.decode(message).result == KiteDecodeResult(ticks: 65_535))
        let accepted = encoder.append(tick)
        #expect(accepted)
    }

    @Test("the token decides between the packets of an index and all others, whatever the tick claims")
    func tokenDecides() throws {
        var random = SplitMix64(seed: 4)
        var tick = TickFixtures.tick(.full, segment: 1, using: &random)
        tick.instrumentToken = 256_265
        let decoded = try #require(KiteFrame.decode(TickFixtures.message([tick])).ticks.first)
        #expect(!decoded.isTradable)
        #expect(decoded.day == tick.day)
        #expect(decoded.exchangeTime == tick.exchangeTime)
    }

    @Test(
        "bytes 24 to 28 of an index packet are the change in 1/100 %, rounded half away from zero",
        arguments: [
            (99_640, 100_000, -36), (100_360, 100_000, 36), (100_005, 100_000, 1), (99_995, 100_000, -1),
            (100_004, 100_000, 0), (0, 100_000, -10_000), (5, 0, 0), (-150, -100, 5000), (.max, 1, .max),
            (.min, 1, .min), (.max, .min, -20_000),
        ] as [(Int32, Int32, Int32)]
    )
    func indexChange(last: Int32, close: Int32, expected: Int32) {
        var tick = Tick(instrumentToken: 256_265, priceDecimals: 2, isTradable: false, lastPrice: last)
        tick.day = DayPrices(open: 1, high: 2, low: 3, close: close)
        #expect(Array(TickFixtures.message([tick])[28..<32]) == TickFixtures.bigEndian(expected))
    }
}
