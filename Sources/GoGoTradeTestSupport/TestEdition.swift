package import LocalEngine

/// An edition of TimescaleDB that store tests run against.
package struct TestEdition: Sendable, Hashable, CustomStringConvertible {
    package let programs: ServerPrograms

    /// The editions on this machine: the newest Community and the newest Apache one.
    package static let available: [TestEdition] = {
        let all = ServerPrograms.available()
        return [all.first { $0.isCommunity }, all.first { !$0.isCommunity }].compactMap(\.self).map {
            TestEdition(programs: $0)
        }
    }()

    /// What was found, and what could not be tested for want of it.
    package static var summary: String {
        let found = available.map(\.description).joined(separator: "; ")
        var missing: [String] = []
        if !available.contains(where: { $0.programs.isCommunity }) { missing.append("Community edition: NOT TESTED") }
        if !available.contains(where: { !$0.programs.isCommunity }) { missing.append("Apache edition: NOT TESTED") }
        return (["store tests run on " + (found.isEmpty ? "nothing" : found)] + missing).joined(separator: "; ")
    }

    package var isCommunity: Bool { programs.isCommunity }
    /// TimescaleDB's version, such as 2.19.3.
    package var timescaleVersion: String { programs.timescaleVersion }
    /// PostgreSQL's major version, such as 17.
    package var majorVersion: Int { programs.majorVersion }
    package var description: String { programs.title }
}
