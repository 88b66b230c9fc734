import Foundation
import LocalEngine
import Logging

/// Measures what docs/benchmarks.md reports.
///
/// Every figure is a ratio within this run, or says that it is not.
@main
struct Benchmarks {
    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        let known: [(name: String, run: @Sendable (Bench) async throws -> Void)] = [
            ("decode", { try await DecodeBenchmark.run($0) }),
            ("copy", { try await CopyBenchmark.run($0) }),
            ("feed", { try await FeedBenchmark.run($0) }),
        ]
        let unknown = arguments.filter { name in !known.contains { $0.name == name } }
        guard unknown.isEmpty else {
            print("usage: scripts/bench [\(known.map(\.name).joined(separator: "] ["))]")
            exit(2)
        }
        let bench = Bench()
        for (name, run) in known where arguments.isEmpty || arguments.contains(name) {
            print("## \(name)")
            try await run(bench)
        }
        await bench.stop()
    }
}
