internal import CPosix
internal import FoundationEssentials
internal import Glibc

/// What a home holds: simulated data and real data are never mixed.
package enum EngineContent: String, Codable, Sendable {
    case simulated
    case real
}

/// The stamp of a home, `engine.json`: which engine made it, and how to reach its servers (mode 0600).
package struct EngineStamp: Codable, Sendable {
    /// Version of this file; a home of a newer program is refused.
    package var format: Int
    package var programs: ServerPrograms
    package var content: EngineContent?
    var databasePassword: String
    var redisPassword: String

    static let currentFormat = 1
}

/// The part of a stamp that every version of it has.
private struct StampFormat: Decodable {
    let format: Int
}

extension EngineStamp: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// No passwords.
    package var description: String { "engine of format \(format), \(programs.title)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["description": description]) }
}

/// The folder of a private engine: data, logs, sockets, and a lock for the one program that works on it.
package final class EngineHome: Sendable {
    package let path: String
    private let lock: Int32

    package static let defaultPathForRoot = "/var/lib/gogotrade"

    /// Where the home is when none is given: `GOGOTRADE_HOME`, /var/lib/gogotrade for root and the system user,
    /// ~/.local/share/gogotrade for everyone else.
    package static func defaultPath() -> String {
        let environment = ProcessInfo.processInfo.environment
        if let given = environment["GOGOTRADE_HOME"], !given.isEmpty { return given }
        if SystemUser.isRoot || environment["USER"] == SystemUser.name { return defaultPathForRoot }
        return (environment["HOME"] ?? "/tmp") + "/.local/share/gogotrade"
    }

    /// Opens the home, makes it where it is missing, and locks it for this process.
    ///
    /// - Throws: ``EngineError`` `.home`, or `.inUse` when another program works on it.
    package init(path: String, owner: SystemUser?) throws(EngineError) {
        guard path.hasPrefix("/") else { throw EngineError(.home, "the home folder must be an absolute path: \(path)") }
        try TextFile.makeFolder(path, mode: 0o700, owner: owner)
        let lockPath = path + "/lock"
        lock = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else {
            throw EngineError(.home, "cannot write in \(path): \(String(cString: strerror(errno)))")
        }
        if let owner { fchown(lock, owner.userID, owner.groupID) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw EngineError(
                .inUse,
                "another gogotrade works on \(path): stop it first, or choose another folder with --home"
            )
        }
        self.path = path
    }

    deinit {
        // Closing alone would leave it locked while a child that is being started still has the descriptor.
        flock(lock, LOCK_UN)
        close(lock)
    }

    package var dataFolder: String { path + "/postgres" }
    package var logFolder: String { path + "/log" }

    func redisFolder(_ name: String) -> String { "\(path)/redis-\(name)" }

    /// The folder of the sockets.
    ///
    /// A socket's path has at most 107 bytes, so a home with a long path keeps them under /tmp instead.
    package static func socketFolder(home: String) -> String {
        let inside = home + "/run"
        if inside.utf8.count <= 80 { return inside }
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in home.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        return "/tmp/gogotrade-" + String(hash, radix: 16)
    }

    /// The stamp of a home, nil when it was never used.
    ///
    /// - Throws: ``EngineError`` `.home` when it is damaged or of a newer program.
    package static func stamp(at home: String) throws(EngineError) -> EngineStamp? {
        let file = home + "/engine.json"
        guard FileManager.default.fileExists(atPath: file) else { return nil }
        guard let data = FileManager.default.contents(atPath: file) else {
            throw EngineError(.home, "\(file) cannot be read by this user")
        }
        let decoder = JSONDecoder()
        // The format first: what else stands in a newer stamp is not known here.
        if let format = try? decoder.decode(StampFormat.self, from: data).format, format > EngineStamp.currentFormat {
            throw EngineError(
                .home,
                "\(home) was made by a newer gogotrade (format \(format), this one knows "
                    + "\(EngineStamp.currentFormat)): use that version"
            )
        }
        guard let stamp = try? decoder.decode(EngineStamp.self, from: data) else {
            throw EngineError(.home, "\(file) is damaged: restore it, or move \(home) away to begin a new one")
        }
        return stamp
    }

    func write(_ stamp: EngineStamp, owner: SystemUser?) throws(EngineError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        guard let data = try? encoder.encode(stamp) else {
            throw EngineError(.home, "the home's stamp cannot be encoded")
        }
        try TextFile.write(String(decoding: data, as: UTF8.self) + "\n", to: path + "/engine.json", owner: owner)
    }
}
