internal import FoundationEssentials

/// A PostgreSQL on this machine that has TimescaleDB.
package struct ServerPrograms: Sendable, Hashable, Codable {
    /// The folder that holds `postgres`, `initdb` and `pg_ctl`.
    package let folder: String
    /// PostgreSQL's major version, such as 17.
    package let majorVersion: Int
    /// TimescaleDB's default version there, such as 2.19.3.
    package let timescaleVersion: String
    /// True when the Community modules (continuous aggregates, compression) are installed too.
    package let isCommunity: Bool

    /// For people: `PostgreSQL 17 with TimescaleDB 2.19.3 (Apache edition)`.
    package var title: String {
        "PostgreSQL \(majorVersion) with TimescaleDB \(timescaleVersion) (\(isCommunity ? "Community" : "Apache") edition)"
    }

    func program(_ name: String) -> String { folder + "/" + name }

    /// The versions of PostgreSQL that are supported.
    package static let supportedVersions = 15...18

    /// All that can be used, in the order of preference: installed ones (newest first), then the private engine.
    package static func available() -> [ServerPrograms] {
        installed() + [privateEngine()].compactMap(\.self)
    }

    /// PostgreSQL servers that the machine's packages installed and that have TimescaleDB; newest first.
    package static func installed(root: String = "/usr/lib/postgresql") -> [ServerPrograms] {
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        return versions.compactMap { Int($0) }.sorted(by: >).compactMap { version in
            ServerPrograms(
                folder: "\(root)/\(version)/bin",
                libraryFolder: "\(root)/\(version)/lib",
                extensionFolder: "/usr/share/postgresql/\(version)/extension",
                majorVersion: version
            )
        }
    }

    /// The engine that `scripts/setup` fetched.
    package static func privateEngine() -> ServerPrograms? {
        for prefix in privateEngineFolders() {
            let root = prefix + "/usr/lib/postgresql"
            let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
            for version in versions.compactMap({ Int($0) }).sorted(by: >) {
                let found = ServerPrograms(
                    folder: "\(root)/\(version)/bin",
                    libraryFolder: "\(root)/\(version)/lib",
                    extensionFolder: "\(prefix)/usr/share/postgresql/\(version)/extension",
                    majorVersion: version
                )
                if let found { return found }
            }
        }
        return nil
    }

    /// Where the private engine can be: `GOGOTRADE_ENGINE`, the user's own folder, the machine's.
    package static func privateEngineFolders() -> [String] {
        let environment = ProcessInfo.processInfo.environment
        if let given = environment["GOGOTRADE_ENGINE"], !given.isEmpty { return [given] }
        let own = environment["HOME"].map { $0 + "/.local/share/gogotrade/engine" }
        return [own, "/opt/gogotrade/engine"].compactMap(\.self)
    }

    private init?(folder: String, libraryFolder: String, extensionFolder: String, majorVersion: Int) {
        guard Self.supportedVersions.contains(majorVersion),
            access(folder + "/postgres"), access(folder + "/initdb"),
            let control = try? String(contentsOfFile: extensionFolder + "/timescaledb.control", encoding: .utf8),
            let version = Self.defaultVersion(control), Self.isSupported(timescale: version),
            access("\(libraryFolder)/timescaledb-\(version).so")
        else { return nil }
        self.folder = folder
        self.majorVersion = majorVersion
        self.timescaleVersion = version
        self.isCommunity = access("\(libraryFolder)/timescaledb-tsl-\(version).so")
    }

    /// TimescaleDB 2.19 or newer.
    private static func isSupported(timescale version: String) -> Bool {
        let parts = version.split(separator: ".").prefix(2).compactMap { Int($0) }
        return parts.count == 2 && (parts[0], parts[1]) >= (2, 19)
    }

    /// The value of `default_version = '…'` in an extension's control file.
    private static func defaultVersion(_ control: String) -> String? {
        for line in control.split(separator: "\n") where line.hasPrefix("default_version") {
            return line.split(separator: "'").dropFirst().first.map { String($0) }
        }
        return nil
    }
}

private func access(_ path: String) -> Bool {
    FileManager.default.isReadableFile(atPath: path)
}
