internal import FoundationEssentials
internal import Glibc

/// Small files and folders with exact permissions.
enum TextFile {
    static func read(_ path: String) -> String? {
        try? String(contentsOfFile: path, encoding: .utf8)
    }

    /// Writes a file whole or not at all: a temporary file beside it, synced, then renamed.
    ///
    /// - Throws: ``EngineError`` `.home` with the path and the system's reason.
    static func write(_ text: String, to path: String, mode: mode_t = 0o600, owner: SystemUser? = nil)
        throws(EngineError)
    {
        let temporary = path + ".new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw failure("cannot write \(temporary)") }
        defer { close(descriptor) }
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw failure("cannot write \(temporary)") }
            bytes = bytes.dropFirst(count)
        }
        if let owner, fchown(descriptor, owner.userID, owner.groupID) != 0 {
            throw failure("cannot give \(temporary) to its owner")
        }
        guard fsync(descriptor) == 0, rename(temporary, path) == 0 else { throw failure("cannot write \(path)") }
    }

    /// Makes a folder, with those above it, when it is not there.
    ///
    /// - Throws: ``EngineError`` `.home`.
    static func makeFolder(_ path: String, mode: mode_t, owner: SystemUser? = nil) throws(EngineError) {
        var isNew = false
        if mkdir(path, mode) == 0 {
            isNew = true
        } else if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex {
            try makeFolder(String(path[..<slash]), mode: 0o755)
            guard mkdir(path, mode) == 0 else { throw failure("cannot make the folder \(path)") }
            isNew = true
        } else if errno != EEXIST {
            throw failure("cannot make the folder \(path)")
        }
        if isNew, let owner, chown(path, owner.userID, owner.groupID) != 0 {
            throw failure("cannot give the folder \(path) to its owner")
        }
        guard access(path, W_OK | X_OK) == 0 else {
            throw failure("the folder \(path) cannot be used by this user; choose another one with --home")
        }
    }

    /// Refuses a folder that somebody else made, or may look into: under /tmp, anyone can be faster than we.
    ///
    /// - Throws: ``EngineError`` `.home`.
    static func checkPrivate(_ path: String, owner: SystemUser? = nil) throws(EngineError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw failure("cannot look at the folder \(path)") }
        guard status.st_mode & S_IFMT == S_IFDIR, status.st_mode & 0o077 == 0,
            status.st_uid == owner?.userID ?? geteuid()
        else {
            throw EngineError(
                .home,
                "the folder \(path) must belong to us alone (mode 0700): remove it, or choose another one with --home"
            )
        }
    }

    static func tail(_ path: String, lines: Int) -> String {
        let text = read(path) ?? ""
        return text.split(separator: "\n").suffix(lines).map { "    " + $0 }.joined(separator: "\n")
    }

    private static func failure(_ what: String) -> EngineError {
        EngineError(.home, "\(what): \(String(cString: strerror(errno)))")
    }
}
