import Candles
import MarketModel
import Testing

@Suite("Candle files")
struct CandleCSVReaderTests {
    private struct Outcome {
        var candles: [Candle] = []
        var rejected: [String] = []
        var replacements: [String] = []
        var duplicates = 0
    }

    private static func read(
        _ lines: [String],
        timeframe: Timeframe = .fiveMinutes
    ) throws(CandleFileError) -> Outcome {
        var reader = CandleCSVReader(timeframe: timeframe, source: .imported)
        var outcome = Outcome()
        for line in lines {
            if let candle = try reader.take(line[...]) { outcome.candles.append(candle) }
        }
        outcome.rejected = reader.rejected.map(\.description)
        outcome.replacements = reader.replacements.map(\.description)
        outcome.duplicates = reader.duplicates
        return outcome
    }

    private static let header = "timestamp,open,high,low,close,volume,oi"
    private static let good = "2026-09-01T09:15:00+0530,18631.2,18650.9,18608.15,18612.65,474850,11202950"
    private static let candle = Candle(
        start: Timestamp(seconds: at("09:15:00")),
        open: Price(scaled: 186_312_000),
        high: Price(scaled: 186_509_000),
        low: Price(scaled: 186_081_500),
        close: Price(scaled: 186_126_500),
        volume: 474_850,
        openInterest: 11_202_950,
        source: .imported
    )

    @Test(
        "columns are found by their names, in any order and case, quoted or not",
        arguments: [
            [header, good], ["DateTime,Open,High,Low,Close,Volume,Open_Interest", good], ["\u{FEFF}" + header, good],
            [header + "\r", good + "\r"], [header, good, "", "   ", "\r"],
            [
                "volume,oi,close,low,high,open,date",
                "474850,11202950,18612.65,18608.15,18650.9,18631.2,2026-09-01 09:15:00",
            ],
            [
                "\"time\", \"open\" ,high,low,close,volume,OpenInterest",
                "\"2026-09-01T03:45:00Z\", \"18631.2\" ,18650.9, 18608.15 ,18612.65,\"474850\",\"11202950\"",
            ],
            [
                "name,start,open,high,low,close,volume,oi,note",
                "\"A, B and \"\"C\"\"\",2026-09-01 09:15,18631.20,18650.9000,18608.15,18612.65,474850.0,11202950,\"\"",
            ],
            [header, good + ",,"],
        ]
    )
    func headers(lines: [String]) throws {
        let outcome = try Self.read(lines)
        #expect(outcome.candles == [Self.candle])
        #expect(outcome.rejected.isEmpty)
        #expect(outcome.duplicates == 0)
    }

    @Test("open interest may be missing, as a column or in a line")
    func withoutOpenInterest() throws {
        let column = try Self.read(["date,open,high,low,close,volume", "2026-09-01 09:15,1,1,1,1,0"])
        #expect(column.candles.map(\.openInterest) == [nil])
        let field = try Self.read([Self.header, "2026-09-01 09:15,1,1,1,1,0,"])
        #expect(field.candles.map(\.openInterest) == [nil])
    }

