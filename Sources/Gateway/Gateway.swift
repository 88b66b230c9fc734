internal import Hummingbird
internal import LiveMarket
package import Logging
package import MarketStore
internal import NIOCore
package import RedisClient
internal import ServiceLifecycle
internal import Synchronization

/// The REST server: instruments, candles, live prices, status.
///
/// Listens on loopback addresses only: without users there is nothing that could protect any other.
package final class Gateway: Service {
    private let port: Int
    private let routes: GatewayRoutes
    private let logger: Logger
    private let bound = Mutex<Int?>(nil)

    /// Makes a server; ``run()`` starts it.
    ///
    /// - Parameters:
    ///   - port: the port on 127.0.0.1; 0 takes a free one.
    ///   - store: the store to read from.
    ///   - cache: Redis with the live prices.
    ///   - log: Redis with the tick log, for status.
    ///   - roles: how the program's roles are doing now.
    ///   - logger: takes what fails in the server.
    package init(
        port: Int,
        store: MarketStore,
        cache: RedisClient,
        log: RedisClient,
        roles: @escaping @Sendable () -> [RoleReport],
        logger: Logger
    ) {
        self.port = port
        self.logger = logger
        self.routes = GatewayRoutes(
            store: store,
            catalogue: InstrumentCatalogue(store: store.instruments),
            prices: LivePrices(client: cache),
            cache: cache,
            log: log,
            roles: roles
        )
    }

    /// The port that is listened at; nil before and after.
    package var listeningPort: Int? { bound.withLock { $0 } }

    /// Serves until the service is shut down; requests under way are answered.
    ///
    /// - Throws: ``GatewayError`` when it cannot listen, such as at a port that is taken.
    package func run() async throws {
        guard (0...65_535).contains(port) else {
            throw GatewayError(.invalidPort, "\(port) is no port: choose 1 to 65535, or 0 for a free one, with --port")
        }
        // Load balancers and `curl -I` ask with HEAD.
        let router = Router(options: .autoGenerateHeadEndpoints)
        router.add(middleware: ErrorMiddleware())
        router.add(middleware: HostMiddleware())
        routes.add(to: router)
        let application = Application(
            router: router,
            configuration: ApplicationConfiguration(
                address: .hostname("127.0.0.1", port: port),
                serverName: "GoGoTrade"
            ),
            onServerRunning: { [self] channel in
                bound.withLock { $0 = channel.localAddress?.port }
            },
            logger: logger
        )
        defer { bound.withLock { $0 = nil } }
        do {
            try await application.run()
        } catch let error as IOError where listeningPort == nil {
            throw GatewayError(port: port, refusedWith: error)
        }
    }
}
