package import Logging
package import NIOCore
internal import NIOPosix

extension RedisConnection {
    /// Connects, logs in with RESP3 and selects the database.
    ///
    /// - Throws: ``RedisError`` `.connectionFailed` (not reachable, or not done within the configured time),
    ///   `.serverError` (log-in or database refused), `.protocolViolation` (something else than Redis listens there),
    ///   `.invalidAddress`, `.invalidArgument`, `.cancelled`.
    package static func connect(
        _ configuration: RedisConfiguration,
        eventLoopGroup: any EventLoopGroup,
        logger: Logger
    ) async throws(RedisError) -> RedisConnection {
        try await connect(configuration, eventLoopGroup: eventLoopGroup, logger: logger, onMessage: nil)
    }

    /// As ``connect(_:eventLoopGroup:logger:)``; what is published reaches `onMessage` on the event loop.
    package static func connect(
        _ configuration: RedisConfiguration,
        eventLoopGroup: any EventLoopGroup,
        logger: Logger,
        onMessage: (@Sendable (RedisMessage) -> Void)?
    ) async throws(RedisError) -> RedisConnection {
        guard !Task.isCancelled else { throw .cancelled }
        let waiter = RedisWaiter<RedisConnection>()
        open(configuration, eventLoopGroup: eventLoopGroup, logger: logger, onMessage: onMessage) { waiter.deliver($0) }
        return try await waiter.value()
    }

    /// Starts to connect and calls back once with the outcome, on the event loop; a connection that nobody keeps closes
    /// itself.
    package static func open(
        _ configuration: RedisConfiguration,
        eventLoopGroup: any EventLoopGroup,
        logger: Logger,
        onMessage: (@Sendable (RedisMessage) -> Void)? = nil,
        completion: @escaping @Sendable (Result<RedisConnection, RedisError>) -> Void
    ) {
        do {
            try configuration.validate()
        } catch {
            return completion(.failure(error))
        }
        let eventLoop = eventLoopGroup.next()
        let deadline = eventLoop.now + TimeAmount(configuration.connectTimeout)
        // By channel, as a name with several addresses is tried at some of them. The pipeline cannot be asked: a channel
        // that the server closed at once has lost its handlers.
        let handlers = NIOLoopBoundBox<[ObjectIdentifier: RedisChannelHandler]>.makeBoxSendingValue(
            [:],
            eventLoop: eventLoop
        )
        var bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(configuration.connectTimeout))
            .channelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(minimum: 2 << 10, initial: 16 << 10, maximum: 64 << 10)
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = RedisChannelHandler(configuration, onMessage: onMessage)
                    handlers.value[ObjectIdentifier(channel)] = handler
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
        let connecting: EventLoopFuture<any Channel>
        switch configuration.address {
        case .tcp(let host, let port):
            bootstrap = bootstrap.channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelOption(.socketOption(.so_keepalive), value: 1)
            connecting = bootstrap.connect(host: host, port: port)
        case .unixSocket(let path):
            connecting = bootstrap.connect(unixDomainSocketPath: path)
        }
        connecting.flatMapThrowing { channel in
            guard let handler = handlers.value[ObjectIdentifier(channel)] else { throw RedisError.lost() }
            return RedisConnection(channel: channel, handler: handler, configuration: configuration)
        }
        .flatMap { connection in
            connection.handshake(configuration, deadline: deadline).flatMapThrowing { @Sendable refusal in
                guard let refusal else { return connection }
                throw RedisError.refusedLogin(refusal, configuration)
            }
        }
        .whenComplete { result in
            let outcome = result.mapError { RedisError.connecting(to: configuration.address, $0) }
            switch outcome {
            case .success: logger.debug("Connected to Redis", metadata: ["address": "\(configuration.address)"])
            case .failure(let error):
                logger.debug("Could not connect to Redis", metadata: ["error": "\(error)"])
            }
            completion(outcome)
        }
    }
}

extension RedisError {
    /// Names the remedy for a refused log-in, and keeps the password out should the server repeat it.
    fileprivate static func refusedLogin(
        _ refusal: RedisServerError,
        _ configuration: RedisConfiguration
    ) -> RedisError {
        let password = configuration.password?.revealed ?? ""
        let repeatsPassword = !password.isEmpty && refusal.description.contains(password)
        let shown = repeatsPassword ? RedisServerError(code: "ERR", message: "<redacted>") : refusal
        return RedisError(
            code: .serverError,
            message: "Redis at \(configuration.address) refused the log-in: \(remedy(shown)) (\(shown))",
            isRetryable: shown.isTransient,
            server: shown
        )
    }

    private static func remedy(_ refusal: RedisServerError) -> String {
        switch refusal.code {
        case "NOAUTH": "it asks for a password; give one with its address"
        case "WRONGPASS": "the user name or the password is wrong"
        case "NOPERM": "the user may not do this; check its ACL"
        case "NOPROTO": "it does not speak RESP3; Redis 6 or later is needed"
        case _ where refusal.message.hasPrefix("unknown command"):
            "it does not speak RESP3; Redis 6 or later is needed"
        default: "its own words follow"
        }
    }

    /// Says why no connection came about.
    fileprivate static func connecting(to address: RedisAddress, _ error: any Error) -> RedisError {
        guard let error = error as? RedisError else {
            if case SocketAddressError.unixDomainSocketPathTooLong = error {
                return RedisError(
                    code: .invalidAddress,
                    message: "The path of the Redis socket is too long",
                    cause: error
                )
            }
            return RedisError(
                code: .connectionFailed,
                message: "Cannot reach Redis at \(address): \(error.reason); check that it runs and listens there",
                cause: error
            )
        }
        // A server that closes the door at once says why before the log-in could be sent.
        if error.code == .connectionFailed, let reason = error.cause as? RedisError, reason.code == .serverError {
            return reason
        }
        switch error.code {
        case .timeout, .connectionClosed, .connectionFailed:
            return RedisError(
                code: .connectionFailed,
                message: error.code == .timeout
                    ? "Redis at \(address) accepted the connection but did not answer the log-in in time"
                    : "Redis at \(address) ended the connection during the log-in",
                cause: error
            )
        default:
            return error
        }
    }
}

extension Error {
    /// What to tell about a failure to connect, without the name of the function that failed.
    fileprivate var reason: String {
        switch self {
        case let error as NIOConnectionError:
            if let failure = error.connectionErrors.first { return failure.error.reason }
            return error.dnsAError == nil && error.dnsAAAAError == nil ? "no address" : "its name could not be resolved"
        case let error as ChannelError:
            if case .connectTimeout = error { return "no answer in time" }
            return "\(error)"
        default:
            return "\(self)"
        }
    }
}
