import Foundation
import GoGoTradeTestSupport
import Testing

/// Exit status, help and errors of the program.
@Suite("The command line", .serialized)
struct CommandLineTests {
    @Test(
        "says with 2 what is wrong about the usage",
        arguments: [
            (["up", "--port", "99999"], "--port must be 0 to 65535"),
            (["up", "--port", "abc"], "abc"),
            (["up", "--speed", "fast"], "fast"),
            (["up", "--instruments", "0"], "--instruments must be 1 to 3000"),
            (["up", "--date", "2026-02-30"], "2026-02-30"),
            (["up", "--date", "2026-09-05"], "Saturday"),
            (["up", "--feed", "kite"], "--ticker-url"),
            (["up", "--log-level", "loud"], "--log-level"),
            (["feed", "--ticker-url", "http://x"], "ws://HOST:PORT"),
            (["candles", "show", "INFY", "1m"], "INFY"),
            (["candles", "show", "NSE:INFY", "2m"], "2m"),
            (["candles", "show", "NSE:INFY", "1m", "--limit", "0"], "--limit must be 1 to 10000"),
            (["candles", "show", "NSE:INFY", "1m", "--from", "yesterday"], "yesterday"),
            (["nonsense"], "nonsense"),
        ]
    )
    func usage(arguments: [String], mention: String) async throws {
        let answer = try await Program.run(arguments)
        #expect(answer.status == 2)
        #expect(answer.errors.contains(mention), "\(answer.errors)")
        #expect(answer.output.isEmpty)
    }

    @Test(
        "explains every command",
        arguments: [
            [], ["up"], ["migrate"], ["status"], ["instruments", "search"], ["candles", "import"], ["candles", "show"],
            ["watchlist", "add"], ["feed"], ["record"], ["serve"], ["simulate"], ["kite", "decode"],
        ]
    )
    func help(command: [String]) async throws {
        let answer = try await Program.run(command + ["--help"])
        #expect(answer.status == 0)
        #expect(answer.output.contains("USAGE: gogotrade"))
    }

    @Test("reports every wrong setting at once, and no secret")
    func settings() async throws {
        let answer = try await Program.run(
            ["status"],
            environment: [
                "DATABASE_URL": "mysql://me:hunter2secret@db/x", "REDIS_URL": "redis://:hunter2secret@host:99999",
                "DATABASE_POOL_SIZE": "many",
            ]
        )
        #expect(answer.status == 1)
        for name in ["DATABASE_URL", "REDIS_URL", "DATABASE_POOL_SIZE"] { #expect(answer.errors.contains(name)) }
        #expect(!(answer.errors + answer.output).contains("hunter2secret"))
    }

    @Test("says what to do when nothing runs")
    func nothingRuns() async throws {
        let home = try TestFolder.make("home")
        let answer = try await Program.run(["status", "--home", home])
        #expect(answer.status == 1)
        #expect(answer.errors.contains("gogotrade up"))
        #expect(answer.errors.contains("DATABASE_URL"))
    }

    @Test("says what to do when the database does not answer")
    func databaseAway() async throws {
        let folder = try TestFolder.make("nowhere")
        let answer = try await Program.run(
            ["migrate"],
            environment: ["DATABASE_URL": "postgresql://me:hunter2secret@/db?host=\(folder)"]
        )
        #expect(answer.status == 1)
        #expect(answer.errors.contains(folder))
        #expect(!answer.errors.contains("hunter2secret"))
    }

    @Test("decodes frames line by line")
    func decode() async throws {
        let answer = try await Program.run(
            ["kite", "decode"],
            input: "0001000800063a010001a3ab\nzz\n0003\n00\n"
        )
        #expect(answer.status == 0)
        let lines = answer.output.split(separator: "\n")
        try #require(lines.count == 4)
        #expect(
            lines[0] == #"{"ticks":[{"tradable":true,"mode":"ltp","instrument_token":408065,"last_price":"1074.35"}]}"#
        )
        #expect(lines[1].contains("error"))
        #expect(lines[2].contains("error"))
        #expect(lines[3] == #"{"ticks":[]}"#)
    }
}
