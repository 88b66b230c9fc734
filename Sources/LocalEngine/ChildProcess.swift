internal import CPosix
internal import Glibc
internal import Synchronization

/// A server program that we started: it runs in a session of its own, so that Ctrl-C reaches only us and we decide
/// when it stops.
final class ChildProcess: Sendable {
    let name: String
    let processID: pid_t
    let logPath: String
    private let exitStatus = Mutex<Int32?>(nil)

    /// - Throws: ``EngineError`` `.server` with the system's reason.
    init(name: String, arguments: [String], logPath: String, user: SystemUser?) throws(EngineError) {
        self.name = name
        self.logPath = logPath
        let environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "LANG=C"]
        var argumentPointers = arguments.map { strdup($0) }
        argumentPointers.append(nil)
        var environmentPointers = environment.map { strdup($0) }
        environmentPointers.append(nil)
        defer {
            for pointer in argumentPointers + environmentPointers { free(pointer) }
        }
        let constArguments = argumentPointers.map { UnsafePointer($0) }
        let constEnvironment = environmentPointers.map { UnsafePointer($0) }
        processID = cposix_spawn(constArguments, constEnvironment, logPath, user?.userID ?? 0, user?.groupID ?? 0)
        guard processID > 0 else {
            let reason = String(cString: strerror(errno))
            throw EngineError(.server, "\(name) cannot be started (\(arguments.first ?? "")): \(reason)")
        }
    }

    /// How the process ended, or nil while it runs.
    var ending: String? {
        exitStatus.withLock { known in
            if known == nil {
                var status: Int32 = 0
                switch cposix_try_wait(processID, &status) {
                case 1: known = status
                case 0: break
                default: known = 0
                }
            }
            guard let status = known else { return nil }
            let signal = status & 0x7F
            return signal == 0 ? "exit code \((status >> 8) & 0xFF)" : "signal \(signal)"
        }
    }

    func signal(_ number: Int32) {
        if ending == nil { kill(processID, number) }
    }

    /// Waits until the process has ended; false when it has not within the limit.
    func waitForEnd(_ limit: Duration) async -> Bool {
        let deadline = ContinuousClock.now + limit
        while ending == nil {
            if ContinuousClock.now >= deadline { return false }
            // Shutting down goes on although the task has been cancelled.
            if (try? await Task.sleep(for: .milliseconds(20))) == nil { usleep(20_000) }
        }
        return true
    }

    /// Stops the process: `first`, and SIGKILL when it has not ended within the limit.
    func stop(_ first: Int32, limit: Duration) async {
        signal(first)
        if await waitForEnd(limit) { return }
        signal(SIGKILL)
        _ = await waitForEnd(.seconds(10))
    }

    /// The last lines of the log, for error messages.
    func logTail(lines: Int = 8) -> String {
        TextFile.tail(logPath, lines: lines)
    }
}
