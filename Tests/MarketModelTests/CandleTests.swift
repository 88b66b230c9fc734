import MarketModel
import Testing

@Suite("Candles as values")
struct CandleTests {
    private static func candle(
        _ open: Int64,
        _ high: Int64,
        _ low: Int64,
        _ close: Int64,
        volume: Int64 = 1,
        openInterest: Int64? = nil,
        trades: Int32? = nil
    ) -> Candle {
        Candle(
            start: Timestamp(seconds: 60),
            open: Price(scaled: open),
            high: Price(scaled: high),
            low: Price(scaled: low),
            close: Price(scaled: close),
            volume: volume,
            openInterest: openInterest,
            tradesCount: trades,
            source: .tick
        )
    }

    @Test("a candle that can be true has no fault")
    func faultless() {
        #expect(Self.candle(2, 4, 1, 3).fault == nil)
        #expect(Self.candle(1, 1, 1, 1, volume: 0).fault == nil)
        #expect(Self.candle(-2, -1, -4, -3).fault == nil)
        #expect(Self.candle(0, 0, 0, 0, volume: .max, openInterest: 0, trades: 0).fault == nil)
        let edge = Price.storable.upperBound.scaled
        #expect(Self.candle(edge, edge, -edge, 0).fault == nil)
    }

    @Test("every rule of the store is checked, and the reason names what breaks it")
    func faults() throws {
        let edge = Price.storable.upperBound.scaled
        let broken: [(Candle, String)] = [
            (Self.candle(2, 1, 3, 2), "low 0.0003 is above high 0.0001"),
            (Self.candle(5, 4, 1, 3), "open 0.0005 is outside"), (Self.candle(0, 4, 1, 3), "open 0 is outside"),
            (Self.candle(2, 4, 1, 5), "close 0.0005 is outside"), (Self.candle(2, 4, 1, 0), "close 0 is outside"),
            (Self.candle(2, 4, 1, 3, volume: -1), "volume -1"),
            (Self.candle(2, 4, 1, 3, openInterest: -1), "open interest -1"),
            (Self.candle(2, 4, 1, 3, trades: -1), "number of trades -1"),
            (Self.candle(2, edge + 1, 1, 3), "beyond 99,999,999.9999"),
            (Self.candle(2, 3, -edge - 1, 3), "beyond 99,999,999.9999"),
        ]
        for (candle, reason) in broken {
            let fault = try #require(candle.fault, "\(candle)")
            #expect(fault.contains(reason), "\(fault)")
        }
    }

    @Test("flags have their names in a fixed order")
    func flags() {
        #expect(CandleFlags([.gap, .partial]).names == ["partial", "gap"])
        #expect(CandleFlags([.gap, .partial, .revised]).names == ["partial", "revised", "gap"])
        #expect(CandleFlags().names.isEmpty)
        #expect(CandleFlags([.partial, .revised, .gap]).rawValue == 7)
    }

    @Test("sources are ranked: tick, roll-up, import, broker, bhavcopy")
    func ranks() {
        #expect(CandleSource.allCases.sorted() == [.tick, .rollup, .imported, .broker, .bhavcopy])
        #expect(CandleSource.allCases.map(\.rawValue) == ["tick", "rollup", "import", "broker", "bhavcopy"])
    }

    @Test("a candle is a line of CSV with exact numbers")
    func csv() {
        var candle = Self.candle(186_312_000, 186_509_000, 186_081_500, 186_126_500, volume: 474_850)
        var bytes = Array(CandleCSV.header.utf8)
        CandleCSV.append(candle, to: &bytes)
        candle.openInterest = 11_202_950
        candle.flags = [.partial, .gap]
        CandleCSV.append(candle, to: &bytes)
        #expect(
            String(decoding: bytes, as: UTF8.self) == """
                start,open,high,low,close,volume,open_interest,source,flags
                1970-01-01T00:01:00.000000Z,18631.2,18650.9,18608.15,18612.65,474850,,tick,
                1970-01-01T00:01:00.000000Z,18631.2,18650.9,18608.15,18612.65,474850,11202950,tick,partial|gap

                """
        )
    }

    @Test("timeframes have the lengths that their names say")
    func timeframes() {
        #expect(Timeframe.allCases.map(\.duration) == [60, 300, 900, 3600, 86_400].map { .seconds($0) })
        #expect(Timeframe.names == "1m, 5m, 15m, 1h, 1d")
        #expect(Timeframe(rawValue: "5m") == .fiveMinutes)
    }
}
