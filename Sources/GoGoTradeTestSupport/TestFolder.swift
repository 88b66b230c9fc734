internal import FoundationEssentials
internal import Glibc
package import LocalEngine
internal import Synchronization

/// Temporary folders and servers of the tests, removed and stopped when the process ends.
package enum TestFolder {
    private struct Cleanup {
        var folders: [String] = []
        var processes: [Int32] = []
        var isRegistered = false
    }

    private static let cleanup = Mutex(Cleanup())
    private static let prefix = "gogotrade-test."

    /// Makes a folder with a short path (sockets lie below it) that every user may pass through, for the servers run
    /// as a user of their own when the tests are run by root.
    package static func make(_ name: String) throws -> String {
        register()
        let path = "/tmp/\(prefix)\(getpid()).\(String(UInt32.random(in: 0...UInt32.max), radix: 36)).\(name)"
        guard mkdir(path, 0o755) == 0 else { throw TestSupportError("cannot make \(path)") }
        if SystemUser.isRoot {
            let user = try SystemUser.find()
            guard chown(path, user.userID, user.groupID) == 0 else {
                throw TestSupportError("cannot give \(path) away")
            }
        }
        cleanup.withLock { $0.folders.append(path) }
        return path
    }

    /// Stops the engine's servers when the process ends.
    package static func stopAtExit(_ engine: LocalEngine) {
        let processes = Array(engine.processIDs.values)
        cleanup.withLock { $0.processes += processes }
    }

    private static func register() {
        let isFirst = cleanup.withLock { cleanup in
            defer { cleanup.isRegistered = true }
            return !cleanup.isRegistered
        }
        guard isFirst else { return }
        removeLeftovers()
        atexit {
            let (processes, folders) = TestFolder.cleanup.withLock { ($0.processes, $0.folders) }
            // Nothing in these servers is worth keeping: SIGQUIT is PostgreSQL's immediate shutdown.
            for process in processes { kill(process, SIGQUIT) }
            for process in processes { waitpid(process, nil, 0) }
            TestFolder.remove(folders)
        }
    }

    /// Removes what test processes that were killed have left behind.
    private static func removeLeftovers() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/tmp")) ?? []
        let leftovers = names.filter { name in
            guard name.hasPrefix(prefix) else { return false }
            let owner = name.dropFirst(prefix.count).prefix { $0 != "." }
            guard let process = pid_t(owner) else { return false }
            return kill(process, 0) != 0 && errno == ESRCH
        }
        remove(leftovers.map { "/tmp/" + $0 })
    }

    /// Removes folders of tests, and ends the servers that still work in them.
    private static func remove(_ folders: [String]) {
        guard !folders.isEmpty else { return }
        let roots = folders.map { $0 + "/" }
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let process = pid_t(name), process != getpid(), let path = realpath("/proc/\(name)/cwd", nil) else {
                continue
            }
            let place = String(cString: path)
            free(path)
            if roots.contains(where: { place.hasPrefix($0) }) { kill(process, SIGKILL) }
        }
        for folder in folders { try? FileManager.default.removeItem(atPath: folder) }
    }
}
