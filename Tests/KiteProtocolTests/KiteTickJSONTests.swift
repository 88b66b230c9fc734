import KiteProtocol
import MarketModel
import Testing

@Suite("Ticks as JSON")
struct KiteTickJSONTests {
    private func line(_ hex: String) -> String {
        String(decoding: KiteTickJSON.line(forHex: hex), as: UTF8.self)
    }

    private let lastPrice = #"{"tradable":true,"mode":"ltp","instrument_token":408065,"last_price":"1573.15"}"#

    @Test(
        "hexadecimal text may be in upper or lower case, with spaces and with 0x before it",
        arguments: [
            "0001000800063a0100026683", "0001000800063A0100026683", "0x0001000800063a0100026683",
            " 0X0001 0008 00063a01 00026683 \r", "00 01 00 08 00 06 3a 01 00 02 66 83", "000 1000800063a01\t00026683",
        ]
    )
    func forms(hex: String) {
        #expect(line(hex) == #"{"ticks":[\#(lastPrice)]}"#)
    }

    @Test("an empty line and a heartbeat have no ticks", arguments: ["", "  ", "0x", "00", "0000"])
    func noTicks(hex: String) {
        #expect(line(hex) == #"{"ticks":[]}"#)
    }

    @Test(
        "text that is not hexadecimal names the column",
        arguments: [
            ("0001g008", #"column 5: \"g\" is no hexadecimal digit"#),
            ("000", "column 3: the last byte has one digit only"),
            (" 0x00 0 ", "column 7: the last byte has one digit only"),
            ("00\u{1}1", #"column 3: \"\\u{01}\" is no hexadecimal digit"#),
            ("00\"1", #"column 3: \"\\\"\" is no hexadecimal digit"#),
            ("00é1", #"column 3: \"é\" is no hexadecimal digit"#),
            ("００", #"column 1: \"０\" is no hexadecimal digit"#),
            ("00 0x00", #"column 5: \"x\" is no hexadecimal digit"#),
        ]
    )
    func badHex(hex: String, error: String) throws {
        #expect(line(hex) == #"{"ticks":[],"error":"\#(error)"}"#)
        #expect(try JSON(line(hex).utf8)["error"]?.string?.hasPrefix("column") == true)
    }

    @Test("a fault stands beside the ticks before it, and skipped packets are counted")
    func faultAndSkipped() {
        #expect(
            line("0002 0008 00063a0100026683 002c 00")
                == #"{"ticks":[\#(lastPrice)],"error":"packet 2 at byte 14: the length field says 44 bytes, 1 are left"}"#
        )
        #expect(
            line("0004 0008 00063a0100026683 0001 ff 0000 0008")
                == #"{"ticks":[\#(lastPrice)],"skipped":2,"error":"packet 4 at byte 19: "#
                + #"the length field says 8 bytes, 0 are left"}"#
        )
    }

    @Test("a full tick has all keys in the official client's order, prices exact and times in UTC")
    func fullTick() {
        var tick = Tick(instrumentToken: 412_675, priceDecimals: 7, isTradable: true, lastPrice: 834_525_000)
        tick.day = DayPrices(open: 1, high: -1, low: 10_000_000, close: 800_000_000)
        tick.trading = TradingFigures(
            lastTradedQuantity: 1,
            averagePrice: 834_411_250,
            volume: 3_000_000_001,
            totalBuyQuantity: 0,
            totalSellQuantity: .max
        )
        tick.openInterest = OpenInterest(current: 7, dayHigh: 8, dayLow: 6)
        tick.exchangeTime = 1_625_461_887
        tick.hasExchangeTimeField = true
        var depth = MarketDepth()
        depth.buy[0] = DepthLevel(quantity: 5, price: 834_500_000, orders: 40_000)
        tick.depth = depth
        var buffer: [UInt8] = []
        KiteTickJSON.append(tick, to: &buffer)
        let empty = #"{"quantity":0,"price":"0","orders":0}"#
        let rest = [String](repeating: empty, count: 4).joined(separator: ",")
        #expect(
            String(decoding: buffer, as: UTF8.self)
                == #"{"tradable":true,"mode":"full","instrument_token":412675,"last_price":"83.4525","#
                + #""last_traded_quantity":1,"average_traded_price":"83.441125","volume_traded":3000000001,"#
                + #""total_buy_quantity":0,"total_sell_quantity":4294967295,"#
                + #""ohlc":{"open":"0.0000001","high":"-0.0000001","low":"1","close":"80"},"change":4.315625,"#
                + #""last_trade_time":null,"oi":7,"oi_day_high":8,"oi_day_low":6,"#
                + #""exchange_timestamp":"2021-07-05T05:11:27Z","#
                + #""depth":{"buy":[{"quantity":5,"price":"83.45","orders":40000},\#(rest)],"#
                + #""sell":[\#(empty),\#(rest)]}}"#
        )
    }

    @Test("an index has day prices and change but no volume, and a time only in full mode", arguments: [false, true])
    func indexTick(isFull: Bool) {
        var tick = Tick(instrumentToken: 256_265, priceDecimals: 2, isTradable: false, lastPrice: 2_405_580)
        tick.day = DayPrices(open: 2_410_000, high: 2_412_000, low: 2_398_000, close: 0)
        tick.hasExchangeTimeField = isFull
        var buffer: [UInt8] = []
        KiteTickJSON.append(tick, to: &buffer)
        let mode = isFull ? "full" : "quote"
        let time = isFull ? #","exchange_timestamp":null"# : ""
        #expect(
            String(decoding: buffer, as: UTF8.self)
                == #"{"tradable":false,"mode":"\#(mode)","instrument_token":256265,"last_price":"24055.8","#
                + #""ohlc":{"open":"24100","high":"24120","low":"23980","close":"0"},"change":0\#(time)}"#
        )
    }

    @Test(
        "the change is 0 without a close, and else in the fewest digits that give it back",
        arguments: [
            (100, 0, "0"), (100, 100, "0"), (-100, -100, "0"), (110, 100, "10.0"), (1, 3, "-66.66666666666667"),
            (-288_400, 96_500, "-398.860103626943"), (.max, 1, "214748364600.0"), (.min, -1, "214748364700.0"),
        ] as [(Int32, Int32, String)]
    )
    func change(last: Int32, close: Int32, expected: String) throws {
        var tick = Tick(instrumentToken: 1, priceDecimals: 2, isTradable: true, lastPrice: last)
        tick.day = DayPrices(open: 0, high: 0, low: 0, close: close)
        var buffer: [UInt8] = []
        KiteTickJSON.append(tick, to: &buffer)
        #expect(String(decoding: buffer, as: UTF8.self).hasSuffix(#","change":\#(expected)}"#))
        #expect(try JSON(buffer)["change"]?.number == Double(expected))
    }
}
