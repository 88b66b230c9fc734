import Foundation
import KiteProtocol
import MarketModel
import Testing

@Suite("Damaged binary messages")
struct KiteDamagedFrameTests {
    @Test("a message cut off anywhere gives the ticks before the cut and a fault", arguments: 1...30)
    func everyTruncation(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let ticks = TickFixtures.ticks(Int.random(in: 1...8, using: &random), using: &random)
        let message = TickFixtures.message(ticks)
        let facts = ticks.facts
        var ends: [Int] = []
        var end = 2
        _ = KiteFrame.forEachPacket(in: message.span.bytes) { packet in
            end += 2 + packet.byteCount
            ends.append(end)
        }
        #expect(ends.count == ticks.count)
        #expect(ends.last == message.count)
        for length in 0..<message.count {
            let (decoded, result) = KiteFrame.decode(Array(message.prefix(length)))
            let whole = ends.count { $0 <= length }
            #expect(decoded.facts == Array(facts.prefix(whole)), "cut to \(length) bytes")
            #expect(result.ticks == whole)
            #expect(result.skippedPackets == 0)
            // 0 and 1 byte are a heartbeat.
            #expect(result.fault?.packetIndex == (length < 2 ? nil : whole), "cut to \(length) bytes")
        }
    }

    @Test("10,000 random changes a seed never trap, nor give more packets than counted", arguments: 1...10)
    func randomMutations(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let messages = (0..<20).map { _ in
            TickFixtures.message(TickFixtures.ticks(Int.random(in: 0...6, using: &random), using: &random))
        }
        var faults = 0
        var skipped = 0
        var ticks = 0
        for round in 0..<10_000 {
            var frame = messages[round % messages.count]
            for _ in 0..<Int.random(in: 1...4, using: &random) { mutate(&frame, using: &random) }
            var delivered = 0
            let result = KiteFrame.decode(frame.span.bytes) { _ in delivered += 1 }
            let count = frame.count < 2 ? 0 : Int(frame[0]) << 8 | Int(frame[1])
            try #require(result.ticks == delivered)
            try #require(result.ticks + result.skippedPackets <= count)
            try #require((result.fault == nil) == (result.ticks + result.skippedPackets == count))
            faults += result.fault == nil ? 0 : 1
            skipped += result.skippedPackets
            ticks += result.ticks
            if round.isMultiple(of: 100) {
                let hex = frame.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
                let line = try JSON(KiteTickJSON.line(forHex: hex))
                try #require(line["ticks"]?.elements?.count == delivered)
            }
        }
        // Otherwise the changes would not reach what they are meant to reach.
        #expect(faults > 1000)
        #expect(skipped > 500)
        #expect(ticks > 10_000)
    }

    private func mutate(_ frame: inout [UInt8], using random: inout SplitMix64) {
        guard !frame.isEmpty else { return frame.append(.random(in: 0...255, using: &random)) }
        let index = Int.random(in: 0..<frame.count, using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: frame[index] = .random(in: 0...255, using: &random)
        case 1: frame[index] ^= 1 << Int.random(in: 0..<8, using: &random)
        case 2: frame.remove(at: index)
        case 3: frame.insert(.random(in: 0...255, using: &random), at: index)
        case 4: frame.removeLast(min(frame.count, .random(in: 1...50, using: &random)))
        default: frame[min(1 + (index & 3), frame.count - 1)] = .random(in: 0...255, using: &random)
        }
    }
}