    @Test("a header without a needed column is refused, and the missing ones are named")
    func missingColumns() throws {
        let error = try #require(throws: CandleFileError.self) {
            try Self.read(["date,open,high,close,oi", Self.good])
        }
        #expect(error.description.hasPrefix("line 1: "))
        #expect(error.description.hasSuffix("missing: low, volume"))
        #expect(throws: CandleFileError.self) { try Self.read([""]) }
        #expect(throws: CandleFileError.self) { try Self.read([Self.good]) }
        #expect(throws: CandleFileError.self) { try Self.read(["\"date,open,high,low,close,volume"]) }
        #expect(try Self.read([]).candles.isEmpty)
        #expect(try Self.read([Self.header]).candles.isEmpty)
    }

    @Test(
        "a line that breaks a rule is named with the reason, and the lines around it are taken",
        arguments: [
            ("2026-09-01T25:20:00+0530,1,1,1,1,0,", "is no time"), ("soon,1,1,1,1,0,", "'soon' is no time"),
            ("2026-09-01T09:20:00+0530,1e3,1,1,1,0,", "open '1e3' is no price"),
            ("2026-09-01T09:20:00+0530,1,1.00001,1,1,0,", "high '1.00001' is no price"),
            ("2026-09-01T09:20:00+0530,1,1,,1,0,", "low '' is no price"),
            ("2026-09-01T09:20:00+0530,1,1,1,x,0,", "close 'x' is no price"),
            ("2026-09-01T09:20:00+0530,1,1,1,1,1.5,", "volume '1.5' is no whole number"),
            ("2026-09-01T09:20:00+0530,1,1,1,1,99999999999999999999,", "is no whole number"),
            ("2026-09-01T09:20:00+0530,1,1,1,1,0,many", "open interest 'many'"),
            ("2026-09-01T09:20:00+0530,1,1,1,1,-1,", "volume -1 is negative"),
            ("2026-09-01T09:20:00+0530,3,2,1,1,0,", "open 3 is outside"),
            ("2026-09-01T09:20:00+0530,1,1,2,1,0,", "low 2 is above high 1"),
            ("2026-09-01T09:20:00+0530,100000000,100000000,1,1,0,", "beyond 99,999,999.9999"),
            ("2026-09-01T09:20:30+0530,1,1,1,1,0,", "2026-09-01 09:20:30 IST is no start of a 5m candle"),
            ("2026-09-01T09:21:00+0530,1,1,1,1,0,", "is no start of a 5m candle"),
            ("2026-09-01T09:20:00+0530,1,1,1,1", "has 5 fields, the header names 7"),
            ("2026-09-01T09:20:00+0530,1,1,1,1,1,000,5", "has 8 fields, the header names 7"),
            ("\"2026-09-01T09:20:00+0530,1,1,1,1,0,", "quotation mark"),
            ("2026-09-01T09:20:00+0530,1,1\"1\",1,1,0,", "quotation mark"),
            ("2026-09-01T09:20:00+0530,\"1\"1,1,1,1,0,", "quotation mark"),
        ]
    )
    func badLine(line: String, reason: String) throws {
        let outcome = try Self.read([
            Self.header, Self.good, line, "2026-09-01T09:25:00+0530,1,1,1,1,0,",
        ])
        #expect(outcome.candles.count == 2)
        #expect(outcome.rejected.count == 1)
        let rejected = try #require(outcome.rejected.first)
        #expect(rejected.hasPrefix("line 3: "))
        #expect(rejected.contains(reason), "\(rejected)")
    }

    @Test("a line that says the same again is left out, one with other figures takes its place")
    func duplicates() throws {
        let other = Self.good.replacing("474850", with: "474851")
        let sameElsewhere = Self.good.replacing("T09:15:00+0530", with: "T03:45:00Z").replacing(
            "18631.2",
            with: "18631.20"
        )
        let outcome = try Self.read([Self.header, Self.good, Self.good, other, sameElsewhere])
        #expect(outcome.candles.map(\.volume) == [474_850, 474_851, 474_850])
        #expect(outcome.candles.last == Self.candle)
        #expect(outcome.duplicates == 3)
        #expect(outcome.rejected.isEmpty)
        let told = "2026-09-01 09:15:00 IST stands on line"
        #expect(
            outcome.replacements == [
                "line 4: \(told) 3 with other figures; this line counts",
                "line 5: \(told) 4 with other figures; this line counts",
            ]
        )
    }

    @Test(
        "each timeframe has its grid",
        arguments: [
            (Timeframe.oneMinute, "09:16:00", "09:16:30"), (.fiveMinutes, "09:20:00", "09:19:00"),
            (.fifteenMinutes, "09:30:00", "09:20:00"), (.oneHour, "09:15:00", "09:20:00"),
            (.oneHour, "09:00:00", "09:01:00"), (.oneDay, "00:00:00", "09:15:00"),
        ]
    )
    func grid(timeframe: Timeframe, good: String, bad: String) throws {
        let lines = [Self.header, "2026-09-01 \(good),1,1,1,1,0,", "2026-09-01 \(bad),1,1,1,1,0,"]
        let outcome = try Self.read(lines, timeframe: timeframe)
        #expect(outcome.candles.map(\.start.seconds) == [at(good)])
        #expect(outcome.rejected.count == 1)
    }
}
