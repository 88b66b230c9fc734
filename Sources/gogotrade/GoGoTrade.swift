internal import ArgumentParser
internal import Glibc

/// The program: one binary for all roles.
@main
struct GoGoTrade: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gogotrade",
        abstract: "The market-data, signal and trade store for the Indian markets.",
        discussion: """
            `gogotrade up` runs everything on this machine; the other roles run apart against DATABASE_URL and REDIS_URL.

            Settings: command-line flag, then environment, then .env in the working folder, then the default.
            DATABASE_URL, DATABASE_POOL_SIZE, DATABASE_MAX_OVERFLOW, DATABASE_POOL_TIMEOUT, DATABASE_POOL_RECYCLE,
            REDIS_URL, REDIS_LOG_URL, GOGOTRADE_HOME, GOGOTRADE_ENGINE.

            Exit status: 0 done, 1 failed, 2 wrong usage.
            """,
        version: "gogotrade 0.1.0",
        subcommands: [
            UpCommand.self, MigrateCommand.self, StatusCommand.self, InstrumentsCommand.self, CandlesCommand.self,
            WatchlistCommand.self, FeedCommand.self, RecordCommand.self, ServeCommand.self, SimulateCommand.self,
            KiteCommand.self,
        ]
    )

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            finish(error)
        }
    }

    /// Ends the program: help and versions on standard output, errors in one line on standard error.
    private static func finish(_ error: any Error) -> Never {
        let code = exitCode(for: error)
        if code == .success {
            Console.write(fullMessage(for: error) + "\n")
            Glibc.exit(0)
        }
        if code == .validationFailure {
            Console.report(fullMessage(for: error))
            Glibc.exit(2)
        }
        if !(error is ExitCode) { Console.report("gogotrade: \(error)") }
        Glibc.exit(1)
    }
}
