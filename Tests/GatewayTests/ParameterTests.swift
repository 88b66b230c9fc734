import GoGoTradeTestSupport
import Testing

@Suite("Bad requests over HTTP")
struct ParameterTests {
    /// Targets below /api/v1, and what the message has to name.
    static let faults: [(target: String, named: String)] =
        unknown + repeated + numbers + times + names + encodings

    static let unknown = [
        ("instruments?nonsense=1", "'nonsense'"), ("instruments?Limit=1", "'Limit'"), ("instruments?=1", "''"),
        ("instruments/NSE:INFY?limit=1", "'limit'"), ("candles/NSE:INFY?as_of=2026-09-01", "'as_of'"),
        ("candles/NSE:INFY?forming=1", "'forming'"), ("prices?symbol=NSE:INFY", "'symbol'"), ("status?x=1", "'x'"),
    ]
    static let repeated = [
        ("instruments?limit=1&limit=1", "'limit'"), ("instruments?query=A&exchange=NSE&query=A", "'query'"),
        ("candles/NSE:INFY?from=2026-09-01&from=2026-09-01", "'from'"),
    ]
    static let numbers =
        ["0", "1001", "-1", "x", "", "1.5", "1e2", "99999999999999999999", "%201"].map {
            ("instruments?limit=\($0)", "'limit'")
        } + ["0", "10001", "-5", ""].map { ("candles/NSE:INFY?limit=\($0)", "'limit'") }
    static let times =
        ["yesterday", "", "2026-02-30", "2026-09-01T25:00:00Z", "2026-09-01T09:15:00Zjunk", "1788234300", "0000-01-01"]
        .flatMap { [("candles/NSE:INFY?from=\($0)", "'from'"), ("candles/NSE:INFY?to=\($0)", "'to'")] }
        + [
            ("candles/NSE:INFY?from=2026-09-01&to=2026-09-01", "'from'"),
            ("candles/NSE:INFY?from=2026-09-02&to=2026-09-01", "'from'"),
        ]
    static let names =
        ["2m", "1M", "", "1m%20"].map { ("candles/NSE:INFY?timeframe=\($0)", "'timeframe'") } + [
            ("instruments?type=BOND", "'type'"), ("instruments?type=", "'type'"), ("instruments/INFY", "'INFY'"),
            ("candles/INFY", "'INFY'"), ("candles/:INFY", "':INFY'"), ("candles/NSE:", "'NSE:'"),
            ("instruments/NSE:\(String(repeating: "X", count: 51))", "EXCHANGE:SYMBOL"),
            ("prices", "i="), ("prices?i=", "''"), ("prices?i=INFY", "'INFY'"), ("prices?i=NSE:INFY&i=X", "'X'"),
            ("prices?" + repeatElement("i=NSE:SILENT", count: 501).joined(separator: "&"), "501"),
        ]
    static let encodings =
        ["%", "%4", "%zz", "%+5", "%-1", "A%00B", "%FF", "%C3%28", "%E0%80%80"].map {
            ("instruments?query=\($0)", "'query'")
        } + [
            ("instruments?%zz=1", "'%zz'"), ("instruments/NSE:%zz", "name"), ("candles/NSE:A%00", "name"),
            ("prices?i=NSE:%zz", "'i'"),
        ]

    @Test("every bad parameter is refused with 400 and named", arguments: TestEdition.available)
    func parameters(_ edition: TestEdition) async throws {
        let site = try await GatewaySites.shared.site(edition)
        #expect(Self.faults.count > 50)
        try await site.withGateway { client in
            for (target, named) in Self.faults {
                let answer = try await client.raw("/api/v1/\(target)")
                try answer.expectError(400, "invalid_parameter", mentioning: named, "\(target.prefix(80))")
            }
        }
    }

    @Test("a route that is not there is 404 in the same shape, whatever the method", arguments: TestEdition.available)
    func routes(_ edition: TestEdition) async throws {
        let site = try await GatewaySites.shared.site(edition)
        try await site.withGateway { client in
            for target in ["/", "/api", "/api/v1", "/api/v2/status", "/api/v1/candles", "/api/v1/signals", "/metrics"] {
                let answer = try await client.get(target)
                try answer.expectError(404, "not_found", mentioning: "GET \(target)", "\(target)")
            }
            // Hummingbird tells a wrong method from a wrong path in nothing.
            for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
                let answer = try await client.get("/api/v1/status", method: method)
                try answer.expectError(404, "not_found", mentioning: "\(method) /api/v1/status", "\(method)")
            }
        }
    }
}
