import Foundation

/// The folder of test data that the project shares: `GOGOTRADE_SHARED`, else `shared` beside the package's root.
enum SharedData {
    /// The folder, nil when the environment names none and there is none beside the package.
    static let folder: URL? = {
        if let path = ProcessInfo.processInfo.environment["GOGOTRADE_SHARED"], !path.isEmpty {
            // Named but not there: the tests shall fail, not be skipped.
            return URL(filePath: path, directoryHint: .isDirectory)
        }
        var root = URL(filePath: #filePath).deletingLastPathComponent()
        while root.path != "/", !exists(root.appending(path: "Package.swift")) { root.deleteLastPathComponent() }
        let folder = root.deletingLastPathComponent().appending(path: "shared", directoryHint: .isDirectory)
        return exists(folder.appending(path: "vectors/kite_ticks.json")) ? folder : nil
    }()

    /// Decodes a file of the folder `vectors`.
    static func vectors<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
        guard let folder else { throw CocoaError(.fileNoSuchFile) }
        return try JSONDecoder().decode(type, from: Data(contentsOf: folder.appending(path: "vectors/\(name)")))
    }

    private static func exists(_ url: URL) -> Bool {
        FileManager.default.fileExists(atPath: url.path)
    }
}
