/// How a private Redis server is configured.
///
/// Two of them run: their duties need opposite settings.
enum RedisServer: String, CaseIterable {
    /// The tick log and the event streams: kept on disk, never evicted.
    case log
    /// Live prices and caches: may be lost.
    case cache

    func configuration(socket: String, folder: String, pidFile: String, password: String) -> String {
        var lines = [
            "port 0",
            "unixsocket \(socket)",
            "unixsocketperm 700",
            "dir \(folder)",
            "pidfile \(pidFile)",
            "daemonize no",
            "requirepass \(password)",
            "loglevel notice",
            "save \"\"",
            "client-output-buffer-limit pubsub 256mb 64mb 60",
        ]
        switch self {
        case .log:
            lines += [
                "appendonly yes", "appendfsync everysec", "auto-aof-rewrite-min-size 256mb",
                "maxmemory-policy noeviction",
            ]
        case .cache:
            lines += ["appendonly no", "maxmemory 512mb", "maxmemory-policy allkeys-lru"]
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
