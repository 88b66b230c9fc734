import GoGoTradeTestSupport
import Testing

@Suite("The Host header")
struct HostTests {
    static let ours = [
        "127.0.0.1", "127.0.0.1:8080", "localhost", "LocalHost:1", "[::1]", "[::1]:8080", "localhost:65535",
    ]
    static let others = [
        "example.com", "localhost.example.com", "127.0.0.1.example.com:8080", "192.168.1.1", "127.0.0.2", "0.0.0.0",
        "[::2]", "[::1", "::1", "[::1]example.com", "localhost:8080.example.com", "localhost:80:80", "user@localhost",
        "localhost@example.com", "localhost,example.com", "",
    ]

    @Test("names of this machine are answered, with and without a port", arguments: TestEdition.available)
    func accepted(_ edition: TestEdition) async throws {
        let site = try await GatewaySites.shared.site(edition)
        try await site.withGateway { client in
            for host in Self.ours + ["127.0.0.1:\(client.port)"] {
                let answer = try await client.raw("/api/v1/instruments?limit=1", host: host)
                #expect(try answer.array("instruments").count == 1, "\(host)")
            }
        }
    }

    @Test("every other name is refused in every route, against DNS rebinding", arguments: TestEdition.available)
    func refused(_ edition: TestEdition) async throws {
        let site = try await GatewaySites.shared.site(edition)
        try await site.withGateway { client in
            for host in Self.others {
                let answer = try await client.raw("/api/v1/instruments?limit=1", host: host)
                try answer.expectError(421, "wrong_host", mentioning: "localhost", "\(host)")
            }
            for target in ["/healthz", "/readyz", "/api/v1/status", "/api/v1/prices", "/nowhere"] {
                let answer = try await client.raw(target, host: "example.com")
                try answer.expectError(421, "wrong_host", mentioning: "localhost", "\(target)")
            }
            let nameless = try await client.raw("/api/v1/instruments", host: nil)
            try nameless.expectError(421, "wrong_host", mentioning: "localhost")
        }
    }
}
