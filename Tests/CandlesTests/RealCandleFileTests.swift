import Candles
import GoGoTradeTestSupport
import MarketModel
import Testing

@Suite("The real candles of the NIFTY future", .enabled(if: SharedData.isAvailable, "skipped: no shared test data"))
struct RealCandleFileTests {
    private static func read() throws -> (reader: CandleCSVReader, candles: [Candle], lines: [Substring]) {
        let text = try SharedData.text("data/nifty_future_5minute.csv")
        var reader = CandleCSVReader(timeframe: .fiveMinutes, source: .imported)
        let lines = text.split(separator: "\n")
        let candles = try lines.compactMap { try reader.take($0) }
        return (reader, candles, Array(lines.dropFirst()))
    }

    @Test("every figure of every line is the file's, character for character")
    func figures() throws {
        let (reader, candles, lines) = try Self.read()
        #expect(lines.count == 13_716)
        var accepted = lines
        for rejected in reader.rejected.reversed() { accepted.remove(at: rejected.line - 2) }
        #expect(candles.count == accepted.count)
        for (candle, line) in zip(candles, accepted) {
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
        #expect(candles.count == Set(times).count)
        #expect(candles.count == 13_714)
        #expect(reader.duplicates == 0)
        #expect(
            reader.rejected.map(\.description) == [
                "line 5918: a candle of 2023-03-21 09:15:00 IST stands on an earlier line with other figures",
                "line 5919: a candle of 2023-03-21 09:20:00 IST stands on an earlier line with other figures",
            ]
        )
    }
}
