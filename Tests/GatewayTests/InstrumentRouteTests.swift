import Foundation
import GoGoTradeTestSupport
import MarketModel
import Testing

@Suite("Instruments over HTTP")
struct InstrumentRouteTests {
    @Test("one instrument has every field, an absent one as null", arguments: TestEdition.available)
    func oneInstrument(_ edition: TestEdition) async throws {
        let site = try await GatewaySites.shared.site(edition)
        try await site.withGateway { client in
            let option = try #require(site.instruments["NFO:NIFTY26SEP25000CE"])
            let answer = try await client.get("/api/v1/instruments/NFO:NIFTY26SEP25000CE")
            #expect(answer.status == 200)
            #expect(answer.type == "application/json; charset=utf-8")
            #expect(answer.headers["cache-control"] == "no-store")
            let expected =
                #"{"id":"\#(option.id)","symbol":"NFO:NIFTY26SEP25000CE","exchange":"NFO","#
                + #""tradingsymbol":"NIFTY26SEP25000CE","name":"NIFTY","instrument_token":730626,"#
                + #""instrument_type":"OPTIONS","segment":"NFO-OPT","expiry":"2026-09-29T10:30:00.000000Z","#
                + #""strike":25000.5,"tick_size":0.05,"lot_size":75}"#
            #expect(answer.text == expected)

            let bare = try await client.get("/api/v1/instruments/NSE:EXPIRED").object()
            #expect(bare.count == 12)
            for name in ["name", "instrument_token", "expiry", "strike", "tick_size", "lot_size"] {
                #expect(bare[name] is NSNull, "\(name)")
            }
        }
    }

    @Test("names are percent-encoded and their case does not matter", arguments: TestEdition.available)
    func names(_ edition: TestEdition) async throws {
        let site = try await GatewaySites.shared.site(edition)
        try await site.withGateway { client in
            let spellings = [
                "NSE:M%26M": "NSE:M&M", "NSE:M&M": "NSE:M&M", "nse:m%26m": "NSE:M&M", "NSE%3AM%26M": "NSE:M&M",
                "NSE:NIFTY%2050": "NSE:NIFTY 50", "Nse:Nifty%2050": "NSE:NIFTY 50", "bse:infy": "BSE:INFY",
            ]
            for (spelling, symbol) in spellings {
                let found = try await client.raw("/api/v1/instruments/\(spelling)")
                #expect(try found.object()["symbol"] as? String == symbol, "\(spelling)")
                let candles = try await client.raw("/api/v1/candles/\(spelling)")
                #expect(try candles.object()["symbol"] as? String == symbol, "\(spelling)")
            }
        }
    }

    @Test("a name with quotes, a backslash and control characters stays itself", arguments: TestEdition.available)
    func escaping(_ edition: TestEdition) async throws {
        let site = try await GatewaySites.shared.site(edition)
        try await site.withGateway { client in
            let answer = try await client.get("/api/v1/instruments/NSE:NIFTY%2050")
            #expect(try answer.object()["name"] as? String == "NIFTY \"50\" \\ \u{20B9}\n\u{1}")
        }
    }

    @Test("an instrument that is not there is 404, in every route", arguments: TestEdition.available)
    func unknown(_ edition: TestEdition) async throws {
        let site = try await GatewaySites.shared.site(edition)
        try await site.withGateway { client in
            for target in ["instruments/NSE:NOSUCH", "candles/NSE:NOSUCH", "prices?i=NSE:INFY&i=NSE:NOSUCH"] {
                let answer = try await client.get("/api/v1/\(target)")
                try answer.expectError(404, "not_found", mentioning: "NSE:NOSUCH", "\(target)")
            }
            let answer = try await client.get("/api/v1/instruments/MCX:INFY")
            try answer.expectError(404, "not_found", mentioning: "MCX:INFY")
        }
    }

    @Test("the list is all, or what query, exchange and type leave of it", arguments: TestEdition.available)
    func list(_ edition: TestEdition) async throws {
        let site = try await GatewaySites.shared.site(edition)
        let cases: [(query: String, symbols: [String])] = [
            ("?query=INFY", ["BSE:INFY", "NSE:INFY"]), ("?query=infosys", ["BSE:INFY", "NSE:INFY"]),
            ("?query=sys%20ltd", ["BSE:INFY"]), ("?query=M%26", ["NSE:M&M"]), ("?query=%25", []), ("?query=_", []),
            ("?query=INFY&exchange=NSE", ["NSE:INFY"]), ("?exchange=bse", ["BSE:INFY"]), ("?exchange=NONE", []),
            ("?type=OPTIONS", ["NFO:NIFTY26SEP25000CE"]), ("?type=currency", ["CDS:USDINR26SEPFUT"]),
            ("?query=INFY&type=FUTURES", []), ("?query=INFY&limit=1", ["BSE:INFY"]),
        ]
        try await site.withGateway { client in
            for query in ["", "?limit=1000", "?query=", "?"] {
                let all = try await client.get("/api/v1/instruments\(query)").strings("symbol", of: "instruments")
                #expect(all.count == site.instruments.count, "\(query)")
                #expect(Set(all) == Set(site.instruments.keys), "\(query)")
            }
            for (query, symbols) in cases {
                let answer = try await client.get("/api/v1/instruments\(query)")
                #expect(try answer.strings("symbol", of: "instruments") == symbols, "\(query)")
            }
        }
    }

    @Test("an empty list is an empty array", arguments: TestEdition.available)
    func emptyList(_ edition: TestEdition) async throws {
        let site = try await GatewaySites.shared.site(edition)
        try await site.withGateway { client in
            let answer = try await client.get("/api/v1/instruments?query=NOSUCH")
            #expect(answer.status == 200)
            #expect(answer.text == #"{"instruments":[]}"#)
        }
    }
}
