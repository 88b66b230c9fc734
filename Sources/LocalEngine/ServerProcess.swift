internal import FoundationEssentials
internal import Glibc
internal import Logging

/// Server processes that another run of the program started.
enum ServerProcess {
    /// The number in the first line of a pid file.
    static func pid(inFile path: String) -> pid_t? {
        TextFile.read(path)?.split(separator: "\n").first.flatMap { pid_t($0.trimmingPrefix(" ")) }
    }

    /// Whether that process runs that program in that folder, where our servers work.
    ///
    /// A number that was given to another process since does not count, another cluster's server least of all; nor
    /// does a process that has ended and that nobody has waited for.
    static func isRunning(_ pid: pid_t, program: String, folder: String) -> Bool {
        guard pid > 0, let name = TextFile.read("/proc/\(pid)/comm"), name.hasPrefix(program),
            let here = realpath("/proc/\(pid)/cwd", nil)
        else { return false }
        defer { free(here) }
        guard let expected = realpath(folder, nil) else { return false }
        defer { free(expected) }
        return strcmp(here, expected) == 0
    }

    /// Stops a server that an earlier run left behind, if it is still there.
    static func stopStale(
        pidFile: String,
        program: String,
        folder: String,
        _ signal: Int32,
        _ logger: Logger
    ) async {
        guard let pid = pid(inFile: pidFile), isRunning(pid, program: program, folder: folder) else { return }
        logger.warning("stopping a \(program) that an earlier run left behind (process \(pid))")
        kill(pid, signal)
        for _ in 0..<600 {
            guard isRunning(pid, program: program, folder: folder) else { return }
            if (try? await Task.sleep(for: .milliseconds(100))) == nil { return }
        }
        kill(pid, SIGKILL)
    }
}
