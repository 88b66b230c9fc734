import Feeds
import KiteProtocol
import MarketModel
import Testing

@Suite("The simulated market")
struct SimulatedMarketTests {
    private static let day = CivilDate(year: 2026, month: 9, day: 1) ?? CivilDate(daysSince1970: 0)

    private static func market(seed: UInt64 = 1, day: CivilDate = day, instruments: Int = 12) -> SimulatedMarket {
        SimulatedMarket(date: day, instruments: instruments, seed: seed)
    }

    /// The market's messages as bytes, second by second.
    private static func frames(_ market: SimulatedMarket, seconds: Int) -> [[UInt8]] {
        var market = market
        return (0..<seconds).map { _ in
            var encoder = KiteFrameEncoder()
            for number in market.step() { encoder.append(market.tick(number)) }
            return encoder.finish()
        }
    }

    @Test("the same seed and day give the same ticks, another seed or day gives others")
    func determinism() {
        let frames = Self.frames(Self.market(), seconds: 300)
        #expect(frames == Self.frames(Self.market(), seconds: 300))
        #expect(frames != Self.frames(Self.market(seed: 2), seconds: 300))
        let nextDay = Self.frames(Self.market(day: Self.day.adding(days: 1)), seconds: 300)
        #expect(frames != nextDay)
        // Not the times alone differ: the prices of the first message do.
        let prices = [frames, nextDay].map { KiteFrame.decode($0[0]).ticks.map(\.lastPrice) }
        #expect(prices[0].count == 12)
        #expect(prices[0] != prices[1])
        #expect(Set(prices[0]).count > 10)
    }

    @Test("more instruments change nothing for those that are there")
    func independence() {
        var few = Self.market(instruments: 3)
        var many = Self.market(instruments: 40)
        for _ in 0..<500 {
            let changed = few.step()
            #expect(changed == many.step().filter { $0 < 3 })
        }
        for number in 0..<3 {
            #expect(few.tick(number).lastPrice == many.tick(number).lastPrice)
            #expect(few.tick(number).trading == many.tick(number).trading)
        }
    }

    @Test("a day runs from ten seconds before the open to a minute after the close, and begins with every instrument")
    func day() {
        var market = Self.market()
        #expect(IndiaTime.text(Timestamp(seconds: market.nextSecond)) == "2026-09-01 09:14:50")
        #expect(market.step() == Array(0..<12))
        var steps = 1
        while !market.isOver {
            _ = market.step()
            steps += 1
        }
        #expect(steps == 10 + 22_500 + 60)
        #expect(IndiaTime.text(Timestamp(seconds: market.nextSecond)) == "2026-09-01 15:31:00")
    }

    @Test("prices move both ways, day prices hold them, volumes never fall, trades stay within the session")
    func plausibility() throws {
        var market = Self.market(seed: 99)
        var last = (0..<12).map { market.tick($0) }
        var ups = Array(repeating: 0, count: 12)
        var downs = Array(repeating: 0, count: 12)
        while !market.isOver {
            for number in market.step() {
                let tick = market.tick(number)
                let former = last[number]
                last[number] = tick
                if tick.lastPrice > former.lastPrice { ups[number] += 1 }
                if tick.lastPrice < former.lastPrice { downs[number] += 1 }
                let day = try #require(tick.day)
                let isSound =
                    tick.lastPrice >= 500 && tick.lastPrice % 5 == 0 && abs(tick.lastPrice - former.lastPrice) <= 15
                    && (day.open == 0 || (day.low...day.high).contains(tick.lastPrice))
                    && (day.open == 0 || (day.low...day.high).contains(day.open))
                    && (tick.trading?.volume ?? 0) >= (former.trading?.volume ?? 0)
                    && tick.exchangeTime.map { Int64($0) } == market.nextSecond - 1
                guard isSound else {
                    Issue.record("\(tick) after \(former)")
                    return
                }
                if let traded = tick.lastTradeTime {
                    let time = IndiaTime.text(Timestamp(seconds: Int64(traded))).dropFirst(11)
                    guard ("09:15:00"..."15:29:59").contains(String(time)) else {
                        Issue.record("traded at \(time)")
                        return
                    }
                }
            }
        }
        for number in 0..<12 {
            // The quietest trade every 50 s.
            #expect(ups[number] > 100 && downs[number] > 100, "\(number): \(ups[number]) up, \(downs[number]) down")
            #expect(ups[number] < downs[number] * 3 && downs[number] < ups[number] * 3)
            #expect(number == 0 || (last[number].trading?.volume ?? 0) > 1000)
        }
    }

    @Test(
        "skipping to a moment gives the state that stepping there gives",
        arguments: ["09:14:55", "09:15:00", "11:11:11", "15:30:30"]
    )
    func skipping(time: String) throws {
        let moment = try #require(Timestamp("2026-09-01 \(time)"))
        var stepped = Self.market()
        while stepped.nextSecond <= moment.seconds { _ = stepped.step() }
        var skipped = Self.market()
        skipped.skip(to: moment)
        #expect(skipped.nextSecond == moment.seconds + 1)
        #expect(Self.frames(skipped, seconds: 30) == Self.frames(stepped, seconds: 30))
        skipped.skip(to: moment + .seconds(1_000_000))
        #expect(skipped.isOver)
    }

    @Test("the registry's instruments have identities, tokens and symbols of their own")
    func registry() {
        let registry = SimulatedInstruments.registry(count: SimulatedInstruments.limit)
        #expect(registry.count == 3000)
        #expect(Set(registry.map(\.id)).count == 3000)
        #expect(Set(registry.map(\.symbol)).count == 3000)
        #expect(Set(registry.compactMap(\.token)).count == 3000)
        #expect(registry.prefix(5).map(\.id) == SimulatedInstruments.registry(count: 5).map(\.id))
        #expect(registry[0].symbol.description == "SIM:SIMINDEX")
        #expect(registry[10].symbol.description == "SIM:SIM0010FUT")
        #expect(registry[11].symbol.description == "SIM:SIM0011")
        for number in 0..<3000 {
            #expect(SimulatedInstruments.number(ofToken: SimulatedInstruments.token(number)) == number)
        }
        #expect(SimulatedInstruments.number(ofToken: SimulatedInstruments.token(1) + 1) == nil)
        #expect(SimulatedInstruments.number(ofToken: 5) == nil)
        #expect(SimulatedInstruments.number(ofToken: SimulatedInstruments.token(3000)) == nil)
    }
}
