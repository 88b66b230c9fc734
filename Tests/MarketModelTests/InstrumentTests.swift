import Foundation
import MarketModel
import Testing

@Suite("Instruments")
struct InstrumentTests {
    @Test(
        "EXCHANGE:SYMBOL is read in any case",
        arguments: [
            ("NSE:INFY", "NSE", "INFY"), ("nse:infy", "NSE", "INFY"), ("NSE:NIFTY 50", "NSE", "NIFTY 50"),
            ("NSE:M&M", "NSE", "M&M"), ("MCX:CRUDEOIL26SEPFUT", "MCX", "CRUDEOIL26SEPFUT"), ("BSE:A:B", "BSE", "A:B"),
        ]
    )
    func reads(text: String, exchange: String, symbol: String) throws {
        let read = try #require(InstrumentSymbol(text))
        #expect(read == InstrumentSymbol(exchange: exchange, tradingSymbol: symbol))
        #expect(read.description == "\(exchange):\(symbol)")
    }

    @Test("a symbol without exchange or name, or with an overlong part, is refused")
    func refuses() {
        for text in ["", ":", "INFY", "NSE:", ":INFY", "ABCDEFGHIJK:X", "NSE:" + String(repeating: "X", count: 51)] {
            #expect(InstrumentSymbol(text) == nil, "\(text)")
        }
        #expect(InstrumentSymbol("ABCDEFGHIJ:" + String(repeating: "X", count: 50)) != nil)
    }

    @Test("an identity is printed as a UUID in its canonical form")
    func prints() {
        let id = InstrumentID(high: 0x0001_0203_0405_0607, low: 0x0809_0A0B_0C0D_0E0F)
        #expect(id.description == "00010203-0405-0607-0809-0a0b0c0d0e0f")
        #expect(InstrumentID(high: 0, low: 1).description == "00000000-0000-0000-0000-000000000001")
        #expect(InstrumentID(high: .max, low: .max).description == "ffffffff-ffff-ffff-ffff-ffffffffffff")
    }

    @Test("made-up identities are version 4 UUIDs, all different, and Foundation reads them")
    func random() throws {
        var generator = SplitMix64(seed: 3)
        var seen: Set<InstrumentID> = []
        for _ in 0..<1000 {
            let id = InstrumentID.random(using: &generator)
            let text = id.description
            let uuid = try #require(UUID(uuidString: text))
            #expect(uuid.uuidString.lowercased() == text)
            #expect(Array(text)[14] == "4")
            #expect("89ab".contains(Array(text)[19]))
            seen.insert(id)
        }
        #expect(seen.count == 1000)
    }
}
