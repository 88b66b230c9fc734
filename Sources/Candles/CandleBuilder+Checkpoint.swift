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
        let openFrom = try reader.integer()
        let now = try reader.integer()
        var counters = BuilderCounters()
        counters.unknownTokens = try reader.integer()
        counters.staleSnapshots = try reader.integer()
        counters.implausibleTimes = try reader.integer()
        counters.untimed = try reader.integer()
        counters.late = try reader.integer()
        counters.corrections = try reader.integer()
        var instruments: [InstrumentState] = []
        for _ in 0..<(try reader.count()) { instruments.append(try Self.readInstrument(&reader)) }
        guard reader.isAtEnd else { throw CheckpointError(description: "the recorder's checkpoint has bytes left over") }
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

    private static func readInstrument(_ reader: inout StateReader) throws(CheckpointError) -> InstrumentState {
        let id = InstrumentID(high: try reader.fixed(), low: try reader.fixed())
        let token = try reader.integer()
        let open = try reader.integer()
        let close = try reader.integer()
        guard let token = UInt32(exactly: token), (0...86_400).contains(open), (0...86_400).contains(close) else {
            throw CheckpointError(description: "the recorder's checkpoint is damaged (token \(token))")
        }
        let hours = TradingHours(
            open: TimeOfDay(hour: 0, minute: 0, second: Int(open)),
            close: TimeOfDay(hour: 0, minute: 0, second: Int(close))
        )
        let isIndex = try reader.integer() == 1
        var state = InstrumentState(id: id, token: token, hours: hours, isIndex: isIndex)
        let day = try reader.integer()
        state.day = day == 0 ? nil : CivilDate(daysSince1970: day - 1)
        state.base = try reader.integer()
        state.largest = try reader.integer()
        let joinedIn = try reader.integer()
        state.joinedIn = joinedIn == 0 ? nil : joinedIn - 1
        state.newestExchangeTime = try reader.integer()
        for _ in 0..<(try reader.count()) {
            state.minutes.append(
                MinuteState(
                    minute: try reader.integer(),
                    first: try readObservation(&reader),
                    last: try readObservation(&reader),
                    high: Price(scaled: try reader.integer()),
                    low: Price(scaled: try reader.integer()),
                    largestVolume: try reader.integer()
                )
            )
        }
        return state
    }

    private static func readObservation(_ reader: inout StateReader) throws(CheckpointError) -> Observation {
        let time = try reader.integer()
        let volume = try reader.integer()
        let price = Price(scaled: try reader.integer())
        let openInterest = try reader.integer()
        return Observation(time: time, volume: volume, price: price, openInterest: openInterest == 0 ? nil : openInterest - 1)
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
        for shift in stride(from: UInt64(56), through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
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

    /// A number of things that are still to be read, each at least a byte.
    mutating func count() throws(CheckpointError) -> Int {
        let value = try integer()
        guard value >= 0, value <= Int64(bytes.count - position) else {
            throw CheckpointError(description: "the recorder's checkpoint is damaged at byte \(position)")
        }
        return Int(value)
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
