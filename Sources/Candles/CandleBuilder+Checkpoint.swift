internal import MarketCalendar
internal import MarketModel

/// Why a checkpoint cannot be read.
package struct CheckpointError: Error, Sendable, CustomStringConvertible {
    package let description: String
}

/// The builder's whole state as bytes: what a recorder stores in one transaction with the candles.
///
/// Layout, version 1 (integers as zig-zag varints): version, openFrom, now, six counters, number of instruments, then
/// each instrument: UUID halves (8 bytes each), token, open and close in seconds of the day, index (0 or 1), day + 1
/// (0: none), base, largest, joinedIn + 1, newest exchange time, number of minutes, then each minute: minute, first
/// and last observation, high, low, largest volume.
extension CandleBuilder {
    private static let version: Int64 = 1

    /// What the figures of a true checkpoint cannot exceed.
    ///
    /// Ticks have 32 bits for times and quantities.
    private enum Limit {
        /// The end of the year 9999.
        static let second = Timestamp.writable.upperBound.seconds
        static let tick = Int64(UInt32.max)
        static let day = second / 86_400
        static let count = Int64.max / 2
    }

    /// The state as bytes.
    package func checkpoint() -> [UInt8] {
        var writer = StateWriter()
        writer.write(Self.version)
        writer.write(openFrom)
        writer.write(now)
        for value in [
            counters.unknownTokens, counters.staleSnapshots, counters.implausibleTimes, counters.untimed,
            counters.late, counters.corrections,
        ] { writer.write(value) }
        writer.write(Int64(instruments.count))
        for instrument in instruments { Self.write(instrument, to: &writer) }
        return writer.bytes
    }

    /// Restores a builder.
    ///
    /// - Throws: ``CheckpointError`` when the bytes are cut, damaged or of a newer version.
    package init(checkpoint: [UInt8]) throws(CheckpointError) {
        var reader = StateReader(checkpoint)
        let version = try reader.integer()
        guard version == Self.version else {
            throw CheckpointError(description: "the recorder's checkpoint has version \(version), this program knows 1")
        }
        let openFrom = try reader.integer(in: 0...Limit.second / 60)
        let now = try reader.integer(in: 0...Limit.second)
        var counters = BuilderCounters()
        counters.unknownTokens = try reader.integer(in: 0...Limit.count)
        counters.staleSnapshots = try reader.integer(in: 0...Limit.count)
        counters.implausibleTimes = try reader.integer(in: 0...Limit.count)
        counters.untimed = try reader.integer(in: 0...Limit.count)
        counters.late = try reader.integer(in: 0...Limit.count)
        counters.corrections = try reader.integer(in: 0...Limit.count)
        var instruments: [InstrumentState] = []
        for _ in 0..<(try reader.count()) { instruments.append(try Self.readInstrument(&reader, openFrom)) }
        guard reader.isAtEnd else {
            throw CheckpointError(description: "the recorder's checkpoint has bytes left over")
        }
        self.init(instruments: instruments, openFrom: openFrom, now: now, counters: counters)
    }

    private static func write(_ instrument: InstrumentState, to writer: inout StateWriter) {
        writer.write(fixed: instrument.id.high)
        writer.write(fixed: instrument.id.low)
        writer.write(Int64(instrument.token))
        writer.write(Int64(instrument.hours.open.seconds))
        writer.write(Int64(instrument.hours.close.seconds))
        writer.write(instrument.isIndex ? 1 : 0)
        writer.write((instrument.day?.daysSince1970 ?? -1) + 1)
        writer.write(instrument.base)
        writer.write(instrument.largest)
        writer.write((instrument.joinedIn ?? -1) + 1)
        writer.write(instrument.newestExchangeTime)
        writer.write(Int64(instrument.minutes.count))
        for minute in instrument.minutes {
            writer.write(minute.minute)
            write(minute.first, to: &writer)
            write(minute.last, to: &writer)
            writer.write(minute.high.scaled)
            writer.write(minute.low.scaled)
            writer.write(minute.largestVolume)
        }
    }

    private static func write(_ observation: Observation, to writer: inout StateWriter) {
        writer.write(observation.time)
        writer.write(observation.volume)
        writer.write(observation.price.scaled)
        writer.write((observation.openInterest ?? -1) + 1)
    }

