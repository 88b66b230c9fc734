import KiteProtocol
import Testing

@Suite("Segments")
struct KiteSegmentTests {
    @Test(
        "a token's lowest byte decides its segment and the decimals of its prices",
        arguments: [
            (408_065, KiteSegment.nse, 2), (10_967_554, .nfo, 2), (412_675, .cds, 7), (136_483_588, .bse, 2),
            (223_488_261, .bfo, 2), (307_974, .bcd, 4), (58_424_839, .mcx, 2), (264, .mcxsx, 2), (256_265, .indices, 2),
            (14_080_268, .nco, 4),
        ] as [(UInt32, KiteSegment, UInt8)]
    )
    func segment(token: UInt32, segment: KiteSegment, decimals: UInt8) {
        #expect(KiteSegment(token: token) == segment)
        #expect(segment.decimals == decimals)
        #expect(KiteSegment.decimals(ofToken: token) == decimals)
        #expect(KiteSegment.isIndex(token: token) == (segment == .indices))
    }

    @Test(
        "a token of an unknown segment has two decimals and is no index",
        arguments: [0, 10, 11, 13, 255] as [UInt32]
    )
    func unknownSegment(token: UInt32) {
        #expect(KiteSegment(token: token | 0x1234_5600) == nil)
        #expect(KiteSegment.decimals(ofToken: token | 0x1234_5600) == 2)
        #expect(!KiteSegment.isIndex(token: token | 0x1234_5600))
    }

    @Test("both ways to a token's decimals agree for every lowest byte")
    func decimalsAgree() {
        for byte in UInt32(0)...255 {
            #expect(KiteSegment.decimals(ofToken: byte) == KiteSegment(token: byte)?.decimals ?? 2)
        }
    }
}
