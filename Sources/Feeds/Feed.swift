internal import KiteProtocol
package import LiveMarket
package import Logging
package import MarketModel
internal import NIOCore
internal import NIOWebSocket
package import RedisClient
internal import ServiceLifecycle
internal import Synchronization

/// What a feed connects to and how it behaves.
package struct FeedConfiguration: Sendable {
    /// Where the ticker is; asked before every attempt to connect.
    package var address: @Sendable () async throws -> TickerURL
    package var clock: FeedClockMode
    /// The tokens to subscribe to, in full mode: 1 to 3,000.
    package var tokens: [UInt32]
    /// The connection counts as dead when nothing, not even a heartbeat, came for so long.
    package var silence: Duration = .seconds(5)
    /// The longest wait between two attempts to connect.
    package var maximumBackoff: Duration = .seconds(30)
    /// How long to wait for a log that another feed writes; a dead feed's lease lapses within 10 seconds.
    package var leasePatience: Duration = .seconds(20)

    package init(
        address: @escaping @Sendable () async throws -> TickerURL,
        clock: FeedClockMode,
        tokens: [UInt32]
    ) {
        self.address = address
        self.clock = clock
        self.tokens = tokens
    }

    /// - Throws: ``FeedError`` `.nothingToWatch`, or `.invalidAddress` when there are more than one connection takes.
    package func validate() throws(FeedError) {
        if tokens.isEmpty {
            throw FeedError(.nothingToWatch, "the watchlist is empty: there is nothing to subscribe to")
        }
        if tokens.count > 3000 {
            throw FeedError(
                .invalidAddress,
                "\(tokens.count) instruments are watched, and one connection to the broker carries 3000"
            )
        }
    }
}

/// A feed's figures at one moment.
package struct FeedStatistics: Sendable {
    package var isConnected = false
    package var connections = 0
    package var frames: Int64 = 0
    package var packets: Int64 = 0
    package var faults: Int64 = 0
    package var rejectedTimes: Int64 = 0
    /// The log's time of the newest frame.
    package var marketTime: Timestamp?
    /// When the newest frame came, by the wall clock.
    package var lastFrameAt: Timestamp?
    /// What the last connection ended with.
    package var lastError: String?
}

