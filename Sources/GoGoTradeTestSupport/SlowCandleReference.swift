/// The slow, obvious minute candle builder that tests compare the real one with.
///
/// Written from the protocol (`reference/kite.md`, section 1) and the rules (`reference/markets.md`, section 8)
/// alone. It imports nothing and shares no code with the product on purpose: a mistake there must not be repeated here.
///
/// Frames go in one at a time, in the order of the log. The observations of a minute are collected in a list; when
/// the clock closes the minute the list is sorted and reduced to one ``Row``. Packets themselves are not kept.
package struct SlowCandleReference: Sendable {
    /// One minute candle of one instrument.
    package struct Row: Hashable, Comparable, Sendable {
        /// The Kite instrument token.
        package var token: UInt32
        /// The start of the minute, in microseconds since 1970 UTC.
        package var start: Int64
        /// The first price, in 1/10,000 rupee.
        package var open: Int64
        /// The highest price, in 1/10,000 rupee.
        package var high: Int64
        /// The lowest price, in 1/10,000 rupee.
        package var low: Int64
        /// The last price, in 1/10,000 rupee.
        package var close: Int64
        /// The units traded in the minute; 0 for an index.
        package var volume: Int64
        /// The open interest with the last trade, or `nil` for shares and indices, which have none.
        package var openInterest: Int64?
        /// Whether listening to the instrument began in the middle of this minute, or after it.
        package var partial: Bool

        /// Creates a row from all its values.
        package init(
            token: UInt32,
            start: Int64,
            open: Int64,
            high: Int64,
            low: Int64,
            close: Int64,
            volume: Int64,
            openInterest: Int64?,
            partial: Bool
        ) {
            self.token = token
            self.start = start
            self.open = open
            self.high = high
            self.low = low
            self.close = close
            self.volume = volume
            self.openInterest = openInterest
            self.partial = partial
        }

        /// Orders rows by start, then token: the key of a row, which no two rows of one result share.
        package static func < (left: Row, right: Row) -> Bool {
            (left.start, left.token) < (right.start, right.token)
        }
    }

    /// What matters of one full packet; times in seconds since 1970 UTC, the price in 1/10,000 rupee.
    fileprivate struct Packet {
        var token: UInt32
        var price: Int64
        var tradeTime: Int64
        var exchangeTime: Int64
        var cumulativeVolume: Int64
        var openInterest: Int64?
    }

    /// One trade (or, of an index, one value) inside a minute.
    fileprivate struct Observation {
        var time: Int64
        var cumulativeVolume: Int64
        var sequence: Int64
        var price: Int64
        var openInterest: Int64?
    }

    /// One instrument on one IST date (days since 1970).
    private struct InstrumentDay: Hashable {
        var token: UInt32
        var date: Int64
    }

    /// What is known of one instrument on one IST date.
    fileprivate struct DayState {
        /// The largest cumulative volume before every minute that is still open.
        var base: Int64
        /// The minute in which listening began, or `nil` when it began before the open.
        var joiningMinute: Int64?
        /// The observations of the minutes that are still open, by minute since 1970 UTC, in order of arrival.
        var openMinutes: [Int64: [Observation]] = [:]
    }

    private static let secondsPerMinute: Int64 = 60
    private static let secondsPerDay: Int64 = 86_400
    private static let secondsISTIsAheadOfUTC: Int64 = 19_800
    private static let microsecondsPerSecond: Int64 = 1_000_000
    /// How long after its end a minute stays open, in microseconds.
    private static let grace: Int64 = 2_000_000
    /// How far an exchange timestamp may be ahead of the receive time, in microseconds.
    private static let greatestLead: Int64 = 60_000_000

    private let sessions: [UInt32: (openSeconds: Int, closeSeconds: Int)]
    private var days: [InstrumentDay: DayState] = [:]
    private var rows: [Row] = []
    private var sequence: Int64 = 0
    /// The first minute since 1970 UTC that the clock has not closed; all before it are closed.
    private var firstOpenMinute = Int64.min

    /// Creates a reference that has seen nothing yet.
    ///
    /// - Parameter sessions: The instruments to follow, by token: open (included) and close (excluded) in seconds of
    ///   the IST day. Packets of other tokens are ignored.
    package init(sessions: [UInt32: (openSeconds: Int, closeSeconds: Int)]) {
        self.sessions = sessions
    }

    /// Takes in the next frame of the log.
    ///
    /// The clock is moved first, so a minute that this frame closes gets none of its packets. Every frame moves the
    /// clock, also a heartbeat. Of a truncated frame the packets before the fault count.
    ///
    /// - Parameters:
    ///   - frame: The binary message as received.
    ///   - receivedAt: When it was received, in microseconds since 1970 UTC; never less than for the frame before.
    package mutating func add(frame: [UInt8], receivedAt: Int64) {
        closeMinutes(receivedAt: receivedAt)

        guard frame.count >= 2 else { return }
        let packetCount = Int(frame[0]) << 8 | Int(frame[1])
        var position = 2
        for _ in 0..<packetCount {
            guard position + 2 <= frame.count else { return }
            let length = Int(frame[position]) << 8 | Int(frame[position + 1])
            let start = position + 2
            guard start + length <= frame.count else { return }
            position = start + length
            if let packet = Self.packet(in: frame, at: start, length: length) {
                add(packet, receivedAt: receivedAt)
            }
        }
    }

    /// Returns the candles of all minutes that the clock has closed, by start, then token.
    ///
    /// Minutes that the last frame's receive time has left open are not reported.
    package func finish() -> [Row] {
        rows.sorted()
    }

    // MARK: - Rules

    /// Applies one packet.
    private mutating func add(_ packet: Packet, receivedAt: Int64) {
        guard let session = sessions[packet.token] else { return }
        let opens = Int64(session.openSeconds)
        let closes = Int64(session.closeSeconds)
        let receivedSecond = Self.floorDivide(receivedAt, Self.microsecondsPerSecond)
        let today = Self.dateInIST(receivedSecond)

        // A time that cannot be.
        let newest = max(packet.exchangeTime, packet.tradeTime)
        guard newest * Self.microsecondsPerSecond <= receivedAt + Self.greatestLead else { return }

        // An old snapshot: all it tells of today is that we listened before the open.
        let key = InstrumentDay(token: packet.token, date: today)
        guard Self.dateInIST(packet.exchangeTime) == today else {
            let isBeforeOpen = Self.secondOfDayInIST(receivedSecond) < opens
            if packet.exchangeTime != 0, days[key] == nil, isBeforeOpen {
                days[key] = DayState(base: 0, joiningMinute: nil)
            }
            return
        }

        // The first packet of the day says from where volume is counted.
        if days[key] == nil {
            if Self.secondOfDayInIST(receivedSecond) < opens {
                days[key] = DayState(base: 0, joiningMinute: nil)
            } else {
                let minute = Self.floorDivide(receivedSecond, Self.secondsPerMinute)
                days[key] = DayState(base: packet.cumulativeVolume, joiningMinute: minute)
            }
        }

        // Never traded, or not today.
        guard packet.tradeTime != 0, Self.dateInIST(packet.tradeTime) == today else { return }

        let tradeSecond = Self.secondOfDayInIST(packet.tradeTime)
        guard tradeSecond < closes else { return }
        let minute = Self.floorDivide(packet.tradeTime, Self.secondsPerMinute)
        if tradeSecond < opens || minute < firstOpenMinute {
            // The auction before the open, or too late for its candle: no open minute may count that volume again.
            days[key]?.raiseBase(to: packet.cumulativeVolume)
            return
        }

        if !Self.isIndex(packet.token), days[key]?.hasTrade(of: packet, in: minute) == true {
            return  // Only the depth changed.
        }
        sequence += 1
        let observation = Observation(
            time: packet.tradeTime,
            cumulativeVolume: packet.cumulativeVolume,
            sequence: sequence,
            price: packet.price,
            openInterest: packet.openInterest
        )
        days[key]?.openMinutes[minute, default: []].append(observation)
    }

    /// Makes rows of all minutes that ended at least the grace time before `receivedAt`.
    private mutating func closeMinutes(receivedAt: Int64) {
        let microsecondsPerMinute = Self.secondsPerMinute * Self.microsecondsPerSecond
        let minute = Self.floorDivide(receivedAt - Self.grace, microsecondsPerMinute)
        guard minute > firstOpenMinute else { return }
        firstOpenMinute = minute

        for key in Array(days.keys) {
            // Oldest first, as each minute raises the base of the next one.
            let due = (days[key]?.openMinutes.keys.filter { $0 < firstOpenMinute } ?? []).sorted()
            for minute in due {
                if let row = days[key]?.close(minute: minute, token: key.token) {
                    rows.append(row)
                }
            }
        }
    }

    // MARK: - Bytes

    /// Reads a packet, or returns `nil` unless it is a full one: 32 bytes for an index, 184 for everything else.
    private static func packet(in frame: [UInt8], at start: Int, length: Int) -> Packet? {
        guard length >= 4 else { return nil }
        let token = unsigned(in: frame, at: start)
        let price = tenThousandths(Int32(bitPattern: unsigned(in: frame, at: start + 4)), token: token)

        if isIndex(token) {
            guard length == 32 else { return nil }
            let exchangeTime = Int64(unsigned(in: frame, at: start + 28))
            return Packet(
                token: token,
                price: price,
                tradeTime: exchangeTime,
                exchangeTime: exchangeTime,
                cumulativeVolume: 0,
                openInterest: nil
            )
        }

        guard length == 184 else { return nil }
        return Packet(
            token: token,
            price: price,
            tradeTime: Int64(unsigned(in: frame, at: start + 44)),
            exchangeTime: Int64(unsigned(in: frame, at: start + 60)),
            cumulativeVolume: Int64(unsigned(in: frame, at: start + 16)),
            openInterest: isShare(token) ? nil : Int64(unsigned(in: frame, at: start + 48))
        )
    }

    /// Reads four bytes, big-endian.
    private static func unsigned(in bytes: [UInt8], at start: Int) -> UInt32 {
        UInt32(bytes[start]) << 24
            | UInt32(bytes[start + 1]) << 16
            | UInt32(bytes[start + 2]) << 8
            | UInt32(bytes[start + 3])
    }

    /// Converts a price on the wire to 1/10,000 rupee, half to even.
    private static func tenThousandths(_ wire: Int32, token: UInt32) -> Int64 {
        let value = Int64(wire)
        switch token & 0xff {
        case 3:
            // 1/10,000,000 rupee. The remainder is 0...999 also below zero.
            let quotient = floorDivide(value, 1000)
            let remainder = value - quotient * 1000
            let up = remainder > 500 || (remainder == 500 && quotient % 2 != 0)
            return up ? quotient + 1 : quotient
        case 6, 12:
            return value
        default:
            return value * 100
        }
    }

    /// Whether the token is of an index (segment 9).
    private static func isIndex(_ token: UInt32) -> Bool {
        token & 0xff == 9
    }

    /// Whether the token is of a share (segment 1, NSE, or 4, BSE).
    private static func isShare(_ token: UInt32) -> Bool {
        token & 0xff == 1 || token & 0xff == 4
    }

    // MARK: - Time

    /// Returns the IST date of a UTC second, in days since 1970.
    private static func dateInIST(_ second: Int64) -> Int64 {
        floorDivide(second + secondsISTIsAheadOfUTC, secondsPerDay)
    }

    /// Returns the seconds from IST midnight to a UTC second.
    private static func secondOfDayInIST(_ second: Int64) -> Int64 {
        second + secondsISTIsAheadOfUTC - dateInIST(second) * secondsPerDay
    }

    /// Divides by a positive number, rounding down also below zero.
    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
        let quotient = value / divisor
        return value % divisor < 0 ? quotient - 1 : quotient
    }
}

