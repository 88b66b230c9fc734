import Foundation
import LocalEngine
import Logging
import PostgresClient
import RedisClient

/// What the measurements share: a private engine in a temporary home, and the arithmetic of results.
final class Bench {
    let logger: Logger = {
        var logger = Logger(label: "bench") { _ in StreamLogHandler.standardError(label: "bench") }
        logger.logLevel = .error
        return logger
    }()
    private var running: LocalEngine?

    /// The engine with a production server's settings (fsync on), started at first need.
    func engine() async throws -> LocalEngine {
        if let running { return running }
        let home = "/tmp/gogotrade-bench.\(getpid())"
        let engine = try LocalEngine(path: home, content: .simulated, size: .machine, logger: logger)
        print("engine: \(engine.programs.title)")
        try await engine.start()
        running = engine
        return engine
    }

    func stop() async {
        guard let running else { return }
        await running.stop()
        try? FileManager.default.removeItem(atPath: running.home.path)
    }

    /// Seconds that `body` takes.
    func seconds(_ body: () async throws -> Void) async rethrows -> Double {
        let start = ContinuousClock.now
        try await body()
        let taken = ContinuousClock.now - start
        return Double(taken.components.seconds) + Double(taken.components.attoseconds) / 1e18
    }

    /// The middle one of several results.
    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }

    /// `123,000` for a rate.
    static func rate(_ value: Double) -> String {
        let rounded = Int(value / 1000) * 1000
        var digits = String(rounded)
        var index = digits.count - 3
        while index > 0 {
            digits.insert(",", at: digits.index(digits.startIndex, offsetBy: index))
            index -= 3
        }
        return digits
    }

    static func spread(_ values: [Double], _ format: (Double) -> String) -> String {
        "\(format(median(values))) (\(format(values.min() ?? 0)) to \(format(values.max() ?? 0)), \(values.count) rounds)"
    }

    static func ratio(_ value: Double) -> String { String(format: "%.2f", value) }
}
