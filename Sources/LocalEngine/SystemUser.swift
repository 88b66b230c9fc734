internal import CPosix
internal import Glibc

/// The user whose servers and data these are when the program is started by root.
package struct SystemUser: Sendable {
    package static let name = "gogotrade"

    package let userID: UInt32
    package let groupID: UInt32
    package let homeFolder: String

    package static var isRoot: Bool { geteuid() == 0 }

    /// The user that the set-up made.
    ///
    /// Servers never run as root.
    ///
    /// - Throws: ``EngineError`` `.user` when there is none.
    package static func find() throws(EngineError) -> SystemUser {
        guard let entry = getpwnam(name) else {
            throw EngineError(
                .user,
                "started by root, but there is no system user '\(name)' to run the servers: run scripts/setup once, "
                    + "or start as an ordinary user"
            )
        }
        return SystemUser(
            userID: entry.pointee.pw_uid,
            groupID: entry.pointee.pw_gid,
            homeFolder: String(cString: entry.pointee.pw_dir)
        )
    }

    /// Gives up root for the whole program, for good.
    ///
    /// Call it before anything is written that the user must be able to change.
    ///
    /// - Throws: ``EngineError`` `.user`.
    package static func become(_ user: SystemUser) throws(EngineError) {
        let failure = cposix_become_user(name, user.userID, user.groupID)
        guard failure == 0 else {
            throw EngineError(.user, "cannot become the user '\(name)': \(String(cString: strerror(failure)))")
        }
        setenv("HOME", user.homeFolder, 1)
        setenv("USER", name, 1)
        if chdir(user.homeFolder) != 0 { chdir("/") }
    }
}
