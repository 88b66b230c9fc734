import GoGoTradeTestSupport
import Testing

@Suite("Candles over HTTP")
struct CandleRouteTests {
    static let day = "2026-09-01T03"
    static let infosys = "/api/v1/candles/NSE:INFY"

    @Test("JSON has exact prices and volumes, times in microseconds, null and flags", arguments: TestEdition.available)
    func json(_ edition: TestEdition) async throws {
        let site = try await GatewaySites.shared.site(edition)
        try await site.withGateway { client in
            let answer = try await client.get("\(Self.infosys)?to=\(Self.day):48:00Z")
            #expect(answer.status == 200)
            #expect(answer.type == "application/json; charset=utf-8")
            let expected =
                #"{"symbol":"NSE:INFY","timeframe":"1m","candles":["#
                + #"{"start":"2026-09-01T03:45:00.000000Z","open":18631.2,"high":18640.05,"low":18600,"#
                + #""close":18602.15,"volume":1200,"open_interest":null,"trades_count":null,"source":"tick","#
                + #""flags":["partial","gap"]},"#
                + #"{"start":"2026-09-01T03:46:00.000000Z","open":0.05,"high":99999999.9999,"low":0.05,"close":0.1,"#
                + #""volume":9007199254740993,"open_interest":4294967296,"trades_count":7,"source":"import","#
                + #""flags":["revised"]},"#
                + #"{"start":"2026-09-01T03:47:00.000000Z","open":18602.1,"high":18602.1001,"low":18602,"#
                + #""close":18602.0001,"volume":0,"open_interest":null,"trades_count":null,"source":"tick","flags":[]}]}"#
            #expect(answer.text == expected)
        }
    }

    @Test("prices below zero are exact", arguments: TestEdition.available)
    func negative(_ edition: TestEdition) async throws {
        let site = try await GatewaySites.shared.site(edition)
        try await site.withGateway { client in
            let answer = try await client.get("/api/v1/candles/MCX:CRUDEOIL26SEPFUT")
            let prices = #""open":-37.63,"high":-0.0001,"low":-99999999.9999,"close":-10,"#
            #expect(answer.text.contains(prices))
            #expect(answer.text.contains(#""source":"broker""#))
        }
    }

    @Test("CSV has the same figures as JSON when the client accepts nothing else", arguments: TestEdition.available)
    func csv(_ edition: TestEdition) async throws {
        let site = try await GatewaySites.shared.site(edition)
        try await site.withGateway { client in
            let answer = try await client.get("\(Self.infosys)?to=\(Self.day):48:00Z", accept: "text/csv")
            #expect(answer.status == 200)
            #expect(answer.type == "text/csv; charset=utf-8")
            let expected = """
                start,open,high,low,close,volume,open_interest,source,flags
                2026-09-01T03:45:00.000000Z,18631.2,18640.05,18600,18602.15,1200,,tick,partial|gap
                2026-09-01T03:46:00.000000Z,0.05,99999999.9999,0.05,0.1,9007199254740993,4294967296,import,revised
                2026-09-01T03:47:00.000000Z,18602.1,18602.1001,18602,18602.0001,0,,tick,

                """
            #expect(answer.text == expected)

            for accept in ["text/csv, application/json", "application/json", "*/*", "text/html"] {
                let json = try await client.get(Self.infosys, accept: accept)
                #expect(try json.array("candles").count == 5, "\(accept)")
            }
            let bad = try await client.get("\(Self.infosys)?limit=0", accept: "text/csv")
            try bad.expectError(400, "invalid_parameter", mentioning: "'limit'")
        }
    }

    @Test("the range includes from and excludes to, in any of the forms of a time", arguments: TestEdition.available)
    func range(_ edition: TestEdition) async throws {
        let site = try await GatewaySites.shared.site(edition)
        let minutes = (45...49).map { "\(Self.day):\($0):00.000000Z" }
        let cases: [(String, [String])] = [
            ("", minutes),
            ("?from=\(Self.day):46:00Z&to=\(Self.day):48:00Z", Array(minutes[1...2])),
            ("?from=\(Self.day):46:00.000001Z&to=\(Self.day):48:00.000001Z", Array(minutes[2...3])),
            ("?from=\(Self.day):46:00Z", Array(minutes[1...])),
            ("?to=\(Self.day):46:00Z", [minutes[0]]),
            ("?from=2026-09-01T09:16:00%2B05:30&to=2026-09-01T09:17:00%2B05:30", [minutes[1]]),
            ("?from=2026-09-01T09:16:00+05:30&to=2026-09-01T09:17:00+0530", [minutes[1]]),
            ("?from=2026-09-01T09:16:00&to=2026-09-01T09:17", [minutes[1]]),
            ("?from=2026-09-01%2009:16:00&to=2026-08-31T22:47:00-05:00", [minutes[1]]),
            ("?from=2026-09-01&to=2026-09-02", minutes),
            ("?from=2026-09-02", []),
            ("?to=2026-09-01", []),
            ("?to=1960-01-01", []),
            ("?from=9999-12-31", []),
            ("?timeframe=5m", []),
        ]
        try await site.withGateway { client in
            for (query, starts) in cases {
                let answer = try await client.get(Self.infosys + query)
                #expect(try answer.strings("start", of: "candles") == starts, "\(query)")
            }
        }
    }

    @Test("a bare date is midnight in India, where days begin", arguments: TestEdition.available)
    func days(_ edition: TestEdition) async throws {
        let site = try await GatewaySites.shared.site(edition)
        let days = (30...31).map { "2026-08-\($0)T18:30:00.000000Z" } + ["2026-09-01T18:30:00.000000Z"]
        let cases: [(String, [String])] = [
            ("", days),
            ("&from=2026-09-01", Array(days[1...])),
            ("&to=2026-09-01", [days[0]]),
            ("&from=2026-09-01&to=2026-09-02", [days[1]]),
            ("&from=2026-09-01T00:00:00Z", [days[2]]),
        ]
        try await site.withGateway { client in
            for (query, starts) in cases {
                let answer = try await client.get("\(Self.infosys)?timeframe=1d\(query)")
                #expect(try answer.strings("start", of: "candles") == starts, "\(query)")
            }
        }
    }

    @Test("a limit keeps the newest candles, oldest first", arguments: TestEdition.available)
    func limit(_ edition: TestEdition) async throws {
        let site = try await GatewaySites.shared.site(edition)
        let minutes = (45...49).map { "\(Self.day):\($0):00.000000Z" }
        let cases = [
            ("limit=2", minutes[3...]), ("limit=2&to=\(Self.day):48:00Z", minutes[1...2]),
            ("limit=10000", minutes[...]),
        ]
        try await site.withGateway { client in
            for (query, starts) in cases {
                let answer = try await client.get("\(Self.infosys)?\(query)")
                #expect(try answer.strings("start", of: "candles") == Array(starts), "\(query)")
            }
        }
    }

    @Test("no candles are an empty array, and a header alone in CSV", arguments: TestEdition.available)
    func empty(_ edition: TestEdition) async throws {
        let site = try await GatewaySites.shared.site(edition)
        try await site.withGateway { client in
            let json = try await client.get("/api/v1/candles/BSE:INFY?timeframe=1h")
            #expect(json.status == 200)
            #expect(json.text == #"{"symbol":"BSE:INFY","timeframe":"1h","candles":[]}"#)
            let csv = try await client.get("/api/v1/candles/BSE:INFY", accept: "text/csv")
            #expect(csv.status == 200)
            #expect(csv.text == "start,open,high,low,close,volume,open_interest,source,flags\n")
        }
    }
}
