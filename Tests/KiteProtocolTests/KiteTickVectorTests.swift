import Foundation
import KiteProtocol
import Testing

/// A binary message and what the official Python client 5.2.2 makes of it.
struct TickVector: Decodable, Sendable, CustomTestStringConvertible {
    var name: String
    var hex: String
    var length: Int
    /// Nil where the official client raises an error.
    var expected: [JSON]?
    /// The right reading where the official client's is wrong.
    var signed: [String: JSON]?

    enum CodingKeys: String, CodingKey {
        case name, hex, length, expected
        case signed = "expected_signed"
    }

    var testDescription: String { name }
}

/// Where our reading is not the official client's, and why.
private struct Deviation: Sendable {
    /// How many of the official client's ticks are ours too; all when nil.
    var ticks: [String]?
    var error: String?
    var skipped: Double?
}

private let deviations: [String: Deviation] = [
    // The official client drops the packet without a word; a cut message is a fault that somebody has to hear of.
    "truncated_full_payload": Deviation(
        ticks: [],
        error: "packet 1 at byte 4: the length field says 184 bytes, 174 are left"
    ),
    // The official client trusts the bytes that came, not the length: half a full packet would pass for a quote.
    "truncated_full_to_44_bytes_reads_as_quote": Deviation(
        ticks: [],
        error: "packet 1 at byte 4: the length field says 184 bytes, 44 are left"
    ),
    // The official client raises and loses the good packet before the fault.
    "truncated_length_field": Deviation(
        ticks: [#"{"tradable":true,"mode":"ltp","instrument_token":408065,"last_price":"1573.15"}"#],
        error: "packet 2 at byte 13: the length field is cut off"
    ),
    // The official client raises.
    "count_only_no_body": Deviation(ticks: [], error: "packet 1 at byte 2: the length field is cut off"),
    // Skipped by the official client too; ours says so.
    "multi_unknown_length_in_middle_skipped": Deviation(skipped: 1),
    "real_legacy_v1_full_164": Deviation(skipped: 1),
]

@Suite(
    "The official client's readings",
    .enabled(if: SharedData.folder != nil, "skipped: no shared test data")
)
struct KiteTickVectorTests {
    static let vectors: [TickVector] = (try? SharedData.vectors("kite_ticks.json")) ?? []

    @Test("all 40 messages are there, and every deviation belongs to one of them")
    func count() {
        #expect(Self.vectors.count == 40)
        #expect(Set(Self.vectors.map(\.name)).count == 40)
        #expect(deviations.keys.allSatisfy { name in Self.vectors.contains { $0.name == name } })
        // Prices are signed: a crude oil future closed at -2884, which the official client reads as 42946788.96.
        #expect(Self.vectors.filter { $0.signed != nil }.map(\.name) == ["full_mcx_negative_price"])
    }

    @Test("each message is read as the official client reads it, or better", arguments: vectors)
    func reading(vector: TickVector) throws {
        #expect(vector.hex.utf8.count == vector.length * 2)
        let deviation = deviations[vector.name]
        let line = try JSON(KiteTickJSON.line(forHex: vector.hex))
        let ticks = try #require(line["ticks"]?.elements)
        var expected = try #require(try deviation?.ticks?.map { try JSON($0.utf8) } ?? vector.expected)
        if let signed = vector.signed { expected = [try Self.correct(#require(expected.first), with: signed)] }
        try #require(ticks.count == expected.count)
        for (var tick, var expected) in zip(ticks, expected) {
            #expect((tick["change"] == nil) == (expected["change"] == nil))
            if let change = expected["change"]?.string.flatMap(Double.init) {
                let found = try #require(tick["change"]?.number)
                #expect(abs(found - change) <= 1e-9)
            }
            tick["change"] = nil
            expected["change"] = nil
            #expect(tick == expected)
        }
        #expect(line["error"]?.string == deviation?.error)
        #expect(line["skipped"]?.number == deviation?.skipped)
    }

    @Test("each message cut off anywhere gives a beginning of its ticks", arguments: vectors)
    func truncation(vector: TickVector) throws {
        let bytes = try #require(Self.bytes(vector.hex))
        let whole = KiteFrame.decode(bytes)
        for length in 0...bytes.count {
            let (ticks, result) = KiteFrame.decode(Array(bytes.prefix(length)))
            #expect(ticks.facts == Array(whole.ticks.facts.prefix(ticks.count)))
            let packets = whole.result.ticks + whole.result.skippedPackets
            if length >= 2, result.ticks + result.skippedPackets < packets { #expect(result.fault != nil) }
        }
    }

    /// Puts the right reading in place of the official client's.
    private static func correct(_ tick: JSON, with signed: [String: JSON]) throws -> JSON {
        var tick = tick
        for (key, value) in signed {
            switch key {
            case "last_price", "ohlc", "change": tick[key] = value
            case "depth_buy_0_price", "depth_sell_0_price":
                let side = key == "depth_buy_0_price" ? "buy" : "sell"
                var levels = try #require(tick["depth"]?[side]?.elements)
                try #require(!levels.isEmpty)
                levels[0]["price"] = value
                tick["depth"]?[side] = .array(levels)
            default: Issue.record("unknown correction \(key)")
            }
        }
        return tick
    }

    private static func bytes(_ hex: String) -> [UInt8]? {
        let digits = hex.compactMap(\.hexDigitValue).map { UInt8($0) }
        guard digits.count.isMultiple(of: 2), digits.count == hex.count else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
