/// How to reach one Redis server, and the limits kept with it.
package struct RedisConfiguration: Sendable {
    /// Where the server listens.
    package var address: RedisAddress
    /// The ACL user, or nil for the server's default user.
    package var username: String?
    /// The password, or nil where the server asks for none.
    package var password: RedisSecret?
    /// The number of the database, 0 unless said otherwise.
    package var database: Int
    /// The longest that name resolution, connecting and logging in may take together.
    package var connectTimeout: Duration
    /// The longest that a batch may wait for its last reply.
    package var commandTimeout: Duration
    /// The largest reply accepted, in bytes of the protocol.
    package var maximumReplyBytes: Int
    /// The most commands that may wait for their replies on one connection; what would go beyond is refused with
    /// `.overloaded`.
    ///
    /// A batch that is larger by itself is accepted while nothing else waits.
    package var maximumPendingCommands: Int
    /// The most bytes of commands that may wait for their replies on one connection; as ``maximumPendingCommands``.
    package var maximumPendingBytes: Int
    /// The wait before trying again to connect: doubled with each failure from the lower bound up to the upper, and
    /// jittered.
    package var reconnectDelay: ClosedRange<Duration>

    /// Makes a configuration with documented defaults; ``validate()`` checks it.
    package init(
        address: RedisAddress,
        username: String? = nil,
        password: RedisSecret? = nil,
        database: Int = 0,
        connectTimeout: Duration = .seconds(5),
        commandTimeout: Duration = .seconds(10),
        maximumReplyBytes: Int = 512 << 20,
        maximumPendingCommands: Int = 1 << 17,
        maximumPendingBytes: Int = 256 << 20,
        reconnectDelay: ClosedRange<Duration> = .milliseconds(50)...(.seconds(2))
    ) {
        self.address = address
        self.username = username
        self.password = password
        self.database = database
        self.connectTimeout = connectTimeout
        self.commandTimeout = commandTimeout
        self.maximumReplyBytes = maximumReplyBytes
        self.maximumPendingCommands = maximumPendingCommands
        self.maximumPendingBytes = maximumPendingBytes
        self.reconnectDelay = reconnectDelay
    }

    /// Checks every setting and reports all faults at once; each connection attempt calls it.
    ///
    /// - Throws: ``RedisError`` `.invalidArgument`, naming the settings.
    package func validate() throws(RedisError) {
        var faults: [String] = []
        switch address {
        case .tcp(let host, let port):
            if host.isEmpty { faults.append("the host is empty") }
            if !(1...65_535).contains(port) { faults.append("the port is not in 1...65535") }
        case .unixSocket(let path):
            if !path.hasPrefix("/") { faults.append("the socket path is not absolute") }
            if path.utf8.count > 107 { faults.append("the socket path is longer than 107 bytes") }
        }
        if username?.isEmpty == true { faults.append("the user name is empty") }
        if username != nil, password == nil { faults.append("a user name without a password") }
        if database < 0 { faults.append("the database number is negative") }
        if connectTimeout <= .zero { faults.append("the connect timeout is not positive") }
        if commandTimeout <= .zero { faults.append("the command timeout is not positive") }
        if maximumReplyBytes < 1 { faults.append("the maximum reply size is not positive") }
        if maximumPendingCommands < 1 { faults.append("the maximum of pending commands is not positive") }
        if maximumPendingBytes < 1 { faults.append("the maximum of pending bytes is not positive") }
        if reconnectDelay.lowerBound <= .zero { faults.append("the reconnect delay is not positive") }
        guard faults.isEmpty else {
            throw RedisError(
                code: .invalidArgument,
                message: "The Redis settings cannot be used: \(faults.joined(separator: "; "))"
            )
        }
    }
}

extension RedisConfiguration: CustomStringConvertible, CustomDebugStringConvertible {
    /// The address and the database, nothing else.
    package var description: String { "Redis at \(address), database \(database)" }

    /// The same as ``description``.
    package var debugDescription: String { description }
}
