internal import CLibpq

/// What went wrong between this program and PostgreSQL.
///
/// Safe to print and to log in every form: it holds no bound value, no row and no password.
package struct PostgresError: Error, Sendable {
    package enum Code: String, Sendable {
        /// No connection could be made.
        case connectionFailed
        /// The connection was lost; the fate of a statement under way is unknown.
        case connectionLost
        /// The server refused or aborted a statement; see `sqlState`.
        case server
        /// No connection of the pool came free in time.
        case poolTimeout
        /// The pool or the connection has been shut down.
        case closed
        /// A value has another type or shape than the caller expects.
        case decoding
        /// A setting or connection string is malformed.
        case invalidConfiguration
    }

    package let code: Code
    /// The server's five-character SQLSTATE, for ``Code/server``.
    package let sqlState: String?
    /// What happened and, where it helps, what to do.
    package let message: String
    /// The constraint that was violated, if any.
    package let constraint: String?

    package init(_ code: Code, _ message: String, sqlState: String? = nil, constraint: String? = nil) {
        self.code = code
        self.message = message
        self.sqlState = sqlState
        self.constraint = constraint
    }

    /// True when the same work can succeed if it is done again from its start: lost connections, serialisation
    /// failures, deadlocks, a server that restarts or is full.
    ///
    /// After ``Code/connectionLost`` the work may have been done already; only repeat what may happen twice.
    package var isRetryable: Bool {
        switch code {
        case .connectionFailed, .connectionLost, .poolTimeout: return true
        case .closed, .decoding, .invalidConfiguration: return false
        case .server:
            guard let sqlState else { return false }
            return ["40001", "40P01", "53300", "55P03", "57P01", "57P02", "57P03"].contains(sqlState)
                || sqlState.hasPrefix("08")
        }
    }
}

extension PostgresError: CustomStringConvertible, CustomDebugStringConvertible {
    package var description: String {
        var text = "PostgreSQL: \(message)"
        if let sqlState { text += " (SQLSTATE \(sqlState))" }
        return text
    }

    package var debugDescription: String {
        "PostgresError(\(code.rawValue), \(description))"
    }
}

extension PostgresError {
    /// The error of a result; DETAIL, CONTEXT and quoted values are left out, they can hold data.
    init(result: OpaquePointer) {
        let state = Self.field(result, "C")
        let primary = Self.field(result, "M") ?? "the server gave no reason"
        let constraint = Self.field(result, "n")
        let lost = state.map { $0.hasPrefix("57P0") || $0.hasPrefix("08") } ?? true
        self.init(
            state == nil && lost ? .connectionLost : .server,
            Self.withoutData(primary, sqlState: state),
            sqlState: state,
            constraint: constraint
        )
    }

    /// The error that a connection reports.
    init(connection: OpaquePointer, _ code: Code) {
        let text = String(cString: PQerrorMessage(connection))
        self.init(code, Self.firstLines(text))
    }

    private static func field(_ result: OpaquePointer, _ code: Character) -> String? {
        guard let ascii = code.asciiValue, let text = PQresultErrorField(result, Int32(ascii)) else { return nil }
        return String(cString: text)
    }

    /// Data exceptions (class 22) quote the offending value; the quotation is cut out.
    private static func withoutData(_ message: String, sqlState: String?) -> String {
        guard sqlState?.hasPrefix("22") ?? false, let quote = message.firstIndex(of: "\"") else { return message }
        return message[..<quote] + "(value not shown)"
    }

    private static func firstLines(_ text: String) -> String {
        text.split(separator: "\n").prefix(3).joined(separator: "; ")
    }
}
