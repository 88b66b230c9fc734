internal import Candles
internal import MarketStore
internal import RedisClient

/// What a leading recorder has in hand.
struct RecorderWork {
    /// What is in the store.
    private(set) var checkpoint: RecorderCheckpoint
    var builder: CandleBuilder
    var logIdentity: String
    /// The entry that was taken last.
    var position: RedisStreamID
    /// Candles that were closed since the checkpoint.
    var closed: [ClosedCandle] = []
    private var committedAt = ContinuousClock.now
    private var askedAt: ContinuousClock.Instant?

    init(checkpoint: RecorderCheckpoint, builder: CandleBuilder) {
        self.checkpoint = checkpoint
        self.builder = builder
        self.logIdentity = checkpoint.logIdentity
        self.position = RedisStreamID(checkpoint.position) ?? .zero
    }

    /// True when the log has moved on for a minute without a closed candle.
    var isCheckpointDue: Bool {
        position.description != checkpoint.position && ContinuousClock.now - committedAt > .seconds(60)
    }

    mutating func committed(_ next: RecorderCheckpoint) {
        checkpoint = next
        closed = []
        committedAt = .now
    }

    /// True at most once in five seconds.
    mutating func mayAskForInstruments() -> Bool {
        if let askedAt, ContinuousClock.now - askedAt < .seconds(5) { return false }
        askedAt = .now
        return true
    }
}
