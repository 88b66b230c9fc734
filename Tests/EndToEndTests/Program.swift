import Foundation
import FoundationNetworking
import GoGoTradeTestSupport
import Synchronization

/// The program, started as a user starts it: a process of its own with arguments and an environment.
final class Program: Sendable {
    private let process: Process
    private let output: String
    private let errors: String

    /// The binary that was built: GOGOTRADE_BINARY, else the one beside the test bundle.
    static let path: String = {
        if let given = ProcessInfo.processInfo.environment["GOGOTRADE_BINARY"], !given.isEmpty { return given }
        let bundle = CommandLine.arguments.first { $0.contains(".xctest") } ?? CommandLine.arguments[0]
        return URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent("gogotrade").path
    }()

    /// - Parameters:
    ///   - arguments: what follows `gogotrade`.
    ///   - environment: added to a bare environment; nothing of the caller's settings is passed on.
    ///   - input: what the program reads on standard input.
    /// - Throws: what keeps the program from starting.
    init(_ arguments: [String], environment: [String: String] = [:], input: String? = nil) throws {
        let folder = try TestFolder.make("program")
        output = folder + "/output"
        errors = folder + "/errors"
        for path in [output, errors] { _ = FileManager.default.createFile(atPath: path, contents: nil) }
        process = Process()
        process.executableURL = URL(fileURLWithPath: Program.path)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        let bare = ["PATH": "/usr/bin:/bin", "HOME": folder, "SWIFT_BACKTRACE": "enable=no"]
        process.environment = bare.merging(environment) { _, given in given }
        process.standardOutput = FileHandle(forWritingAtPath: output)
        process.standardError = FileHandle(forWritingAtPath: errors)
        if let input {
            let path = folder + "/input"
            try input.write(toFile: path, atomically: true, encoding: .utf8)
            process.standardInput = FileHandle(forReadingAtPath: path)
        } else {
            process.standardInput = FileHandle.nullDevice
        }
        try process.run()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    var processID: Int32 { process.processIdentifier }
    var isRunning: Bool { process.isRunning }
    var standardOutput: String { (try? String(contentsOfFile: output, encoding: .utf8)) ?? "" }
    var standardError: String { (try? String(contentsOfFile: errors, encoding: .utf8)) ?? "" }

    func signal(_ number: Int32) {
        kill(process.processIdentifier, number)
    }

    /// Waits for the end; returns the exit status, or minus the number of the signal that ended it.
    func waitForEnd(_ limit: Duration = .seconds(60)) async throws -> Int32 {
        let deadline = ContinuousClock.now + limit
        while process.isRunning {
            guard ContinuousClock.now < deadline else {
                throw TestSupportError("the program does not end:\n\(standardOutput)\n\(standardError)")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }

    /// Waits for a line of output that begins so, and returns what follows on it.
    func waitForLine(_ beginning: String, _ limit: Duration = .seconds(90)) async throws -> String {
        let deadline = ContinuousClock.now + limit
        while true {
            let line = standardOutput.split(separator: "\n").first { $0.hasPrefix(beginning) }
            if let line { return String(line.dropFirst(beginning.count)).trimmingCharacters(in: .whitespaces) }
            guard process.isRunning, ContinuousClock.now < deadline else {
                throw TestSupportError("no line '\(beginning)…' came:\n\(standardOutput)\n\(standardError)")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Runs the program to its end.
    static func run(
        _ arguments: [String],
        environment: [String: String] = [:],
        input: String? = nil
    ) async throws -> (status: Int32, output: String, errors: String) {
        let program = try Program(arguments, environment: environment, input: input)
        let status = try await program.waitForEnd(.seconds(120))
        return (status, program.standardOutput, program.standardError)
    }
}

/// Waits until `condition` holds.
func waitUntil(_ what: String, _ limit: Duration = .seconds(60), _ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw TestSupportError("waited in vain: \(what)") }
        try await Task.sleep(for: .milliseconds(50))
    }
}

/// The answer to a GET request.
func get(_ url: String, headers: [String: String] = [:]) async throws -> (status: Int, body: Data) {
    guard let url = URL(string: url) else { throw TestSupportError("no URL: \(url)") }
    var request = URLRequest(url: url, timeoutInterval: 20)
    for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
    let (data, response) = try await URLSession.shared.data(for: request)
    return ((response as? HTTPURLResponse)?.statusCode ?? 0, data)
}
