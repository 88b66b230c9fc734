internal import FoundationEssentials

/// The shared test data: market data and captured frames that are not part of the product.
///
/// Tests that need it are enabled where the folder is, and say that they were skipped elsewhere.
package enum SharedData {
    /// `GOGOTRADE_SHARED`, else the folder `shared` beside the checkout.
    package static let folder: String? = {
        if let given = ProcessInfo.processInfo.environment["GOGOTRADE_SHARED"], !given.isEmpty { return given }
        let checkout = #filePath.split(separator: "/").dropLast(3)
        let beside = "/" + checkout.dropLast().joined(separator: "/") + "/shared"
        return FileManager.default.fileExists(atPath: beside + "/vectors") ? beside : nil
    }()

    package static var isAvailable: Bool { folder != nil }

    /// What a skipped suite says.
    package static let reason = "no shared test data (set GOGOTRADE_SHARED)"

    /// The path of a file in the folder.
    package static func path(_ name: String) throws -> String {
        guard let folder else { throw TestSupportError("no shared test data") }
        return folder + "/" + name
    }

    /// A text file of the folder.
    package static func text(_ name: String) throws -> String {
        try String(contentsOfFile: path(name), encoding: .utf8)
    }
}

/// A test's surroundings are not as they must be.
package struct TestSupportError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
