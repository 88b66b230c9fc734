import Foundation
import Glibc
import GoGoTradeTestSupport
import LocalEngine
import PostgresClient
import Testing

@Suite("The home of a private engine", .timeLimit(.minutes(5)))
struct EngineHomeTests {
    @Test("a second engine on the same home is refused with what to do, and may come after the first")
    func lock() throws {
        let home = try TestHome()
        do {
            let first = try home.engine()
            let error = #expect(throws: EngineError.self) { try home.engine() }
            #expect(error?.code == .inUse)
            #expect(error?.message.contains(home.path) == true)
            #expect(error?.message.contains("--home") == true)
            withExtendedLifetime(first) {}
        }
        _ = try home.engine()
    }

    @Test("folders are for us alone, and so is every file that holds a password")
    func permissions() async throws {
        let home = try TestHome()
        try await home.withEngine { engine in
            for folder in ["", "log", "run", "postgres", "redis-log", "redis-cache"] {
                #expect(try home.mode(folder) == "700", "\(folder)")
            }
            for file in ["engine.json", "redis-log/redis.conf", "redis-cache/redis.conf", "log/postgres.log"] {
                #expect(try home.mode(file) == "600", "\(file)")
            }
            // The password is in no file that others may read, and the one for initdb is gone.
            let stamp = try #require(
                try JSONSerialization.jsonObject(with: Data(home.text("engine.json").utf8)) as? [String: Any]
            )
            let passwords = try ["databasePassword", "redisPassword"].map { try #require(stamp[$0] as? String) }
            for password in passwords {
                #expect(password.count >= 16)
                #expect(!printed(engine).contains(password))
                #expect(!printed(engine.addresses).contains(password))
                let readable = try files(in: home.path).filter { file in
                    var status = stat()
                    guard lstat(file, &status) == 0, status.st_mode & 0o077 != 0 else { return false }
                    return (try? String(contentsOfFile: file, encoding: .utf8))?.contains(password) ?? false
                }
                #expect(readable == [])
            }
            #expect(!FileManager.default.fileExists(atPath: home.file("initdb.password")))
        }
    }

    @Test("the servers listen on unix sockets only")
    func sockets() async throws {
        let home = try TestHome()
        try await home.withEngine { engine in
            #expect(try await engine.query("SHOW listen_addresses").value(0, 0) == "")
            #expect(try home.text("redis-log/redis.conf").contains("port 0\n"))
            let sockets = try FileManager.default.contentsOfDirectory(atPath: home.file("run"))
            #expect(Set(sockets).isSuperset(of: [".s.PGSQL.5432", "redis-log.sock", "redis-cache.sock"]))
        }
    }

    @Test("a home of simulated data takes no real data, and the other way round")
    func content() throws {
        for (held, other) in [(EngineContent.simulated, EngineContent.real), (.real, .simulated)] {
            let home = try TestHome()
            #expect(try home.engine(held).content == held)
            let error = #expect(throws: EngineError.self) { try home.engine(other) }
            #expect(error?.code == .home)
            #expect(error?.message.contains("\(held.rawValue) data") == true)
            #expect(try home.engine(nil).content == held)
        }
        let open = try TestHome()
        #expect(try open.engine(nil).content == nil)
        #expect(try open.engine(.real).content == .real, "an open home is what it is used for first")
        #expect(throws: EngineError.self) { try open.engine(.simulated) }
    }

    @Test("a damaged stamp is refused and left alone", arguments: ["", "{", "{}", "[]", #"{"format": "1"}"#])
    func damagedStamp(text: String) throws {
        let home = try TestHome()
        _ = try home.engine()
        try text.write(toFile: home.file("engine.json"), atomically: false, encoding: .utf8)
        let error = #expect(throws: EngineError.self) { try home.engine() }
        #expect(error?.code == .home)
        #expect(error?.message.contains("damaged") == true)
        #expect(try home.text("engine.json") == text)
        #expect(throws: EngineError.self) { try LocalEngine.running(at: home.path) }
    }

    @Test("a stamp of a newer program is refused as such, whatever else it says")
    func newerStamp() throws {
        let home = try TestHome()
        _ = try home.engine()
        let stamp = try home.text("engine.json")
        let newer = stamp.replacing("\"format\" : 1", with: "\"format\" : 2")
        try #require(newer != stamp)
        for text in [newer, #"{"format": 2, "unknown": [1]}"#] {
            try text.write(toFile: home.file("engine.json"), atomically: false, encoding: .utf8)
            let error = #expect(throws: EngineError.self) { try home.engine() }
            #expect(error?.code == .home)
            #expect(error?.message.contains("newer gogotrade") == true, "\(error?.message ?? "")")
        }
    }

    @Test("a path that is not absolute, or cannot be made, is refused")
    func paths() throws {
        let folder = try TestFolder.make("paths")
        try "".write(toFile: folder + "/file", atomically: false, encoding: .utf8)
        for path in ["relative/home", folder + "/file", folder + "/file/home", ""] {
            let error = #expect(throws: EngineError.self) {
                try LocalEngine(path: path, content: nil, size: .test, logger: TestEngines.logger)
            }
            #expect(error?.code == .home, "\(path)")
        }
    }

    @Test("a long home keeps its sockets in a short folder under /tmp, of its own and for us alone")
    func longPath() async throws {
        let folder = try TestFolder.make("long") + "/" + String(repeating: "long-", count: 20)
        let short = EngineHome.socketFolder(home: folder)
        #expect(short.hasPrefix("/tmp/gogotrade-"))
        #expect(short.utf8.count < 60)
        #expect(short != EngineHome.socketFolder(home: folder + "x"))
        #expect(EngineHome.socketFolder(home: "/var/lib/gogotrade") == "/var/lib/gogotrade/run")
        defer { try? FileManager.default.removeItem(atPath: short) }
        let edition = try #require(TestEdition.available.first)
        let engine = try LocalEngine(
            path: folder,
            content: nil,
            programs: edition.programs,
            size: .test,
            logger: TestEngines.logger
        )
        // Whoever is faster than we must not get our connections.
        try FileManager.default.createDirectory(atPath: short, withIntermediateDirectories: false)
        chmod(short, 0o777)
        let error = await #expect(throws: EngineError.self) { try await engine.start() }
        #expect(error?.code == .home)
        #expect(error?.message.contains(short) == true)
        try FileManager.default.removeItem(atPath: short)
        try await engine.start()
        var status = stat()
        #expect(lstat(short, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o700)
        let answer = try? await engine.query("SELECT 7").value(0, 0, as: Int32.self)
        await engine.stop()
        #expect(answer == 7)
    }

    private func files(in folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).map { folder + "/" + $0 }
    }

    private func printed(_ value: Any) -> String {
        var dumped = ""
        dump(value, to: &dumped)
        return "\(value) \(String(reflecting: value)) \(dumped)"
    }
}
