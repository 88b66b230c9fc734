internal import CLibpq

/// Where a PostgreSQL server is and who we are there.
package struct PostgresConfiguration: Sendable {
    /// libpq's connection keywords but for the password: host, port, dbname, user, sslmode.
    package private(set) var keywords: [String: String]
    /// The password, where one is used.
    package var password: PostgresSecret?

    /// Settings made one by one, for a server on a unix socket folder or a host.
    package init(host: String, port: Int = 5432, database: String, user: String, password: PostgresSecret? = nil) {
        self.keywords = ["host": host, "port": String(port), "dbname": database, "user": user]
        self.password = password
    }

    /// Reads `postgresql://user:password@host:port/database?sslmode=…`, also with the scheme's driver suffixes of
    /// SQLAlchemy (`postgresql+asyncpg://`, `postgresql+psycopg://`), and libpq's `key=value` form.
    ///
    /// - Throws: ``PostgresError`` `.invalidConfiguration`; the message never repeats the text, which may hold a password.
    package init(url: String) throws(PostgresError) {
        var text = url
        if let end = url.firstRange(of: "://") {
            let scheme = url[..<end.lowerBound]
            let base = scheme.prefix { $0 != "+" }
            guard base == "postgresql" || base == "postgres" else {
                throw PostgresError(
                    .invalidConfiguration,
                    "the database URL must begin with postgresql:// (or postgresql+asyncpg://, postgresql+psycopg://)"
                )
            }
            // A password with an unencoded @ or / would be taken for a part of the host, and show up in messages.
            let front = url[end.upperBound...].prefix { $0 != "?" }
            let parts = front.split(separator: "@", omittingEmptySubsequences: false)
            guard parts.count <= 2, parts.count == 1 || !parts[0].contains("/") else { throw Self.malformedURL }
            text = "postgresql" + url[end.lowerBound...]
            text = text.replacing("?ssl=", with: "?sslmode=").replacing("&ssl=", with: "&sslmode=")
        }
        guard let options = PQconninfoParse(text, nil) else { throw Self.malformedURL }
        defer { PQconninfoFree(options) }
        var keywords: [String: String] = [:]
        var option = options
        while let name = option.pointee.keyword {
            if let value = option.pointee.val { keywords[String(cString: name)] = String(cString: value) }
            option += 1
        }
        // libpq reports a wrong port only when it connects, and then with the text: a part of a password, perhaps.
        let ports = (keywords["port"] ?? "").split(separator: ",")
        guard ports.allSatisfy({ UInt16($0) != nil }) else { throw Self.malformedURL }
        if keywords["sslmode"] == "true" { keywords["sslmode"] = "require" }
        self.password = keywords.removeValue(forKey: "password").map { PostgresSecret($0) }
        self.keywords = keywords
    }

    private static let malformedURL = PostgresError(
        .invalidConfiguration,
        "the database URL cannot be read: expected postgresql://user:password@host:port/database; "
            + "special characters in user and password must be percent-encoded"
    )

    /// The same server, another database.
    package func withDatabase(_ name: String) -> PostgresConfiguration {
        var copy = self
        copy.keywords["dbname"] = name
        return copy
    }

    /// The name of the database.
    package var database: String? { keywords["dbname"] }

    /// Everything that libpq is given.
    ///
    /// Time-outs make a dead peer show within seconds instead of never.
    func connectionKeywords() -> [(String, String)] {
        var all = [
            "application_name": "gogotrade",
            "client_encoding": "UTF8",
            "connect_timeout": "10",
            "keepalives_idle": "10",
            "keepalives_interval": "5",
            "keepalives_count": "3",
            "tcp_user_timeout": "25000",
        ]
        all.merge(keywords) { _, given in given }
        if let password { all["password"] = password.exposed }
        return all.sorted { $0.key < $1.key }
    }
}

extension PostgresConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// `host:port/database as user`; no password.
    package var description: String {
        let host = keywords["host"] ?? "(default socket)"
        let port = keywords["port"] ?? "5432"
        return "\(host):\(port)/\(keywords["dbname"] ?? "") as \(keywords["user"] ?? "")"
    }

    package var debugDescription: String { "PostgresConfiguration(\(description))" }
    /// Only what ``description`` shows: some of libpq's other keywords are secrets too.
    package var customMirror: Mirror { Mirror(self, children: ["server": description]) }
}
