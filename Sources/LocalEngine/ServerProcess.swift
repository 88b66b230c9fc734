internal import FoundationEssentials
internal import Glibc
internal import Logging

/// Server processes that another run of the program started.
enum ServerProcess {
    /// The number in the first line of a pid file.
    static func pid(inFile path: String) -> pid_t? {
        TextFile.read(path)?.split(separator: "\n").first.flatMap { pid_t($0.trimmingPrefix(" ")) }
    }

    /// Whether that process runs that program; a number that was given to another process since does not count.
    static func isRunning(_ pid: pid_t, program: String) -> Bool {
        guard let name = TextFile.read("/proc/\(pid)/comm") else { return false }
        return name.hasPrefix(program)
    }

    /// Stops a server that an earlier run left behind, if it is still there.
    static func stopStale(pidFile: String, program: String, _ signal: Int32, _ logger: Logger) async {
        guard let pid = pid(inFile: pidFile), isRunning(pid, program: program) else { return }
        logger.warning("stopping a \(program) that an earlier run left behind (process \(pid))")
        kill(pid, signal)
        for _ in 0..<600 {
            guard isRunning(pid, program: program) else { return }
            if (try? await Task.sleep(for: .milliseconds(100))) == nil { return }
        }
        kill(pid, SIGKILL)
    }
}
