internal import ArgumentParser
internal import Glibc
internal import LocalEngine
internal import Logging

/// Options of every command that works on a store.
struct CommonOptions: ParsableArguments {
    @Option(
        help:
            "The home folder of the private engine (default: GOGOTRADE_HOME, /var/lib/gogotrade for root, ~/.local/share/gogotrade)."
    )
    var home: String?

    @Option(
        name: .customLong("log-level"),
        help: "What is logged to standard error: debug, info, notice, warning or error."
    )
    var logLevel = "notice"

    func validate() throws {
        guard Logger.Level(rawValue: logLevel) != nil else {
            throw ValidationError("--log-level must be debug, info, notice, warning or error, not '\(logLevel)'")
        }
    }

    /// The home as an absolute path.
    var homePath: String {
        let path = home ?? EngineHome.defaultPath()
        if path.hasPrefix("/") { return path }
        guard let folder = getcwd(nil, 0) else { return path }
        defer { free(folder) }
        return String(cString: folder) + "/" + path
    }

    func makeLogger() -> Logger {
        var logger = Logger(label: "gogotrade") { _ in StreamLogHandler.standardError(label: "gogotrade") }
        logger.logLevel = Logger.Level(rawValue: logLevel) ?? .notice
        return logger
    }

    /// Gives up root: a program that runs for long has no need of it.
    func dropPrivileges() throws {
        guard SystemUser.isRoot else { return }
        let user = try SystemUser.find()
        try SystemUser.become(user)
    }
}
