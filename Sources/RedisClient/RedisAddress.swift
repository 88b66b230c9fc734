/// Where a Redis server listens.
package enum RedisAddress: Sendable, Hashable, CustomStringConvertible {
    /// A host name or IP address, and a port.
    case tcp(host: String, port: Int)
    /// The absolute path of a unix domain socket, at most 107 bytes on Linux.
    case unixSocket(path: String)

    /// `host:port` or the path.
    package var description: String {
        switch self {
        case .tcp(let host, let port): host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unixSocket(let path): path
        }
    }
}
