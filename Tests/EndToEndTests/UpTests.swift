import Foundation
import GoGoTradeTestSupport
import Testing

/// `gogotrade up`, as a newcomer starts it.
@Suite("gogotrade up", .serialized)
struct UpTests {
    @Test("serves candles and live prices, stops cleanly, and goes on where it ended")
    func twoStarts() async throws {
        let home = try TestFolder.make("home") + "/gogotrade"
        let first = try await start(home)
        let lively = "SIM:SIM0001"
        try await waitUntil("two candles are served") { try await candles(first.url, lively).count >= 2 }
        let price = try await prices(first.url, lively)
        #expect(price.age < 2, "the price was received \(price.age) seconds ago")
        #expect(try await get(first.url + "/readyz").status == 200)
        let servers = try serverProcesses(home)
        #expect(servers.count == 3)

        first.program.signal(SIGINT)
        #expect(try await first.program.waitForEnd() == 0, "\(first.program.standardError)")
        #expect(first.program.standardOutput.hasSuffix("stopped\n"))
        for server in servers { #expect(kill(server, 0) != 0, "process \(server) is still there") }

        let before = try await shown(home, lively)
        let second = try await start(home)
        #expect(!second.program.standardOutput.contains("migrate"))
        try await waitUntil("more candles are served") {
            try await candles(second.url, lively).count >= before.count + 2
        }
        second.program.signal(SIGTERM)
        #expect(try await second.program.waitForEnd() == 0, "\(second.program.standardError)")

        // A lively share trades every minute: the minutes are whole across the break, and none was lost.
        let after = try await shown(home, lively)
        #expect(Array(after.prefix(before.count)) == before)
        let minutes = after.compactMap { $0.split(separator: ",").first.flatMap { Self.seconds($0) } }
        #expect(minutes.count == after.count)
        for (earlier, later) in zip(minutes, minutes.dropFirst()) { #expect(later - earlier == 60) }
        #expect(!after.contains { $0.contains("partial") })
    }

    @Test("goes on after SIGKILL: servers that were left behind are stopped, nothing is lost")
    func killed() async throws {
        let home = try TestFolder.make("home") + "/gogotrade"
        let first = try await start(home)
        try await waitUntil("two candles are served") { try await candles(first.url, "SIM:SIM0001").count >= 2 }
        let left = try serverProcesses(home)
        first.program.signal(SIGKILL)
        #expect(try await first.program.waitForEnd() == -SIGKILL)
        #expect(left.count == 3)

        let second = try await start(home)
        try await waitUntil("more candles are served") {
            try await candles(second.url, "SIM:SIM0001").count >= 4
        }
        for server in left { #expect(kill(server, 0) != 0, "process \(server) is still there") }
        second.program.signal(SIGINT)
        #expect(try await second.program.waitForEnd() == 0, "\(second.program.standardError)")
    }

    @Test("refuses a second program on the same home, and a port that is taken, with the remedy")
    func refusals() async throws {
        let home = try TestFolder.make("home") + "/gogotrade"
        let first = try await start(home)
        let same = try await Program.run(["up", "--home", home, "--port", "0"])
        #expect(same.status == 1)
        #expect(same.errors.contains("another gogotrade works on \(home)"))
        #expect(same.errors.contains("--home"))

        let other = try TestFolder.make("home") + "/gogotrade"
        let port = try #require(first.url.split(separator: ":").last)
        let taken = try await Program.run(["up", "--home", other, "--port", "\(port)", "--feed", "none"])
        #expect(taken.status == 1)
        #expect(taken.errors.contains("\(port)"))
        #expect(taken.errors.contains("--port"))
        #expect(try serverProcesses(other).allSatisfy { kill($0, 0) != 0 })
        first.program.signal(SIGINT)
        #expect(try await first.program.waitForEnd() == 0)
    }

    // MARK: -

    private func start(_ home: String) async throws -> (program: Program, url: String) {
        // Whoever tests as root starts it as root: it then becomes the system user by itself.
        let program = try Program(["up", "--home", home, "--port", "0", "--instruments", "6", "--speed", "60"])
        return (program, try await program.waitForLine("ready:"))
    }

    private func candles(_ url: String, _ symbol: String) async throws -> [[String: Any]] {
        let answer = try await get(url + "/api/v1/candles/\(symbol)?limit=1000")
        #expect(answer.status == 200)
        let json = try JSONSerialization.jsonObject(with: answer.body) as? [String: Any]
        return try #require(json?["candles"] as? [[String: Any]])
    }

    private func prices(_ url: String, _ symbol: String) async throws -> (price: Double, age: Double) {
        let answer = try await get(url + "/api/v1/prices?i=\(symbol)")
        let json = try JSONSerialization.jsonObject(with: answer.body) as? [String: Any]
        let first = try #require((json?["prices"] as? [[String: Any]])?.first)
        let received = try #require(Self.seconds((first["received_at"] as? String ?? "").prefix(19)))
        return (try #require(first["last_price"] as? Double), Date().timeIntervalSince1970 - Double(received))
    }

    /// The stored candles, by the command line, while nothing runs on the home.
    private func shown(_ home: String, _ symbol: String) async throws -> [String] {
        let answer = try await Program.run(["candles", "show", symbol, "1m", "--home", home, "--limit", "10000"])
        #expect(answer.status == 0, "\(answer.errors)")
        return answer.output.split(separator: "\n").dropFirst().map { String($0) }
    }

    /// The processes of the home's servers by their own pid files.
    private func serverProcesses(_ home: String) throws -> [Int32] {
        ["postgres/postmaster.pid", "redis-log/redis.pid", "redis-cache/redis.pid"].compactMap { name in
            let text = try? String(contentsOfFile: home + "/" + name, encoding: .utf8)
            return text?.split(separator: "\n").first.flatMap { Int32($0) }
        }
    }

    private static func seconds(_ text: Substring) -> Int? {
        let formatter = ISO8601DateFormatter()
        return formatter.date(from: String(text.prefix(19)) + "Z").map { Int($0.timeIntervalSince1970) }
    }
}
