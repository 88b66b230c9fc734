import Foundation
import Glibc
import GoGoTradeTestSupport
import LocalEngine
import PostgresClient
import Testing

/// The program `gogotrade`: `GOGOTRADE_BINARY`, or the one that was built beside the tests.
private let program: String? = {
    if let given = ProcessInfo.processInfo.environment["GOGOTRADE_BINARY"], !given.isEmpty { return given }
    let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    let beside = tests.deletingLastPathComponent().appendingPathComponent("gogotrade").path
    return FileManager.default.isExecutableFile(atPath: beside) ? beside : nil
}()

@Suite("A program that dies and leaves its servers", .timeLimit(.minutes(5)))
struct CrashTests {
    /// `gogotrade up` on a home, as a user starts it.
    private func up(_ home: TestHome) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(program, "no gogotrade: set GOGOTRADE_BINARY"))
        process.arguments = ["up", "--feed", "none", "--port", "0", "--home", home.path]
        process.currentDirectoryURL = URL(fileURLWithPath: "/tmp")
        process.environment = ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"]
        process.standardInput = FileHandle.nullDevice
        return process
    }

    /// Starts it, and waits for the line that says that everything answers.
    private func start(_ process: Process) async throws {
        let output = try TestFolder.make("output") + "/text"
        try #require(FileManager.default.createFile(atPath: output, contents: nil))
        process.standardOutput = FileHandle(forWritingAtPath: output)
        process.standardError = process.standardOutput
        try process.run()
        let isReady = try await eventually(within: .seconds(90)) {
            let text = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
            return text.contains("\nready: ") || !process.isRunning
        }
        let text = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
        try #require(isReady && process.isRunning, "gogotrade is not ready:\n\(text)")
    }

    @Test("the servers of a killed program are stopped at the next start, and the data is there")
    func killed() async throws {
        let home = try TestHome()
        let process = try up(home)
        defer { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
        try await start(process)
        let inUse = #expect(throws: EngineError.self) { try home.engine() }
        #expect(inUse?.code == .inUse)
        let addresses = try #require(try LocalEngine.running(at: home.path))
        let connection = try await PostgresConnection.connect(addresses.database, logger: TestEngines.logger)
        try await connection.run { session in try session.execute("CREATE TABLE kept AS SELECT 42 AS n") }
        connection.close()

        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        let orphans = home.processes()
        // PostgreSQL's helpers come and go; its main process and the two Redis servers stay.
        #expect(orphans.count { isAlive($0) } >= 3, "the servers outlive the program")

        try await home.withEngine { engine in
            #expect(orphans.allSatisfy { !isAlive($0) })
            #expect(Set(engine.processIDs.values).isDisjoint(with: orphans))
            let kept: Int32 = try await engine.query("SELECT n FROM kept").value(0, 0)
            #expect(kept == 42)
        }
        #expect(home.processes() == [])
    }
}
