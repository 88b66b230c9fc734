import RedisClient
import Testing

@Suite("Redis addresses and settings")
struct RedisConfigurationTests {
    struct URLCase: Sendable, CustomTestStringConvertible {
        let url: String
        let address: RedisAddress
        var username: String?
        var password: String?
        var database = 0
        var testDescription: String { url }
    }

    @Test(
        "every form of URL is read",
        arguments: [
            URLCase(url: "redis://localhost", address: .tcp(host: "localhost", port: 6379)),
            URLCase(url: "REDIS://cache.example-1.in:6380/", address: .tcp(host: "cache.example-1.in", port: 6380)),
            URLCase(url: "redis://localhost:6379/15", address: .tcp(host: "localhost", port: 6379), database: 15),
            URLCase(url: "redis://localhost?db=3", address: .tcp(host: "localhost", port: 6379), database: 3),
            URLCase(url: "redis://:pw@h", address: .tcp(host: "h", port: 6379), password: "pw"),
            URLCase(
                url: "redis://u:pw@h/1",
                address: .tcp(host: "h", port: 6379),
                username: "u",
                password: "pw",
                database: 1
            ),
            URLCase(url: "redis://u:@h", address: .tcp(host: "h", port: 6379), username: "u", password: ""),
            URLCase(url: "redis://:@h", address: .tcp(host: "h", port: 6379)),
            URLCase(url: "redis://:a:b@h", address: .tcp(host: "h", port: 6379), password: "a:b"),
            URLCase(
                url: "redis://us%40er:p%2Fa%3As%25s%C3%A9@h:1",
                address: .tcp(host: "h", port: 1),
                username: "us@er",
                password: "p/a:s%sé"
            ),
            URLCase(url: "redis://[::1]:7000/2", address: .tcp(host: "::1", port: 7000), database: 2),
            URLCase(url: "redis://[fe80::1]", address: .tcp(host: "fe80::1", port: 6379)),
            URLCase(
                url: "redis://h?username=u&password=p%26q",
                address: .tcp(host: "h", port: 6379),
                username: "u",
                password: "p&q"
            ),
            URLCase(url: "unix:///run/redis.sock", address: .unixSocket(path: "/run/redis.sock")),
            URLCase(url: "unix:///run/a%20b.sock?db=2", address: .unixSocket(path: "/run/a b.sock"), database: 2),
            URLCase(
                url: "redis+unix:///run/r.sock?db=4&password=s%23",
                address: .unixSocket(path: "/run/r.sock"),
                password: "s#",
                database: 4
            ),
            URLCase(
                url: "redis+unix://u:pw@/r.sock",
                address: .unixSocket(path: "/r.sock"),
                username: "u",
                password: "pw"
            ),
        ]
    )
    func readsURL(expected: URLCase) throws {
        let configuration = try RedisConfiguration(url: expected.url)
        #expect(configuration.address == expected.address)
        #expect(configuration.username == expected.username)
        #expect(configuration.password?.revealed == expected.password)
        #expect(configuration.database == expected.database)
        #expect(configuration.connectTimeout == .seconds(5))
        #expect(configuration.commandTimeout == .seconds(10))
    }

    @Test(
        "a bad URL is refused with the part that is wrong, and without a piece of the password",
        arguments: [
            ("", "does not begin"), ("canary", "does not begin"), ("localhost:6379", "does not begin"),
            ("http://canary", "scheme"), ("rediss://:canary@h", "TLS"), ("redis://", "no host"),
            ("redis:///0", "no host"), ("redis://:6379", "no host"), ("redis://canary@h", "no colon"),
            ("redis://h:", "port"), ("redis://h:0", "port"), ("redis://h:65536", "port"), ("redis://h:canary", "port"),
            ("redis://h:-1", "port"), ("redis://[::1", "not closed"), ("redis://[::1]x", "port"),
            ("redis://[canary]", "host"),
            ("redis://can$ary", "host"), ("redis://h/canary", "database"), ("redis://h/-1", "database"),
            ("redis://h/1/2", "database"), ("redis://h/9999999999", "database"), ("redis://h/1?db=1", "twice"),
            ("redis://h?canary=1", "option"), ("redis://h?db", "option"), ("redis://h?db=1&db=2", "twice"),
            ("redis://u:canary@h?password=x", "twice"), ("redis://:%zz@h", "password"),
            ("redis://:canary%2@h", "password"),
            ("redis://:%ff@h", "password"), ("redis://:%00@h", "password"), ("redis://%0:p@h", "user name"),
            ("redis://:can ary@h", "percent-encoded"), ("redis://:canary#@h", "percent-encoded"),
            ("redis://:canäry@h", "percent-encoded"), ("redis://:can/ary@h:6379", "no host"),
            ("redis://u:can/ary@h", "port"), ("redis://u:1/canary@h", "database"), ("redis://:can?ary@h", "option"),
            ("unix://canary", "three slashes"), ("unix://", "three slashes"), ("unix:///", "three slashes"),
            ("unix:///\(String(repeating: "x", count: 200))", "107"), ("redis+unix:///a?db=x", "database"),
            ("redis://h?username=u", "without a password"),
        ]
    )
    func refusesURL(url: String, part: String) throws {
        let error = try #require(throws: RedisError.self) { _ = try RedisConfiguration(url: url) }
        #expect(error.code == .invalidAddress)
        #expect(error.message.contains(part), "\(error)")
        for shown in ["\(error)", String(reflecting: error)] {
            #expect(!shown.contains("canary") && !shown.contains("ary@") && !shown.contains(":can"))
        }
    }

    @Test("all faults of a configuration are reported at once")
    func reportsAllFaults() throws {
        var configuration = RedisConfiguration(address: .tcp(host: "", port: 0), database: -1)
        configuration.username = "u"
        configuration.connectTimeout = .zero
        configuration.commandTimeout = .seconds(-1)
        configuration.maximumReplyBytes = 0
        configuration.maximumPendingCommands = 0
        configuration.maximumPendingBytes = 0
        configuration.reconnectDelay = .zero ... .zero
        let error = try #require(throws: RedisError.self) { try configuration.validate() }
        #expect(error.code == .invalidArgument)
        #expect(error.message.split(separator: ";").count == 10, "\(error)")
    }

    @Test("a relative or too long socket path is a fault")
    func refusesPaths() {
        for path in ["relative", "/" + String(repeating: "x", count: 107)] {
            let configuration = RedisConfiguration(address: .unixSocket(path: path))
            #expect(throws: RedisError.self) { try configuration.validate() }
        }
        let longest = RedisConfiguration(address: .unixSocket(path: "/" + String(repeating: "x", count: 106)))
        #expect(throws: Never.self) { try longest.validate() }
    }
}
