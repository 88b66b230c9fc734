import KiteProtocol
import MarketModel
import Testing

@Suite("Binary messages")
struct KiteFrameTests {
    @Test(
        "a heartbeat, an empty message and one without packets have no ticks and no fault",
        arguments: [[], [0], [1], [255], [0, 0], [0, 0, 0xDE, 0xAD]] as [[UInt8]]
    )
    func heartbeats(frame: [UInt8]) {
        let (ticks, result) = KiteFrame.decode(frame)
        #expect(ticks.isEmpty)
        #expect(result == KiteDecodeResult())
    }

    @Test("a last-price packet gives token, decimals and a signed price")
    func lastPrice() throws {
        let frame: [UInt8] = [0, 1, 0, 8, 0x03, 0x4F, 0xF9, 0x07, 0xFF, 0xFB, 0x99, 0x70]
        let tick = try #require(KiteFrame.decode(frame).ticks.first)
        #expect(tick.instrumentToken == 55_572_743)
        #expect(tick.lastPrice == -288_400)
        #expect(tick.price(tick.lastPrice) == Price("-2884"))
        #expect(tick.mode == .lastPrice)
        #expect(tick.isTradable)
    }

    @Test("every field of a full packet is read from its own place")
    func fieldsOfFullPacket() throws {
        let frame = TickFixtures.message(packets: [TickFixtures.packet(token: 1, length: 184)])
        let tick = try #require(KiteFrame.decode(frame).ticks.first)
        func at(_ byte: UInt32) -> UInt32 { (0..<4).reduce(0) { $0 << 8 | UInt32((byte + $1) & 0xFF) } }
        #expect(tick.lastPrice == Int32(bitPattern: at(4)))
        #expect(
            tick.trading
                == TradingFigures(
                    lastTradedQuantity: at(8),
                    averagePrice: Int32(bitPattern: at(12)),
                    volume: at(16),
                    totalBuyQuantity: at(20),
                    totalSellQuantity: at(24)
                )
        )
        let prices = [28, 32, 36, 40].map { Int32(bitPattern: at($0)) }
        #expect(tick.day == DayPrices(open: prices[0], high: prices[1], low: prices[2], close: prices[3]))
        #expect(tick.lastTradeTime == at(44))
        #expect(tick.openInterest == OpenInterest(current: at(48), dayHigh: at(52), dayLow: at(56)))
        #expect(tick.exchangeTime == at(60))
        let depth = try #require(tick.depth)
        for level in 0..<5 {
            for (found, start) in [(depth.buy[level], UInt32(64)), (depth.sell[level], 124)] {
                let byte = start + UInt32(level) * 12
                #expect(found.quantity == at(byte))
                #expect(found.price == Int32(bitPattern: at(byte + 4)))
                #expect(found.orders == UInt16(at(byte + 8) >> 16))
            }
        }
    }

    @Test("an index packet has high, low, open, close in this order, and no volume", arguments: [28, 32])
    func fieldsOfIndexPacket(length: Int) throws {
        let frame = TickFixtures.message(packets: [TickFixtures.packet(token: 256_265, length: length)])
        let tick = try #require(KiteFrame.decode(frame).ticks.first)
        #expect(!tick.isTradable)
        #expect(
            tick.day == DayPrices(open: 0x1011_1213, high: 0x0809_0A0B, low: 0x0C0D_0E0F, close: 0x1415_1617)
        )
        #expect(tick.trading == nil)
        #expect(tick.exchangeTime == (length == 32 ? 0x1C1D_1E1F : nil))
        #expect(tick.mode == (length == 32 ? .full : .quote))
    }

    @Test("a time of 0 is no time, in a packet that is full all the same", arguments: [1, 9] as [UInt32])
    func noTime(token: UInt32) throws {
        let packet = TickFixtures.bigEndian(token) + [UInt8](repeating: 0, count: token == 9 ? 28 : 180)
        let tick = try #require(KiteFrame.decode(TickFixtures.message(packets: [packet])).ticks.first)
        #expect(tick.exchangeTime == nil)
        #expect(tick.lastTradeTime == nil)
        #expect(tick.mode == .full)
    }

    @Test("of all lengths only those that the kind of instrument has are packets")
    func knownLengths() {
        for (token, known) in [(UInt32(9), [8, 28, 32]), (1, [8, 44, 184]), (13, [8, 44, 184])] {
            let decoded = (0...300).filter {
                KitePacket.decode(TickFixtures.packet(token: token, length: $0).span.bytes) != nil
            }
            #expect(decoded == known, "token \(token)")
        }
    }

    @Test("packets of unknown length are skipped and counted, and the others decoded")
    func unknownLengths() {
        let packets = [8, 60, 0, 164, 7, 44].map { TickFixtures.packet(token: 1, length: $0) }
        let index = TickFixtures.packet(token: 9, length: 44)
        let (ticks, result) = KiteFrame.decode(TickFixtures.message(packets: packets + [index]))
        #expect(ticks.map(\.mode) == [.lastPrice, .quote])
        #expect(result == KiteDecodeResult(ticks: 2, skippedPackets: 5, fault: nil))
    }

    @Test("bytes behind the last packet are ignored")
    func trailingBytes() {
        let frame = TickFixtures.message(packets: [TickFixtures.packet(token: 1, length: 8)]) + [0, 8, 1, 2]
        #expect(KiteFrame.decode(frame).result == KiteDecodeResult(ticks: 1))
    }

    @Test("a length field that is cut off is a fault beside the ticks before it", arguments: [0, 1])
    func lengthFieldCutOff(bytesLeft: Int) {
        let packet = TickFixtures.packet(token: 1, length: 8)
        let frame = TickFixtures.message(packets: [packet, packet]).prefix(12 + bytesLeft)
        let (ticks, result) = KiteFrame.decode(Array(frame))
        #expect(ticks.count == 1)
        #expect(result.fault == KiteFrameFault(offset: 12 + bytesLeft, packetIndex: 1, reason: .lengthFieldCutOff))
        #expect(result.fault?.description == "packet 2 at byte \(12 + bytesLeft): the length field is cut off")
    }

    @Test("a full packet that is cut to the length of a quote is a fault and no quote")
    func packetCutOff() {
        let frame = TickFixtures.message(packets: [TickFixtures.packet(token: 1, length: 184)]).prefix(48)
        let (ticks, result) = KiteFrame.decode(Array(frame))
        #expect(ticks.isEmpty)
        #expect(result.ticks == 0)
        #expect(
            result.fault?.description == "packet 1 at byte 4: the length field says 184 bytes, 44 are left"
        )
    }

    @Test("token, price and exchange time read on their own are those that decoding gives")
    func singleFields() {
        var random = SplitMix64(seed: 6)
        let message = TickFixtures.message(TickFixtures.ticks(200, using: &random))
        var times = 0
        _ = KiteFrame.forEachPacket(in: message.span.bytes) { packet in
            let tick = KitePacket.decode(packet)
            #expect(KitePacket.token(packet) == tick?.instrumentToken)
            #expect(KitePacket.lastPrice(packet) == tick?.lastPrice)
            #expect(KitePacket.exchangeTime(packet) == tick?.exchangeTime)
            times += tick?.exchangeTime == nil ? 0 : 1
        }
        #expect(times > 30)
    }

    @Test("walking over packets finds each, of known length or not, with its token and price")
    func walking() {
        let lengths = [8, 60, 0, 184, 7]
        let frame = TickFixtures.message(packets: lengths.map { TickFixtures.packet(token: 408_065, length: $0) })
        var found: [Int] = []
        let fault = KiteFrame.forEachPacket(in: frame.span.bytes) { packet in
            found.append(packet.byteCount)
            #expect(KitePacket.token(packet) == (packet.byteCount < 8 ? nil : 408_065))
            #expect(KitePacket.lastPrice(packet) == (packet.byteCount < 8 ? nil : 0x0405_0607))
        }
        #expect(found == lengths)
        #expect(fault == nil)
    }

    @Test("what the body throws ends the walk and comes out with its type")
    func walkingStops() {
        struct Stop: Error {}
        let frame = TickFixtures.message(packets: [[1], [2], [3]])
        var visited = 0
        #expect(throws: Stop.self) {
            _ = try KiteFrame.forEachPacket(in: frame.span.bytes) { (_: RawSpan) throws(Stop) in
                visited += 1
                if visited == 2 { throw Stop() }
            }
        }
        #expect(visited == 2)
    }
}
