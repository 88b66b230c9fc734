internal import KiteProtocol
package import Logging
internal import MarketCalendar
package import MarketModel
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOWebSocket
internal import ServiceLifecycle
internal import Synchronization

/// A simulated exchange: a WebSocket server that speaks Kite's ticker protocol.
///
/// The market starts with its first client and then runs by itself, day after trading day. The same configuration
/// gives the same ticks.
package final class SimulatedExchange: Service {
    private struct State {
        var market: SimulatedMarket
        var clients: [ObjectIdentifier: ExchangeClient] = [:]
        var hasStarted = false
        /// Where the exchange listens, or what kept it from listening; nil before.
        var port: Result<Int, any Error>?
        var portWaiters: [CheckedContinuation<Int, any Error>] = []
    }

    private typealias WebSocket = NIOAsyncChannel<WebSocketFrame, WebSocketFrame>

    private enum Upgrade: Sendable {
        case webSocket(WebSocket)
        case refused(any Channel)
    }

    private let configuration: ExchangeConfiguration
    private let logger: Logger
    private let state: Mutex<State>

    /// - Throws: ``FeedError`` `.invalidAddress` when the configuration is out of range.
    package init(_ configuration: ExchangeConfiguration, logger: Logger) throws(FeedError) {
        try configuration.validate()
        self.configuration = configuration
        self.logger = logger
        var market: SimulatedMarket
        switch configuration.start {
        case .day(let date):
            market = SimulatedMarket(date: date, instruments: configuration.instruments, seed: configuration.seed)
        case .after(let time):
            let date = WeekdayCalendar.tradingDay(onOrBefore: IndiaTime.date(of: time))
            market = SimulatedMarket(date: date, instruments: configuration.instruments, seed: configuration.seed)
            market.skip(to: time)
            if market.isOver {
                market = SimulatedMarket(
                    date: WeekdayCalendar.tradingDay(after: date),
                    instruments: configuration.instruments,
                    seed: configuration.seed
                )
            }
        }
        state = Mutex(State(market: market))
    }

    /// The port that the exchange listens at; waits until it does.
    ///
    /// - Throws: what kept the exchange from listening.
    package func port() async throws -> Int {
        try await withCheckedThrowingContinuation { continuation in
            let port = state.withLock { state in
                if state.port == nil { state.portWaiters.append(continuation) }
                return state.port
            }
            if let port { continuation.resume(with: port) }
        }
    }

    /// The market's present second.
    package var marketTime: Timestamp {
        Timestamp(seconds: state.withLock { $0.market.nextSecond } - 1)
    }

    /// Listens and plays until the service is shut down.
    ///
    /// - Throws: ``FeedError`` `.connectionFailed` when the port is taken.
    package func run() async throws {
        let server = try await listen()
        try await cancelWhenGracefulShutdown {
            do {
                try await server.executeThenClose { connections in
                    try await withThrowingDiscardingTaskGroup { group in
                        group.addTask { try await self.play() }
                        for try await upgrade in connections {
                            group.addTask { await self.serve(upgrade) }
                        }
                    }
                }
            } catch is CancellationError {
                // Shut down.
            }
        }
    }

    // MARK: - The market

    private func play() async throws {
        try await waitForStart()
        var played = 0
        while true {
            try await playDay()
            played += 1
            if let days = configuration.days, played >= days {
                logger.info("the simulated market has closed for good")
                try await Task.sleep(for: .seconds(86_400 * 365))
            }
            state.withLock { state in
                state.market = SimulatedMarket(
                    date: WeekdayCalendar.tradingDay(after: state.market.date),
                    instruments: configuration.instruments,
                    seed: configuration.seed
                )
            }
        }
    }

    private func playDay() async throws {
        logger.info("the simulated market plays \(state.withLock { $0.market.date }) from \(marketTime)")
        let clock = ContinuousClock()
        var due = clock.now
        while true {
            let (changed, clients, isOver) = state.withLock { state in
                (state.market.step(), Array(state.clients.values), state.market.isOver)
            }
            for client in clients { client.changed(changed) }
            if let speed = configuration.speed {
                due += .seconds(1 / speed)
                // After a stall the market does not race to catch up.
                if due < clock.now - .seconds(1) { due = clock.now }
                try await Task.sleep(until: due, clock: clock)
            } else {
                try await waitForClients(clients)
            }
            if isOver { return }
        }
    }

    /// Waits until a client has chosen a mode, or has been subscribed for a second without choosing one.
    private func waitForStart() async throws {
        var subscribedFor = 0
        while true {
            try await Task.sleep(for: .milliseconds(10))
            let (hasStarted, hasSubscribers) = state.withLock { state in
                (state.hasStarted, state.clients.values.contains { $0.hasSubscriptions })
            }
            if hasSubscribers { subscribedFor += 1 }
            if hasStarted || subscribedFor > 100 { return }
        }
    }

    private func waitForClients(_ clients: [ExchangeClient]) async throws {
        var turns = 0
        while !clients.allSatisfy(\.isUpToDate) {
            turns += 1
            if turns < 200 { await Task.yield() } else { try await Task.sleep(for: .microseconds(200)) }
            try Task.checkCancellation()
        }
    }

    // MARK: - Clients

    private func serve(_ upgrade: EventLoopFuture<Upgrade>) async {
        do {
            switch try await upgrade.get() {
            case .refused(let channel): try await channel.close()
            case .webSocket(let socket): try await serve(socket)
            }
        } catch {
            // A client that went away is no fault of the exchange.
            logger.debug("a client of the simulated exchange has gone: \(error)")
        }
    }

    private func serve(_ socket: WebSocket) async throws {
        let client = ExchangeClient()
        let key = ObjectIdentifier(client)
        state.withLock { $0.clients[key] = client }
        defer {
            client.close()
            _ = state.withLock { $0.clients.removeValue(forKey: key) }
        }
        try await socket.executeThenClose { inbound, outbound in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.read(inbound, outbound, client) }
                group.addTask { try await self.write(outbound, client) }
                group.addTask {
                    while true {
                        try await Task.sleep(for: .seconds(1))
                        try await outbound.write(.binary([0]))
                    }
                }
                defer {
                    client.close()
                    group.cancelAll()
                }
                try await group.next()
            }
        }
    }

    private func read(
        _ inbound: NIOAsyncChannelInboundStream<WebSocketFrame>,
        _ outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>,
        _ client: ExchangeClient
    ) async throws {
        for try await frame in inbound {
            switch frame.opcode {
            case .text:
                do throws(KiteTextError) {
                    let message = try KiteClientMessage(json: String(buffer: frame.unmaskedData))
                    if client.receive(message) { state.withLock { $0.hasStarted = true } }
                } catch {
                    let text = #"{"type":"error","data":"not understood: send subscribe, unsubscribe or mode"}"#
                    try await outbound.write(WebSocketFrame(fin: true, opcode: .text, data: ByteBuffer(string: text)))
                }
            case .ping:
                try await outbound.write(WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData))
            case .connectionClose:
                var data = frame.unmaskedData
                let code = data.readSlice(length: 2) ?? ByteBuffer()
                try await outbound.write(WebSocketFrame(fin: true, opcode: .connectionClose, data: code))
                return
            default: break
            }
        }
    }

    private func write(_ outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>, _ client: ExchangeClient) async throws
    {
        var encoder = KiteFrameEncoder()
        while let changes = await client.nextChanges() {
            state.withLock { state in
                for (number, mode) in changes where number < configuration.instruments {
                    encoder.append(state.market.tick(number).reduced(to: mode))
                }
            }
            if encoder.packetCount > 0 { try await outbound.write(.binary(encoder.finish())) }
        }
    }

    // MARK: - Listening

    private func listen() async throws -> NIOAsyncChannel<EventLoopFuture<Upgrade>, Never> {
        do {
            let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .bind(host: configuration.host, port: configuration.port) { channel in
                    channel.eventLoop.makeCompletedFuture { try Self.configure(channel) }
                }
            let port = server.channel.localAddress?.port ?? configuration.port
            announce(.success(port))
            return server
        } catch {
            let reason = FeedError(
                .connectionFailed,
                "the simulated exchange cannot listen at \(configuration.host):\(configuration.port): \(error)"
            )
            announce(.failure(reason))
            throw reason
        }
    }

    private func announce(_ result: Result<Int, any Error>) {
        let waiters = state.withLock { state in
            state.port = result
            defer { state.portWaiters = [] }
            return state.portWaiters
        }
        for waiter in waiters { waiter.resume(with: result) }
    }

    private static func configure(_ channel: any Channel) throws -> EventLoopFuture<Upgrade> {
        let upgrader = NIOTypedWebSocketServerUpgrader<Upgrade>(
            maxFrameSize: 1 << 18,
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture(HTTPHeaders()) },
            upgradePipelineHandler: { channel, _ in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        NIOWebSocketFrameAggregator(
                            minNonFinalFragmentSize: 1,
                            maxAccumulatedFrameCount: 64,
                            maxAccumulatedFrameSize: 1 << 18
                        )
                    )
                    return .webSocket(try WebSocket(wrappingChannelSynchronously: channel))
                }
            }
        )
        let upgrade = NIOTypedHTTPServerUpgradeConfiguration(
            upgraders: [upgrader],
            notUpgradingCompletionHandler: { channel in channel.eventLoop.makeSucceededFuture(.refused(channel)) }
        )
        return try channel.pipeline.syncOperations.configureUpgradableHTTPServerPipeline(
            configuration: .init(upgradeConfiguration: upgrade)
        )
    }
}

extension WebSocketFrame {
    fileprivate static func binary(_ bytes: [UInt8]) -> WebSocketFrame {
        WebSocketFrame(fin: true, opcode: .binary, data: ByteBuffer(bytes: bytes))
    }
}

extension Tick {
    /// The tick with no more than a mode has.
    func reduced(to mode: TickMode) -> Tick {
        guard mode != .full else { return self }
        var tick = self
        tick.exchangeTime = nil
        tick.hasExchangeTimeField = false
        tick.lastTradeTime = nil
        tick.openInterest = nil
        tick.depth = nil
        if mode == .lastPrice {
            tick.day = nil
            tick.trading = nil
        }
        return tick
    }
}
