import PostgresClient
import Testing

@Suite("Where the server is: URLs")
struct PostgresConfigurationTests {
    @Test(
        "every usual form of a URL is the same place",
        arguments: [
            "postgresql://anna:geheim@db.example:6543/market?sslmode=require",
            "postgres://anna:geheim@db.example:6543/market?sslmode=require",
            "postgresql+asyncpg://anna:geheim@db.example:6543/market?ssl=require",
            "postgresql+psycopg://anna:geheim@db.example:6543/market?connect_timeout=10&ssl=require",
            "postgresql://anna:geheim@db.example:6543/market?ssl=true",
            "postgresql://db.example:6543/market?user=anna&password=geheim&sslmode=require",
            "postgresql://%61nna:%67eheim@db.example:6543/market?sslmode=require",
            "host=db.example port=6543 dbname=market user=anna password=geheim sslmode=require",
            "host=db.example port=6543 dbname=market user='anna' password='geheim' sslmode = require",
        ]
    )
    func forms(url: String) throws {
        let configuration = try PostgresConfiguration(url: url)
        var keywords = configuration.keywords
        keywords["connect_timeout"] = nil
        let expected = [
            "host": "db.example", "port": "6543", "dbname": "market", "user": "anna", "sslmode": "require",
        ]
        #expect(keywords == expected)
        #expect(configuration.password?.exposed == "geheim")
        #expect(configuration.database == "market")
        #expect("\(configuration)" == "db.example:6543/market as anna")
    }

    @Test("special characters are percent-decoded, in password, user, database and socket folder")
    func percentEncoding() throws {
        let configuration = try PostgresConfiguration(
            url: "postgresql://a%40b:p%40s%2Fs%3Aw%25%20%E2%82%B9@%2Frun%2Fpg/m%2Fx"
        )
        #expect(configuration.password?.exposed == "p@s/s:w% ₹")
        #expect(configuration.keywords["user"] == "a@b")
        #expect(configuration.keywords["host"] == "/run/pg")
        #expect(configuration.database == "m/x")
    }

    @Test("several hosts, IPv6, no password, nothing at all")
    func otherForms() throws {
        let several = try PostgresConfiguration(url: "postgresql://u@one:1,two:2/d?target_session_attrs=read-write")
        #expect(several.keywords["host"] == "one,two")
        #expect(several.keywords["port"] == "1,2")
        #expect(several.password == nil)
        #expect(try PostgresConfiguration(url: "postgresql://u@[::1]:5433/d").keywords["host"] == "::1")
        #expect(try PostgresConfiguration(url: "postgresql://").keywords == [:])
        #expect(try PostgresConfiguration(url: "postgresql:///d?host=/run/pg").database == "d")
    }

    @Test("another database on the same server")
    func withDatabase() throws {
        let configuration = try PostgresConfiguration(url: "postgresql://u:p@h/d").withDatabase("e")
        #expect(configuration.database == "e")
        #expect(configuration.password?.exposed == "p")
    }

    @Test(
        "a malformed URL is refused, and the message has no part of it",
        arguments: [
            "mysql://canary:canary@canary/canary", "canary", "postgresql://u:canary@ss@host/db",
            "postgresql://u:canary/ss@host/db", "postgresql://u:12/canary@host/db", "postgresql://u:ca%zznary@h/d",
            "postgresql://u:p@canary:canary/d", "postgresql://u:p@h:99999/canary", "postgresql://u:p@h/d?canary=1",
            "postgresql://u:canary/12?ss@h/d", "postgresql+asyncpg:/canary", "host=h password='canary",
            "host=h canary=1", "postgresql://[canary/d", "host=h port=canary",
        ]
    )
    func malformed(url: String) throws {
        let error = #expect(throws: PostgresError.self) { try PostgresConfiguration(url: url) }
        let shown = printed(try #require(error))
        #expect(error?.code == .invalidConfiguration)
        #expect(!shown.contains("canary"))
        #expect(!shown.contains("nary"))
    }
}
