import Feeds
import KiteProtocol
import MarketModel

/// Full packets, all fields and the depth, decoded on one core.
enum DecodeBenchmark {
    static func run(_ bench: Bench) async throws {
        guard let date = CivilDate("2026-09-01") else { return }
        var market = SimulatedMarket(date: date, instruments: 200, seed: 1)
        var encoder = KiteFrameEncoder()
        var frames: [[UInt8]] = []
        for _ in 0..<200 {
            for number in market.step() where number > 0 { encoder.append(market.tick(number)) }
            frames.append(encoder.finish())
        }
        var rates: [Double] = []
        var checksum: Int64 = 0
        for _ in 0..<7 {
            var packets = 0
            let taken = await bench.seconds {
                for _ in 0..<40 {
                    for frame in frames {
                        let result = KiteFrame.decode(frame.span.bytes) { tick in
                            checksum &+= Int64(tick.lastPrice) &+ Int64(tick.depth?.sell[4].price ?? 0)
                        }
                        packets += result.ticks
                    }
                }
            }
            rates.append(Double(packets) / taken)
        }
        print("full packets decoded per second and core: \(Bench.spread(rates, Bench.rate)) [check \(checksum)]")
    }
}
