import Foundation
import Gateway
import GoGoTradeTestSupport
import MarketStore
import PostgresClient
import ServiceLifecycle
import Testing

@Suite("Connections to the gateway", .timeLimit(.minutes(5)))
struct ConnectionTests {
    @Test("requests follow each other on one connection, errors among them", arguments: TestEdition.available)
    func keepAlive(_ edition: TestEdition) async throws {
        let site = try await GatewaySites.shared.site(edition)
        try await site.withGateway { client in
            let answers = try await client.raw(["/healthz", "/nowhere", "/api/v1/candles/NSE:INFY?limit=1", "/healthz"])
            #expect(answers.map(\.status) == [200, 404, 200, 200])
            #expect(answers[3].text == "ok\n")
            #expect(try answers[2].array("candles").count == 1)
        }
    }

    @Test("HEAD has the headers of GET and no body, so that the next answer is whole", arguments: TestEdition.available)
    func head(_ edition: TestEdition) async throws {
        let site = try await GatewaySites.shared.site(edition)
        let targets = ["/healthz", "/api/v1/instruments/NSE:INFY", "/api/v1/instruments/NSE:NOSUCH", "/nowhere"]
        try await site.withGateway { client in
            for target in targets {
                let whole = try await client.raw(target)
                let (head, next) = try await RawConnection.onThread(port: client.port) { connection in
                    try connection.send("HEAD \(target) HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    let head = try connection.answer(withoutBody: true)
                    try connection.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    return (head, try connection.answer())
                }
                #expect(head.status == whole.status, "\(target)")
                #expect(head.type == whole.type, "\(target)")
                #expect(next.text == "ok\n", "\(target)")
            }
        }
    }

    @Test("what is no HTTP is 400, and others are served on", arguments: TestEdition.available)
    func nonsense(_ edition: TestEdition) async throws {
        let site = try await GatewaySites.shared.site(edition)
        try await site.withGateway { client in
            let answer = try await RawConnection.onThread(port: client.port) { connection in
                try connection.send("\u{1}\u{2} nonsense\r\n\r\n")
                return try connection.answer()
            }
            #expect(answer.status == 400)
            #expect(answer.body.isEmpty)
            #expect(answer.headers["connection"] == "close")
            #expect(try await client.get("/healthz").status == 200)
        }
    }

    @Test("two hundred requests at once are all answered, each with its own answer", arguments: TestEdition.available)
    func concurrent(_ edition: TestEdition) async throws {
        let site = try await GatewaySites.shared.site(edition)
        let symbols = site.instruments.keys.sorted()
        try await site.withGateway { client in
            let right = try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<200 {
                    let symbol = symbols[index % symbols.count]
                    let name = symbol.replacing("&", with: "%26").replacing(" ", with: "%20")
                    group.addTask {
                        if index % 2 == 0 {
                            let answer = try await client.get("/api/v1/instruments/\(name)")
                            return try answer.object()["symbol"] as? String == symbol
                        }
                        let answer = try await client.get("/api/v1/candles/\(name)?limit=\(index)")
                        return try answer.object()["symbol"] as? String == symbol
                    }
                }
                return try await group.reduce(into: 0) { count, isRight in count += isRight ? 1 : 0 }
            }
            #expect(right == 200)
        }
    }

    @Test("a taken port is an error that names it and says what to do", arguments: TestEdition.available)
    func takenPort(_ edition: TestEdition) async throws {
        let site = try await GatewaySites.shared.site(edition)
        try await site.withGateway { client in
            let second = site.makeGateway(port: client.port)
            let error = try #require(await #expect(throws: GatewayError.self) { try await second.run() })
            #expect(error.code == .portTaken)
            #expect("\(error)".contains("port \(client.port) is in use"))
            #expect("\(error)".contains("choose another port with --port"))
            #expect(second.listeningPort == nil)
        }
    }

    @Test("what is no port is refused", arguments: TestEdition.available)
    func invalidPort(_ edition: TestEdition) async throws {
        let site = try await GatewaySites.shared.site(edition)
        for port in [-1, 65_536] {
            let gateway = site.makeGateway(port: port)
            let error = try #require(await #expect(throws: GatewayError.self) { try await gateway.run() })
            #expect(error.code == .invalidPort)
            #expect("\(error)".contains("\(port) is no port"))
        }
    }

    @Test(
        "a graceful shutdown takes no new connection and answers the request under way",
        arguments: TestEdition.available
    )
    func gracefulShutdown(_ edition: TestEdition) async throws {
        let site = try await GatewaySites.shared.makeSite(edition)
        try await site.withGatewayAndGroup { client, group in
            let answer = try await site.whileInstrumentsAreLocked { release in
                async let answer = client.get("/api/v1/instruments/NSE:INFY")
                try await site.waitForBlockedStatement()
                await group.triggerGracefulShutdown()
                try await self.waitUntilRefused(port: client.port)
                release()
                return try await answer
            }
            #expect(answer.status == 200)
            #expect(try answer.object()["symbol"] as? String == "NSE:INFY")
        }
    }

    private func waitUntilRefused(port: Int) async throws {
        for _ in 0..<1000 {
            do {
                try await RawConnection.onThread(port: port) { _ in }
            } catch {
                return
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw GatewayTestError("the gateway still takes connections")
    }
}

extension GatewaySite {
    /// Runs `body` while another transaction keeps everybody from reading instruments, until `release` is called.
    func whileInstrumentsAreLocked<Value: Sendable>(
        _ body: (_ release: @escaping @Sendable () -> Void) async throws -> Value
    ) async throws -> Value {
        let pool = try PostgresPool(store.pool.configuration, logger: Self.logger)
        defer { pool.shutDown() }
        let locked = AsyncStream.makeStream(of: Void.self)
        let end = DispatchSemaphore(value: 0)
        async let lock: Void = pool.withTransaction { session in
            try session.execute("LOCK TABLE instruments IN ACCESS EXCLUSIVE MODE")
            locked.continuation.finish()
            // On the connection's own thread, which may block.
            _ = end.wait(timeout: .now() + 30)
        }
        for await _ in locked.stream {}
        defer { end.signal() }
        let value = try await body { end.signal() }
        try await lock
        return value
    }

    /// Waits until a statement in this database waits for the lock.
    func waitForBlockedStatement() async throws {
        let pool = try PostgresPool(store.pool.configuration, logger: Self.logger)
        defer { pool.shutDown() }
        for _ in 0..<1000 {
            let waiting = try await pool.query(
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if waiting.count > 0 { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw GatewayTestError("no statement waits for the lock")
    }
}
