package import MarketModel
package import NIOCore
internal import RedisClient

/// One entry of the tick log.
package enum LogEntry: Sendable {
    /// A message of the feed as received, and the log's time of receipt.
    case frame(ByteBuffer, receivedAt: Timestamp)
    /// The log's time, without data: minutes close by these when no frames come.
    case clock(Timestamp)
    /// An entry that this program does not know, or whose time cannot be.
    case unknown

    /// The log's time of the entry.
    package var time: Timestamp? {
        switch self {
        case .frame(_, let time), .clock(let time): time
        case .unknown: nil
        }
    }

    /// Fields of an entry: `f` the frame's bytes and `t` the time of receipt; a clock entry has `t` alone.
    ///
    /// Times are microseconds since 1970 UTC in decimal digits.
    static let frameField: StaticString = "f"
    static let timeField: StaticString = "t"

    init(_ entry: RedisStreamEntry) {
        guard let text = entry["t"].map({ String(buffer: $0) }), let microseconds = Int64(text),
            Timestamp.writable.contains(Timestamp(microseconds: microseconds))
        else {
            self = .unknown
            return
        }
        let time = Timestamp(microseconds: microseconds)
        if let frame = entry["f"] { self = .frame(frame, receivedAt: time) } else { self = .clock(time) }
    }
}
