import Candles
import GoGoTradeTestSupport
import MarketModel
import Testing

@Suite("The real candles of the NIFTY future", .enabled(if: SharedData.isAvailable, "skipped: no shared test data"))
struct RealCandleFileTests {
    private static func read() throws -> (reader: CandleCSVReader, candles: [Candle], lines: [Substring]) {
        let text = try SharedData.text("data/nifty_future_5minute.csv")
        var reader = CandleCSVReader(timeframe: .fiveMinutes, source: .imported)
        let lines = text.split(whereSeparator: \.isNewline)
        let candles = try lines.compactMap { try reader.take($0) }
        return (reader, candles, Array(lines.dropFirst()))
    }

    @Test("every figure of every line is the file's, character for character")
    func figures() throws {
        let (reader, candles, lines) = try Self.read()
        #expect(lines.count == 13_716)
        #expect(reader.rejected.isEmpty)
        #expect(candles.count == lines.count)
        for (candle, line) in zip(candles, lines) {
            let interest = try #require(candle.openInterest)
            let time = IndiaTime.text(candle.start).replacing(" ", with: "T") + "+0530"
            let prices = [candle.open, candle.high, candle.low, candle.close].map(\.description)
            let written = ([time] + prices + ["\(candle.volume)", "\(interest)"]).joined(separator: ",")
            guard written == line else {
                Issue.record("read \(written) from \(line)")
                return
            }
        }
    }

    @Test("the two candles of 2023-03-21 that the file holds twice with other figures are told, nothing else")
    func conflicts() throws {
        let (reader, candles, lines) = try Self.read()
        let times = lines.map { $0.prefix { $0 != "," } }
        #expect(Set(candles.map(\.start)).count == Set(times).count)
        #expect(Set(times).count == 13_714)
        #expect(reader.duplicates == 2)
        #expect(
            reader.replacements.map(\.description) == [
                "line 5918: 2023-03-21 09:15:00 IST stands on line 5916 with other figures; this line counts",
                "line 5919: 2023-03-21 09:20:00 IST stands on line 5917 with other figures; this line counts",
            ]
        )
    }
}