extension SlowCandleReference.DayState {
    /// Raises the base; it never falls.
    fileprivate mutating func raiseBase(to cumulativeVolume: Int64) {
        base = max(base, cumulativeVolume)
    }

    /// Whether an open minute already holds a trade of the packet's time and cumulative volume.
    fileprivate func hasTrade(of packet: SlowCandleReference.Packet, in minute: Int64) -> Bool {
        (openMinutes[minute] ?? []).contains {
            $0.time == packet.tradeTime && $0.cumulativeVolume == packet.cumulativeVolume
        }
    }

    /// Takes a minute out of the open ones and reduces it to a row; `nil` without observations.
    ///
    /// The minute's largest cumulative volume becomes the base of the minutes after it. Should it lie below the base
    /// (the exchange took volume back), the minute's volume is 0, never negative.
    fileprivate mutating func close(minute: Int64, token: UInt32) -> SlowCandleReference.Row? {
        let arrived = openMinutes.removeValue(forKey: minute) ?? []
        let ordered = arrived.sorted {
            ($0.time, $0.cumulativeVolume, $0.sequence) < ($1.time, $1.cumulativeVolume, $1.sequence)
        }
        guard let first = ordered.first, let last = ordered.last else { return nil }
        let prices = ordered.map(\.price)
        let largest = ordered.map(\.cumulativeVolume).max() ?? base
        let volume = max(0, largest - base)
        raiseBase(to: largest)
        return SlowCandleReference.Row(
            token: token,
            start: minute * 60_000_000,
            open: first.price,
            high: prices.max() ?? first.price,
            low: prices.min() ?? first.price,
            close: last.price,
            volume: volume,
            openInterest: last.openInterest,
            partial: joiningMinute.map { minute <= $0 } ?? false
        )
    }
}