    private static func readInstrument(
        _ reader: inout StateReader,
        _ openFrom: Int64
    ) throws(CheckpointError) -> InstrumentState {
        let id = InstrumentID(high: try reader.fixed(), low: try reader.fixed())
        let token = UInt32(truncatingIfNeeded: try reader.integer(in: 0...Limit.tick))
        let hours = TradingHours(open: try readTimeOfDay(&reader), close: try readTimeOfDay(&reader))
        guard hours.open < hours.close else { throw reader.damaged() }
        let isIndex = try reader.integer(in: 0...1) == 1
        var state = InstrumentState(id: id, token: token, hours: hours, isIndex: isIndex)
        let day = try reader.integer(in: 0...Limit.day)
        state.day = day == 0 ? nil : CivilDate(daysSince1970: day - 1)
        state.base = try reader.integer(in: 0...Limit.tick)
        state.largest = try reader.integer(in: 0...Limit.tick)
        let joinedIn = try reader.integer(in: 0...Limit.second / 60 + 1)
        state.joinedIn = joinedIn == 0 ? nil : joinedIn - 1
        state.newestExchangeTime = try reader.integer(in: 0...Limit.tick)
        var firstOpen = openFrom
        for _ in 0..<(try reader.count()) {
            let minute = try reader.integer(in: 0...Limit.tick / 60)
            guard minute >= firstOpen else { throw reader.damaged() }
            firstOpen = minute + 1
            state.minutes.append(
                MinuteState(
                    minute: minute,
                    first: try readObservation(&reader),
                    last: try readObservation(&reader),
                    high: try readPrice(&reader),
                    low: try readPrice(&reader),
                    largestVolume: try reader.integer(in: 0...Limit.tick)
                )
            )
        }
        return state
    }

    private static func readTimeOfDay(_ reader: inout StateReader) throws(CheckpointError) -> TimeOfDay {
        TimeOfDay(hour: 0, minute: 0, second: Int(try reader.integer(in: 0...86_400)))
    }

    private static func readPrice(_ reader: inout StateReader) throws(CheckpointError) -> Price {
        Price(scaled: try reader.integer(in: Price.storable.lowerBound.scaled...Price.storable.upperBound.scaled))
    }

    private static func readObservation(_ reader: inout StateReader) throws(CheckpointError) -> Observation {
        let time = try reader.integer(in: 0...Limit.tick)
        let volume = try reader.integer(in: 0...Limit.tick)
        let price = try readPrice(&reader)
        let openInterest = try reader.integer(in: 0...Limit.tick + 1)
        return Observation(
            time: time,
            volume: volume,
            price: price,
            openInterest: openInterest == 0 ? nil : openInterest - 1
        )
    }
}

/// Appends integers as zig-zag varints.
private struct StateWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write(_ value: Int64) {
        var rest = UInt64(bitPattern: (value << 1) ^ (value >> 63))
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func write(fixed value: UInt64) {
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }
}

/// Reads what ``StateWriter`` wrote.
private struct StateReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { position == bytes.count }

    mutating func integer() throws(CheckpointError) -> Int64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            guard position < bytes.count, shift < 64 else {
                throw CheckpointError(description: "the recorder's checkpoint is cut at byte \(position)")
            }
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1) }
            shift += 7
        }
    }

    mutating func integer(in range: ClosedRange<Int64>) throws(CheckpointError) -> Int64 {
        let value = try integer()
        guard range.contains(value) else { throw damaged() }
        return value
    }

    /// A number of things that are still to be read, each at least a byte.
    mutating func count() throws(CheckpointError) -> Int {
        Int(try integer(in: 0...Int64(bytes.count - position)))
    }

    func damaged() -> CheckpointError {
        CheckpointError(description: "the recorder's checkpoint is damaged before byte \(position)")
    }

    mutating func fixed() throws(CheckpointError) -> UInt64 {
        guard position + 8 <= bytes.count else {
            throw CheckpointError(description: "the recorder's checkpoint is cut at byte \(position)")
        }
        var value: UInt64 = 0
        for _ in 0..<8 {
            value = value << 8 | UInt64(bytes[position])
            position += 1
        }
        return value
    }
}
