import Foundation
import MarketModel
import Testing

@Suite("Prices")
struct PriceTests {
    @Test(
        "a decimal number is read exactly",
        arguments: [
            ("18631.2", 186_312_000), ("-2884", -28_840_000), ("0.05", 500), ("0", 0), ("-0", 0), ("602", 6_020_000),
            ("0.0001", 1), ("-0.0001", -1), ("00012.50", 125_000), ("1.50000", 15_000), ("7.1234000", 71_234),
            ("99999999.9999", 999_999_999_999), ("922337203685477.5807", Int64.max),
            ("-922337203685477.5808", Int64.min),
        ] as [(String, Int64)]
    )
    func reads(text: String, scaled: Int64) {
        #expect(Price(text)?.scaled == scaled)
    }

    @Test(
        "what is no decimal number, has too many decimals or does not fit is refused",
        arguments: [
            "", "-", ".", ".5", "5.", "-.5", "+5", "--5", "5-", "1e3", "1,000", " 1", "1 ", "0x10", "1.2.3", "NaN",
            "inf", "१२", "1.00001", "0.00005", "922337203685477.5808", "-922337203685477.5809",
            "99999999999999999999", "18446744073709551616",
        ]
    )
    func refuses(text: String) {
        #expect(Price(text) == nil)
    }

    @Test(
        "a price is printed exactly, without trailing zeros",
        arguments: [
            (186_312_000, "18631.2"), (-28_840_000, "-2884"), (500, "0.05"), (0, "0"), (1, "0.0001"), (-1, "-0.0001"),
            (10, "0.001"), (-10_001, "-1.0001"), (100_000, "10"), (Int64.max, "922337203685477.5807"),
            (Int64.min, "-922337203685477.5808"),
        ] as [(Int64, String)]
    )
    func prints(scaled: Int64, text: String) {
        #expect(Price(scaled: scaled).description == text)
    }

    @Test("printing and reading gives the same price back", arguments: [1, 2, 3] as [UInt64])
    func roundTrip(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        for _ in 0..<20_000 {
            let price = Price(scaled: generator.nextOfAnySize())
            let text = price.description
            #expect(Price(text) == price, "\(text)")
            #expect(Decimal(string: text) == Decimal(price.scaled) / 10_000, "\(text)")
        }
    }

    @Test(
        "seven decimals are rounded half to even",
        arguments: [
            (1500, 2), (2500, 2), (500, 0), (501, 1), (1499, 1), (1501, 2), (3500, 4), (499, 0), (0, 0), (1000, 1),
            (-1500, -2), (-2500, -2), (-500, 0), (-501, -1), (-1499, -1), (-1501, -2), (-3500, -4), (-499, 0),
            (872_500_000, 872_500), (872_500_500, 872_500), (872_501_500, 872_502),
        ] as [(Int64, Int64)]
    )
    func roundsHalfToEven(mantissa: Int64, scaled: Int64) {
        #expect(Price(mantissa: mantissa, decimals: 7).scaled == scaled)
    }

    @Test("every wire price is rounded as Foundation's bankers' rounding does", arguments: [0, 2, 4, 5, 7, 9])
    func agreesWithDecimal(decimals: Int) {
        var generator = SplitMix64(seed: UInt64(decimals) + 100)
        for _ in 0..<5000 {
            let raw = Int64(Int32(truncatingIfNeeded: generator.nextOfAnySize()))
            var exact = Decimal(raw) * Decimal(sign: .plus, exponent: 4 - decimals, significand: 1)
            var rounded = Decimal()
            NSDecimalRound(&rounded, &exact, 0, .bankers)
            #expect(Decimal(Price(mantissa: raw, decimals: decimals).scaled) == rounded, "\(raw) of \(decimals)")
        }
    }

    @Test("the storable prices are those of numeric(12,4)")
    func storable() {
        #expect(Price.storable.contains(Price(scaled: 999_999_999_999)))
        #expect(!Price.storable.contains(Price(scaled: 1_000_000_000_000)))
        #expect(Price.storable.contains(Price(scaled: -999_999_999_999)))
        #expect(!Price.storable.contains(Price(scaled: -1_000_000_000_000)))
    }
}

@Suite("Decimal text")
struct DecimalTextTests {
    @Test(
        "a mantissa and its decimals make an exact number",
        arguments: [
            (0, 0, "0"), (0, 7, "0"), (5, 0, "5"), (50, 0, "50"), (50, 1, "5"), (-50, 2, "-0.5"), (1, 7, "0.0000001"),
            (872_500_500, 7, "87.25005"), (-7, 1, "-0.7"), (100, 4, "0.01"), (Int64.min, 0, "-9223372036854775808"),
            (Int64.max, 18, "9.223372036854775807"),
        ] as [(Int64, Int, String)]
    )
    func writes(mantissa: Int64, decimals: Int, text: String) {
        #expect(String(decoding: DecimalText.bytes(mantissa: mantissa, decimals: decimals), as: UTF8.self) == text)
    }

    @Test("appending leaves what stands before untouched")
    func appends() {
        var bytes = Array("price=".utf8)
        DecimalText.append(mantissa: -12_345, decimals: 2, to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == "price=-123.45")
    }

    @Test("the text is the number that Foundation computes, for any size and decimals")
    func agreesWithDecimal() {
        var generator = SplitMix64(seed: 9)
        for round in 0..<10_000 {
            let mantissa = generator.nextOfAnySize()
            let decimals = round % 10
            let text = String(decoding: DecimalText.bytes(mantissa: mantissa, decimals: decimals), as: UTF8.self)
            let exact = Decimal(mantissa) * Decimal(sign: .plus, exponent: -decimals, significand: 1)
            #expect(Decimal(string: text) == exact, "\(mantissa) of \(decimals): \(text)")
            #expect(!text.contains(".") || !text.hasSuffix("0"), "\(text)")
        }
    }
}
