import NIOCore
import RedisClient
import Testing

@Suite("Reconnecting, as a state machine")
struct RedisReconnectionTests {
    final class Connection {}
    typealias Machine = RedisReconnection<Connection, Int>

    let start = ContinuousClock.now
    let refusal = RedisError(code: .connectionFailed, message: "no")

    private func machine() -> Machine {
        Machine(backoff: RedisBackoff(.milliseconds(50) ... .seconds(2)))
    }

    private func name(_ request: Machine.Request) -> String {
        switch request {
        case .use: "use"
        case .wait: "wait"
        case .connect: "connect"
        case .refuse(let error): "refuse \(error.code)"
        }
    }

    @Test("the first caller connects, the others wait for the same attempt, and all are served")
    func sharesAttempt() throws {
        var machine = machine()
        #expect(name(machine.request(1, now: start)) == "connect")
        #expect(name(machine.request(2, now: start)) == "wait")
        #expect(name(machine.request(3, now: start)) == "wait")
        guard case .serve(let waiters) = machine.connected(Connection(), now: start) else {
            Issue.record("the connection was not taken")
            return
        }
        #expect(waiters == [1, 2, 3])
        #expect(name(machine.request(4, now: start)) == "use")
    }

    @Test("after a failed attempt callers are refused until the wait is over, then one tries again")
    func refusesDuringBackoff() {
        var machine = machine()
        var generator = SeededGenerator(seed: 1)
        _ = machine.request(1, now: start)
        _ = machine.request(2, now: start)
        #expect(machine.failed(refusal, now: start, using: &generator) == [1, 2])
        #expect(name(machine.request(3, now: start + .milliseconds(24))) == "refuse connectionFailed")
        #expect(name(machine.request(4, now: start + .milliseconds(51))) == "connect")
        #expect(name(machine.request(5, now: start + .milliseconds(51))) == "wait")
    }

    @Test("a connection that lasted is remade at once, one that keeps dying only after a wait")
    func lost() {
        var machine = machine()
        var generator = SeededGenerator(seed: 2)
        var now = start
        func connect() -> Connection {
            let connection = Connection()
            _ = machine.request(0, now: now)
            _ = machine.connected(connection, now: now)
            return connection
        }
        let lasting = connect()
        now += .seconds(60)
        #expect(machine.lost(lasting, refusal, now: now, using: &generator))
        #expect(name(machine.request(1, now: now)) == "connect")
        _ = machine.connected(Connection(), now: now)

        var second = Machine(backoff: RedisBackoff(.milliseconds(50) ... .seconds(2)))
        swap(&machine, &second)
        for attempt in 0..<3 {
            let brief = connect()
            now += .milliseconds(10)
            #expect(machine.lost(brief, refusal, now: now, using: &generator))
            #expect(name(machine.request(1, now: now)) == (attempt == 0 ? "connect" : "refuse connectionFailed"))
            if attempt == 0 { _ = machine.failed(refusal, now: now, using: &generator) }
            now += .seconds(2)
        }
    }

    @Test("news of an old connection's end does not touch the new one")
    func ignoresOldNews() {
        var machine = machine()
        var generator = SeededGenerator(seed: 3)
        let old = Connection()
        _ = machine.request(1, now: start)
        _ = machine.connected(old, now: start)
        #expect(machine.lost(old, refusal, now: start + .seconds(9), using: &generator))
        _ = machine.request(2, now: start + .seconds(9))
        _ = machine.connected(Connection(), now: start + .seconds(9))
        #expect(!machine.lost(old, refusal, now: start + .seconds(9), using: &generator))
        #expect(name(machine.request(3, now: start + .seconds(9))) == "use")
    }

    @Test("after shutdown everybody is refused, and an attempt that succeeds late is closed")
    func shutDown() {
        var machine = machine()
        _ = machine.request(1, now: start)
        let (connection, waiters) = machine.shutDown()
        #expect(connection == nil)
        #expect(waiters == [1])
        #expect(machine.isShutDown)
        #expect(name(machine.request(2, now: start)) == "refuse shutDown")
        guard case .close = machine.connected(Connection(), now: start) else {
            Issue.record("the late connection was kept")
            return
        }
    }

    @Test("waits double from the lower bound to the upper, jittered by at most half")
    func backoff() {
        var backoff = RedisBackoff(.milliseconds(50) ... .seconds(2))
        var generator = SeededGenerator(seed: 4)
        for longest in [50, 100, 200, 400, 800, 1600, 2000, 2000] as [Int] {
            let wait = backoff.next(using: &generator)
            #expect(wait <= .milliseconds(longest))
            #expect(wait >= .milliseconds(longest) / 2)
        }
        for _ in 0..<100 { #expect(backoff.next(using: &generator) <= .seconds(2)) }
        backoff.reset()
        #expect(backoff.next(using: &generator) <= .milliseconds(50))
    }

    @Test("the outbox wakes the loop once, keeps the order and bounds what is pending")
    func outbox() {
        let outbox = RedisOutbox(maximumCommands: 3, maximumBytes: 100)
        func submit(_ commands: Int, bytes: Int) -> String {
            let request = RedisRequest(
                bytes: ByteBuffer(repeating: 0, count: bytes),
                replyCount: commands,
                deadline: nil,
                receiver: .nobody
            )
            switch outbox.submit(request) {
            case .wake: return "wake"
            case .gathered: return "gathered"
            case .refused(let error): return "\(error.code)"
            }
        }
        #expect(submit(1, bytes: 10) == "wake")
        #expect(submit(2, bytes: 20) == "gathered")
        #expect(submit(1, bytes: 30) == "overloaded")
        #expect(outbox.take().map(\.bytes.readableBytes) == [10, 20])
        #expect(submit(1, bytes: 30) == "overloaded", "sent is not answered")
        outbox.release(commands: 1, bytes: 10)
        #expect(submit(1, bytes: 81) == "overloaded")
        #expect(submit(1, bytes: 80) == "wake")
        outbox.release(commands: 3, bytes: 100)
        #expect(submit(1000, bytes: 1000) == "gathered", "alone, a batch of any size goes")
        #expect(outbox.close(refusal).map(\.bytes.readableBytes) == [80, 1000])
        #expect(submit(1, bytes: 1) == "connectionFailed")
    }
}
