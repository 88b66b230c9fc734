/// How one role of the program is doing, for `status` and for people.
package struct RoleReport: Sendable {
    /// The role's name: `feed`, `record` or `serve`.
    package let name: String
    /// True while the role does its work.
    package let isReady: Bool
    /// A few words: what it does, or what it waits for.
    package let detail: String

    package init(name: String, isReady: Bool, detail: String) {
        self.name = name
        self.isReady = isReady
        self.detail = detail
    }
}