/// Takes a broker's ticks over a WebSocket and writes them into Redis: the tick log, live prices, followers.
///
/// Looks at no more of a packet than token, price and time. Reconnects and subscribes again by itself.
package final class Feed: Service {
    private let configuration: FeedConfiguration
    private let outbox = FrameOutbox()
    private let writer: LogWriter
    private let lease: WriterLease
    private let log: TickLog
    private let clock: Mutex<FeedClock>
    private let figures = Mutex(FeedStatistics())
    private let opening = Mutex(Opening())
    private let now: TimeSource
    private let logger: Logger

    /// Makes a feed; ``run()`` starts it.
    ///
    /// `log` is Redis for the tick log, `cache` that for live prices: the same client when one server has both duties.
    /// `now` is the wall clock.
    ///
    /// - Throws: ``FeedError``.
    package init(
        _ configuration: FeedConfiguration,
        keys: LiveKeys,
        log: RedisClient,
        cache: RedisClient,
        now: @escaping TimeSource = WallClock.now,
        logger: Logger
    ) throws(FeedError) {
        try configuration.validate()
        self.configuration = configuration
        self.writer = LogWriter(keys: keys, log: log, cache: cache, logger: logger)
        self.lease = WriterLease(keys: keys, client: log)
        self.log = TickLog(keys: keys, client: log)
        self.clock = Mutex(FeedClock(mode: configuration.clock, instruments: configuration.tokens.count))
        self.now = now
        self.logger = logger
    }

    package var statistics: FeedStatistics {
        var statistics = figures.withLock { $0 }
        statistics.rejectedTimes = clock.withLock { $0.rejected }
        return statistics
    }

    /// Runs until the service is shut down; what was received is in the log then.
    ///
    /// - Throws: ``FeedError`` `.notAlone` when another feed writes the same log.
    package func run() async throws {
        try await takeLease()
        try await writer.begin()
        // The log's own clock goes on where it was: it never goes back.
        if let last = try await log.last()?.entry.time {
            clock.withLock { clock in
                clock = FeedClock(mode: configuration.clock, instruments: configuration.tokens.count, now: last)
            }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                // Whoever waits for room in the outbox must not wait for a writer that is gone.
                defer { self.outbox.close() }
                try await self.drain()
            }
            group.addTask {
                // The receiving side ends with the shutdown; then the outbox is closed and drained.
                defer { self.outbox.close() }
                try await cancelWhenGracefulShutdown { try await self.receive() }
            }
            try await group.waitForAll()
        }
        do {
            try await lease.release()
        } catch {
            logger.warning("the lease of the tick log was not given back, and lapses by itself: \(error)")
        }
    }

    private func receive() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.tickClock() }
            group.addTask { try await self.keepConnected() }
            do {
                try await group.next()
            } catch is CancellationError {
                // Shut down.
            }
            group.cancelAll()
        }
    }

    private func takeLease() async throws {
        let deadline = ContinuousClock.now + configuration.leasePatience
        while true {
            if try await lease.renew() { return }
            guard ContinuousClock.now < deadline else { break }
            logger.info("another feed writes the tick log; waiting for its lease to lapse")
            try await Task.sleep(for: .milliseconds(250))
        }
        throw FeedError(.notAlone, "another feed writes the tick log already; one is enough, stop the other one first")
    }

    // MARK: - Writing

    private func drain() async throws {
        while true {
            let entries = await outbox.take(count: 512, bytes: 4 << 20)
            if entries.isEmpty { return }
            try await writer.write(entries)
        }
    }

    /// Renews the lease and puts a clock entry into the log every second.
    private func tickClock() async throws {
        while true {
            try await Task.sleep(for: .seconds(1))
            do {
                guard try await lease.renew() else {
                    throw FeedError(.notAlone, "another feed has taken over the tick log")
                }
            } catch let error as RedisError {
                logger.warning("the lease of the tick log cannot be renewed: \(error)")
            }
            let wall = now()
            if let time = clock.withLock({ $0.tick(wall: wall) }) {
                await outbox.append(OutgoingEntry(frame: nil, time: time, receivedAt: wall))
            }
        }
    }

    // MARK: - Reading

    private func keepConnected() async throws {
        var failures = 0
        while true {
            do {
                try await follow { failures = 0 }
            } catch let error as FeedError where error.code == .behindLog {
                throw error
            } catch {
                try Task.checkCancellation()
                figures.withLock { figures in
                    figures.isConnected = false
                    figures.lastError = "\(error)"
                }
                failures += 1
                let wait = backoff(failures)
                logger.warning("the feed is interrupted; next attempt in \(wait): \(error)")
                try await Task.sleep(for: wait)
            }
        }
    }

    /// 0.25 s, doubled with every failure up to the limit, and up to a quarter more by chance.
    private func backoff(_ failures: Int) -> Duration {
        let milliseconds = min(
            250 << min(failures - 1, 12),
            Int(configuration.maximumBackoff.components.seconds * 1000)
        )
        return .milliseconds(milliseconds + Int.random(in: 0...milliseconds / 4))
    }

    /// One connection, from its start to its end.
    private func follow(connected: () -> Void) async throws {
        let url = try await configuration.address()
        let socket = try await TickerConnection.connect(url)
        try await socket.executeThenClose { inbound, outbound in
            try await outbound.write(.clientText(KiteClientMessage.subscribe(configuration.tokens).json()))
            try await outbound.write(.clientText(KiteClientMessage.mode(.full, configuration.tokens).json()))
            connected()
            logger.info("the feed follows \(configuration.tokens.count) instruments at \(url)")
            figures.withLock { figures in
                figures.isConnected = true
                figures.connections += 1
                figures.lastError = nil
            }
            let liveness = Liveness(limit: configuration.silence)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await liveness.watch() }
                group.addTask { try await self.read(inbound, outbound, liveness) }
                defer { group.cancelAll() }
                try await group.next()
            }
        }
    }

    private func read(
        _ inbound: NIOAsyncChannelInboundStream<WebSocketFrame>,
        _ outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>,
        _ liveness: Liveness
    ) async throws {
        for try await frame in inbound {
            liveness.heard()
            switch frame.opcode {
            case .binary: try await receive(frame.data)
            case .text: receive(text: String(buffer: frame.data))
            case .ping: try await outbound.write(.clientControl(.pong, frame.data))
            case .connectionClose:
                throw FeedError(.connectionLost, "the ticker closed the connection")
            default: break
            }
        }
        throw FeedError(.connectionLost, "the connection to the ticker was lost")
    }

    private func receive(_ frame: ByteBuffer) async throws {
        let wall = now()
        // A heartbeat counts for liveness only.
        guard frame.readableBytes > 1 else { return }
        var times: [(token: UInt32, seconds: Int64)] = []
        var packets: Int64 = 0
        let fault = KiteFrame.forEachPacket(in: frame.readableBytesSpan) { packet in
            packets += 1
            guard configuration.clock == .feed, let token = KitePacket.token(packet),
                let seconds = KitePacket.exchangeTime(packet)
            else { return }
            // In one frame nearly all packets have the same time; a repetition says nothing new.
            if times.count < FeedClock.agreement || times.last?.seconds != Int64(seconds) {
                times.append((token, Int64(seconds)))
            }
        }
        let (time, lag) = clock.withLock { clock in
            (clock.receive(wall: wall, times: times), clock.lag(of: times))
        }
        let isFirstTime = opening.withLock { $0.isFirstTime(!times.isEmpty) }
        if let lag, isFirstTime { throw Self.isBehindLog(lag) }
        figures.withLock { figures in
            figures.frames += 1
            figures.packets += packets
            figures.marketTime = time ?? figures.marketTime
            figures.lastFrameAt = wall
            if fault != nil { figures.faults += 1 }
        }
        if let fault { logger.warning("a frame of the ticker is damaged (its whole packets are used): \(fault)") }
        // Without a time (the first snapshots are in quote mode) a frame has no place in the log yet.
        guard let time else { return opening.withLock { $0.keep(frame, wall) } }
        for (frame, receivedAt) in opening.withLock({ $0.takeFrames() }) {
            await outbox.append(OutgoingEntry(frame: frame, time: time, receivedAt: receivedAt))
        }
        await outbox.append(OutgoingEntry(frame: frame, time: time, receivedAt: wall))
    }

    /// A source that plays a past that was recorded already would be ignored tick by tick: that is told at once.
    private static func isBehindLog(_ lag: Duration) -> FeedError {
        FeedError(
            .behindLog,
            "the ticker's time lies \(lag) behind what has been recorded, and the past is not recorded twice: let it "
                + "play a later day, or record into another store"
        )
    }

    private func receive(text: String) {
        switch KiteTextMessage.parse(text) {
        case .error(let message): logger.error("the ticker reports: \(message)")
        case .message(let message): logger.info("broadcast of the broker: \(message)")
        case .order, .ignored: break
        }
    }
}

