import Foundation
import Glibc
import GoGoTradeTestSupport
import LocalEngine
import PostgresClient
import Testing

/// A home of its own for a test; `run` stops what is left of its servers at the end.
struct TestHome {
    let path: String

    init() throws {
        path = try TestFolder.make("home") + "/home"
    }

    /// Makes an engine on the home; nothing is started.
    func engine(_ content: EngineContent? = nil, size: EngineSize = .test) throws -> LocalEngine {
        let edition = try #require(TestEdition.available.first, "no PostgreSQL with TimescaleDB: run scripts/setup")
        return try LocalEngine(
            path: path,
            content: content,
            programs: edition.programs,
            size: size,
            logger: TestEngines.logger
        )
    }

    /// Starts an engine for the time of `body` and stops it, also when `body` throws.
    func withEngine<Value>(_ content: EngineContent? = nil, _ body: (LocalEngine) async throws -> Value) async throws
        -> Value
    {
        let engine = try engine(content)
        try await engine.start()
        let result: Result<Value, any Error>
        do { result = .success(try await body(engine)) } catch { result = .failure(error) }
        await engine.stop()
        return try result.get()
    }

    func file(_ name: String) -> String { path + "/" + name }

    func text(_ name: String) throws -> String { try String(contentsOfFile: file(name), encoding: .utf8) }

    /// Permission bits of a file or folder below the home.
    func mode(_ name: String) throws -> String {
        var status = stat()
        try #require(lstat(file(name), &status) == 0, "\(name) is not there")
        return String(status.st_mode & 0o7777, radix: 8)
    }

    /// Every process on the machine that runs in this home, whoever started it.
    func processes() -> [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.filter { process in
            let folder = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/cwd")
            return folder?.hasPrefix(path + "/") ?? false
        }
    }
}

/// Asks again and again until `condition` holds; false after the limit.
func eventually(within limit: Duration = .seconds(30), _ condition: () async throws -> Bool) async throws -> Bool {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        if ContinuousClock.now > deadline { return false }
        try await Task.sleep(for: .milliseconds(20))
    }
    return true
}

func isAlive(_ process: Int32) -> Bool {
    guard let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return false }
    // The state stands behind the name in brackets; Z is a process that has ended and was not waited for.
    return status.split(separator: ")").last?.hasPrefix(" Z") == false
}

extension LocalEngine {
    /// Runs one statement in the engine's database.
    func query(_ sql: String) async throws -> PostgresResult {
        let connection = try await PostgresConnection.connect(addresses.database, logger: TestEngines.logger)
        defer { connection.close() }
        return try await connection.run { session in try session.query(sql) }
    }
}
