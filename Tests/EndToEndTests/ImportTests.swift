import Foundation
import GoGoTradeTestSupport
import Testing

/// `gogotrade candles import` and the ways to see what it stored.
@Suite("Importing candles", .serialized)
struct ImportTests {
    @Test(
        "of the real file gives back every figure, by the command line and by REST",
        .enabled(if: SharedData.isAvailable, "\(SharedData.reason)"),
        arguments: TestEdition.available
    )
    func realFile(edition: TestEdition) async throws {
        let site = try await TestSite(edition)
        let file = try SharedData.path("data/nifty_future_5minute.csv")
        let arguments = ["candles", "import", file, "--instrument", "NFO:NIFTY-I", "--timeframe", "5m"]
        let unknown = try await Program.run(arguments, environment: site.environment)
        #expect(unknown.status == 1)
        #expect(unknown.errors.contains("--create"))

        let first = try await Program.run(arguments + ["--create"], environment: site.environment)
        #expect(first.status == 0, "\(first.errors)")
        let expected = try self.expected(file)
        #expect(expected.count > 13_000)
        #expect(first.output.contains("\(expected.count) candles read, \(expected.count) new, 0 changed, 0 as before"))
        // 2023-03-21 has its first two candles twice, the first time unfinished.
        #expect(first.output.contains("2 duplicate lines"))
        #expect(first.errors.contains("line 5918: ") && first.errors.contains("line 5919: "))
        let second = try await Program.run(arguments, environment: site.environment)
        #expect(second.status == 0)
        #expect(second.output.contains("0 new, 0 changed, \(expected.count) as before"))

        // 13,716 lines are more than one answer has: asked for in two halves.
        var shown: [String: String] = [:]
        for range in [["--to", "2023-04-01"], ["--from", "2023-04-01"]] {
            let answer = try await Program.run(
                ["candles", "show", "NFO:NIFTY-I", "5m", "--limit", "10000"] + range,
                environment: site.environment
            )
            #expect(answer.status == 0, "\(answer.errors)")
            for line in answer.output.split(separator: "\n").dropFirst() {
                let fields = line.split(separator: ",", omittingEmptySubsequences: false)
                shown[String(fields[0])] = fields[1...6].joined(separator: ",")
            }
        }
        #expect(shown == expected)
        #expect(try await served(site) == expected)
    }

    @Test("refuses bad lines by number and stores the good ones")
    func badLines() async throws {
        let edition = try #require(TestEdition.available.first)
        let site = try await TestSite(edition)
        let file = try TestFolder.make("csv") + "/candles.csv"
        let text = """
            timestamp,open,high,low,close,volume
            2026-09-01 09:15:00,100,101.5,99.05,100.1,10
            2026-09-01 09:16:00,100,99,99.05,100.1,10
            2026-09-01 09:17:00,abc,101,99,100,10
            2026-09-01 09:18:30,100,101,99,100,10
            2026-09-01 09:19:00,100,101,99,100,-1
            2026-09-01 09:20:00,100,101,99,100,20

            """
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        let arguments = ["candles", "import", file, "--instrument", "NSE:TEST", "--timeframe", "1m", "--create"]
        let answer = try await Program.run(arguments, environment: site.environment)
        #expect(answer.status == 1)
        for line in [3, 4, 5, 6] { #expect(answer.errors.contains("candles.csv, line \(line): ")) }
        #expect(!answer.errors.contains("line 2:") && !answer.errors.contains("line 7:"))
        #expect(answer.output.contains("2 new"))
        #expect(answer.output.contains("4 lines refused"))

        let empty = file + ".empty"
        try "".write(toFile: empty, atomically: true, encoding: .utf8)
        for (bad, remedy) in [(file + ".missing", "cannot be read"), (empty, "is empty")] {
            let failed = try await Program.run(
                ["candles", "import", bad, "--instrument", "NSE:TEST", "--timeframe", "1m"],
                environment: site.environment
            )
            #expect(failed.status == 1)
            #expect(failed.errors.contains(remedy))
        }
    }

    /// The file's figures by their start in UTC, read without the product's code: of repeated lines the last counts.
    private func expected(_ file: String) throws -> [String: String] {
        let parser = DateFormatter()
        parser.locale = Locale(identifier: "en_US_POSIX")
        parser.dateFormat = "yyyy-MM-dd'T'HH:mm:ssZ"
        let printer = DateFormatter()
        printer.locale = Locale(identifier: "en_US_POSIX")
        printer.timeZone = TimeZone(identifier: "UTC")
        printer.dateFormat = "yyyy-MM-dd'T'HH:mm:ss.'000000Z'"
        var rows: [String: String] = [:]
        for line in try String(contentsOfFile: file, encoding: .utf8).components(separatedBy: "\r\n")
            .dropFirst() where !line.isEmpty
        {
            let fields = line.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }
            let start = printer.string(from: try #require(parser.date(from: fields[0])))
            rows[start] = fields[1...].joined(separator: ",")
        }
        return rows
    }

    /// What the REST route gives, by its text: figures are compared as they are written.
    private func served(_ site: TestSite) async throws -> [String: String] {
        let server = try Program(["serve", "--port", "0"], environment: site.environment)
        let url = try await server.waitForLine("ready:")
        var rows: [String: String] = [:]
        for range in ["to=2023-04-01", "from=2023-04-01"] {
            let answer = try await get(url + "/api/v1/candles/NFO:NIFTY-I?timeframe=5m&limit=10000&\(range)")
            #expect(answer.status == 200)
            let text = String(decoding: answer.body, as: UTF8.self)
            for object in text.split(separator: "{\"start\":\"").dropFirst() {
                func figure(_ name: String) -> Substring {
                    object.components(separatedBy: "\"\(name)\":").last.map { $0.prefix { !",}".contains($0) } } ?? ""
                }
                let names = ["open", "high", "low", "close", "volume", "open_interest"]
                rows[String(object.prefix(27))] = names.map { figure($0) }.joined(separator: ",")
            }
        }
        server.signal(SIGTERM)
        #expect(try await server.waitForEnd() == 0)
        return rows
    }
}