/// What a feed does with its first frames.
private struct Opening: Sendable {
    /// The most frames kept until the time is known; the oldest go first.
    private static let limit = 1000

    private var frames: [(frame: ByteBuffer, receivedAt: Timestamp)] = []
    private var hasTime = false

    /// True for the first frame that tells a time.
    mutating func isFirstTime(_ hasTimes: Bool) -> Bool {
        defer { hasTime = hasTime || hasTimes }
        return hasTimes && !hasTime
    }

    mutating func keep(_ frame: ByteBuffer, _ receivedAt: Timestamp) {
        if frames.count == Self.limit { frames.removeFirst() }
        frames.append((frame, receivedAt))
    }

    mutating func takeFrames() -> [(frame: ByteBuffer, receivedAt: Timestamp)] {
        defer { frames = [] }
        return frames
    }
}

/// Notices a connection that stands but says nothing.
private final class Liveness: Sendable {
    private let limit: Duration
    private let last = Mutex(ContinuousClock.now)

    init(limit: Duration) {
        self.limit = limit
    }

    func heard() {
        last.withLock { $0 = .now }
    }

    /// - Throws: ``FeedError`` `.silent` when nothing was heard within the limit.
    func watch() async throws {
        while true {
            try await Task.sleep(for: .milliseconds(500))
            guard last.withLock({ ContinuousClock.now - $0 }) < limit else {
                throw FeedError(.silent, "nothing came for \(limit) although the connection stands")
            }
        }
    }
}
