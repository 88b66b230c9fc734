extension RedisConfiguration {
    /// Reads an address as it stands in REDIS_URL.
    ///
    /// Forms: `redis://[[user]:password@]host[:port][/database]`, `unix:///path` and `redis+unix:///path`, the latter
    /// two with user information before the path or in the query; every form takes the options `db`, `username` and
    /// `password` in its query. User information, path and options may be percent-encoded.
    ///
    /// - Throws: ``RedisError`` `.invalidAddress`, naming the part that is wrong; no text of the URL is repeated,
    ///   because a misplaced separator makes part of a password look like a host.
    package init(url: String) throws(RedisError) {
        let parts = try RedisURLParts(url)
        let address: RedisAddress
        switch parts.scheme {
        case "redis": address = .tcp(host: try parts.host(), port: try parts.port())
        case "unix", "redis+unix": address = .unixSocket(path: try parts.socketPath())
        case "rediss":
            throw .url("rediss:// asks for TLS, which this version does not have; use redis:// on a private network")
        default:
            throw .url("the scheme is none of redis://, unix:// and redis+unix://")
        }
        self.init(address: address)
        (username, password) = try parts.credentials()
        if let number = try parts.database() { database = number }
        do {
            try validate()
        } catch {
            throw RedisError(code: .invalidAddress, message: error.message)
        }
    }
}

/// The pieces of a URL, cut but not yet judged.
private struct RedisURLParts {
    let scheme: String
    private let userInfo: Substring?
    private let authority: Substring
    private let path: Substring
    private let options: [String: String]

    init(_ url: String) throws(RedisError) {
        let isPlain = url.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        guard isPlain, !url.contains("#") else {
            throw .url("it holds a space, # or another character that has to be percent-encoded")
        }
        guard let separator = url.firstIndex(of: ":"), url[separator...].hasPrefix("://") else {
            throw .url("it does not begin with redis://, unix:// or redis+unix://")
        }
        scheme = url[..<separator].lowercased()
        let rest = url[url.index(separator, offsetBy: 3)...]
        let hierarchy = rest.prefix { $0 != "?" }
        options = try Self.options(rest.dropFirst(hierarchy.count + 1))
        let place = hierarchy.prefix { $0 != "/" }
        path = hierarchy.dropFirst(place.count)
        if let at = place.lastIndex(of: "@") {
            userInfo = place[..<at]
            authority = place[place.index(after: at)...]
        } else {
            userInfo = nil
            authority = place
        }
    }

    func host() throws(RedisError) -> String {
        let name: Substring
        let isAllowed: (UInt8) -> Bool
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { throw .url("the IPv6 address is not closed with ]") }
            name = authority[authority.index(after: authority.startIndex)..<end]
            isAllowed = { $0.isHexadecimal || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") }
        } else {
            name = authority.prefix { $0 != ":" }
            isAllowed = { $0.isLetterOrDigit || "-._".utf8.contains($0) }
        }
        guard !name.isEmpty else { throw .url("it names no host") }
        guard name.utf8.allSatisfy(isAllowed) else {
            throw .url("the host is not a name or an address (percent-encode / @ : ? # % in a password)")
        }
        return String(name)
    }

    func port() throws(RedisError) -> Int {
        let isBracketed = authority.hasPrefix("[")
        let afterHost = isBracketed ? authority.drop { $0 != "]" }.dropFirst() : authority.drop { $0 != ":" }
        guard !afterHost.isEmpty else { return 6379 }
        guard afterHost.hasPrefix(":"), let port = afterHost.dropFirst().decimal, (1...65_535).contains(port) else {
            throw .url("the port is not a number in 1...65535 (percent-encode / @ : ? # % in a password)")
        }
        return port
    }

    func socketPath() throws(RedisError) -> String {
        guard authority.isEmpty, path.count > 1 else {
            throw .url("the path of the unix socket is not absolute: write three slashes, unix:///path")
        }
        return try Self.decoded(path, part: "path")
    }

    func credentials() throws(RedisError) -> (username: String?, password: RedisSecret?) {
        var username = options["username"]
        var password = options["password"]
        if let userInfo {
            guard username == nil, password == nil else {
                throw .url("user name and password are given twice, before the @ and as options")
            }
            guard let colon = userInfo.firstIndex(of: ":") else {
                throw .url("there is no colon before the @: write :PASSWORD@ for a password, USER:PASSWORD@ for both")
            }
            username = try Self.decoded(userInfo[..<colon], part: "user name")
            password = try Self.decoded(userInfo[userInfo.index(after: colon)...], part: "password")
        }
        if username?.isEmpty == true { username = nil }
        if username == nil, password?.isEmpty == true { password = nil }
        return (username, password.map(RedisSecret.init))
    }

    func database() throws(RedisError) -> Int? {
        let inPath = scheme == "redis" ? path.dropFirst() : ""
        guard inPath.isEmpty || options["db"] == nil else { throw .url("the database number is given twice") }
        guard let text = inPath.isEmpty ? options["db"].map({ $0[...] }) : inPath else { return nil }
        guard let number = text.decimal else {
            throw .url("the database number is not a number (percent-encode / @ : ? # % in a password)")
        }
        return number
    }

    private static func options(_ query: Substring) throws(RedisError) -> [String: String] {
        var options: [String: String] = [:]
        for option in query.split(separator: "&") {
            let name = option.prefix { $0 != "=" }
            guard ["db", "username", "password"].contains(name), option.count > name.count else {
                throw .url("an option is none of db=, username= and password=")
            }
            let value = try decoded(option.dropFirst(name.count + 1), part: "option")
            guard options.updateValue(value, forKey: String(name)) == nil else {
                throw .url("an option is given twice")
            }
        }
        return options
    }

    private static func decoded(_ text: Substring, part: String) throws(RedisError) -> String {
        guard let decoded = text.percentDecoded else {
            throw .url("the \(part) holds a % without two hexadecimal digits of UTF-8 after it (write %25 for %)")
        }
        return decoded
    }
}

extension RedisError {
    fileprivate static func url(_ fault: String) -> RedisError {
        RedisError(code: .invalidAddress, message: "The Redis URL cannot be used: \(fault)")
    }
}

extension Substring {
    /// The number this text is, if it is nothing but up to nine decimal digits.
    fileprivate var decimal: Int? {
        utf8.count <= 9 && utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(self) : nil
    }

    fileprivate var percentDecoded: String? {
        var bytes: [UInt8] = []
        var rest = utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst()?.hexadecimalValue, let low = rest.popFirst()?.hexadecimalValue else {
                return nil
            }
            let decoded = high << 4 | low
            guard decoded != 0 else { return nil }
            bytes.append(decoded)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

extension UInt8 {
    fileprivate var hexadecimalValue: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x37
        case 0x61...0x66: self - 0x57
        default: nil
        }
    }

    fileprivate var isHexadecimal: Bool { hexadecimalValue != nil }

    fileprivate var isLetterOrDigit: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }
}
