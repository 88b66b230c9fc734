import PostgresClient
import Testing

@Suite("The pool's decisions, apart from all connections")
struct PoolStateTests {
    private final class Link: Sendable {}
    private typealias State = PoolState<Link>

    private let start = ContinuousClock.now

    private func makeState(size: Int = 2, overflow: Int = 1, recycleAfter: Duration = .seconds(3600)) -> State {
        var settings = PostgresPoolConfiguration()
        settings.size = size
        settings.maximumOverflow = overflow
        settings.recycleAfter = recycleAfter
        return State(settings)
    }

    /// Takes places until there are no more, and returns the connections opened in them.
    private func fill(_ state: inout State, _ count: Int) throws -> [Link] {
        try (0..<count).map { _ in
            guard case .open = state.lease(now: start).action else { throw Unexpected() }
            let link = Link()
            state.opened(link, now: start)
            return link
        }
    }

    private struct Unexpected: Error {}

    private func waiter(_ state: inout State) throws -> State.WaiterID {
        guard case .wait(let waiter) = state.lease(now: start).action else { throw Unexpected() }
        return waiter
    }

    @Test("connections are opened up to size and overflow; then callers wait, and are served in their order")
    func order() throws {
        var state = makeState()
        let links = try fill(&state, 3)
        let waiters = try (0..<3).map { _ in try waiter(&state) }
        #expect(state.waiterCount == 3)
        for (link, expected) in zip(links, waiters) {
            guard case .hand(let served, let given) = state.release(link, isUsable: true, now: start) else {
                Issue.record("nobody was served")
                return
            }
            #expect(served == expected)
            #expect(given === link)
        }
        #expect(state.waiterCount == 0)
        #expect(state.busy == 3)
        #expect(state.idleCount == 0)
    }

    @Test("at rest no more than size stay open: the overflow is closed when it comes back")
    func overflow() throws {
        var state = makeState()
        let links = try fill(&state, 3)
        for link in links[..<2] {
            guard case .nothing = state.release(link, isUsable: true, now: start) else { throw Unexpected() }
        }
        guard case .close(let closed) = state.release(links[2], isUsable: true, now: start) else { throw Unexpected() }
        #expect(closed === links[2])
        #expect(state.idleCount == 2)
        #expect(state.busy == 0)
    }

    @Test("the connection used last is lent first")
    func newestFirst() throws {
        var state = makeState()
        let links = try fill(&state, 2)
        for link in links { _ = state.release(link, isUsable: true, now: start) }
        guard case .use(let lent) = state.lease(now: start).action else { throw Unexpected() }
        #expect(lent === links[1])
    }

    @Test("a connection that is old enough is closed instead of lent or kept, one instant earlier it is not")
    func recycling() throws {
        var state = makeState(recycleAfter: .seconds(60))
        let links = try fill(&state, 2)
        let early = start + .seconds(60) - .nanoseconds(1)
        guard case .nothing = state.release(links[0], isUsable: true, now: early) else { throw Unexpected() }
        guard case .close(let closed) = state.release(links[1], isUsable: true, now: start + .seconds(60)) else {
            throw Unexpected()
        }
        #expect(closed === links[1])
        guard case .use(let lent) = state.lease(now: early).action else { throw Unexpected() }
        #expect(lent === links[0])
        _ = state.release(lent, isUsable: true, now: early)
        let (action, expired) = state.lease(now: start + .seconds(60))
        guard case .open = action else { throw Unexpected() }
        #expect(expired.count == 1)
        #expect(expired.first === links[0])
        #expect(state.idleCount == 0)
        #expect(state.busy == 1)
    }

    @Test("the age counts from the opening, however often the connection was lent since")
    func ageOfWellUsed() throws {
        var state = makeState(recycleAfter: .seconds(60))
        let link = try fill(&state, 1)[0]
        for second in stride(from: 0, to: 60, by: 10) {
            guard case .nothing = state.release(link, isUsable: true, now: start + .seconds(second)) else {
                throw Unexpected()
            }
            guard case .use = state.lease(now: start + .seconds(second)).action else { throw Unexpected() }
        }
        guard case .close = state.release(link, isUsable: true, now: start + .seconds(60)) else { throw Unexpected() }
    }

    @Test("a lost connection's place goes to the first waiter, who opens another")
    func lostWithWaiter() throws {
        var state = makeState(size: 1, overflow: 0)
        let link = try fill(&state, 1)[0]
        let first = try waiter(&state)
        _ = try waiter(&state)
        guard case .closeAndLetOpen(let closed, let served) = state.release(link, isUsable: false, now: start) else {
            throw Unexpected()
        }
        #expect(closed === link)
        #expect(served == first)
        #expect(state.busy == 1)
        #expect(state.waiterCount == 1)
    }

    @Test("a place in which no connection could be opened is passed on, and at last free again")
    func openFailure() throws {
        var state = makeState(size: 1, overflow: 0)
        guard case .open = state.lease(now: start).action else { throw Unexpected() }
        let waiters = try (0..<2).map { _ in try waiter(&state) }
        for expected in waiters {
            guard case .letOpen(let served) = state.openFailed() else { throw Unexpected() }
            #expect(served == expected)
            #expect(state.busy == 1)
        }
        guard case .nothing = state.openFailed() else { throw Unexpected() }
        #expect(state.busy == 0)
        guard case .open = state.lease(now: start).action else { throw Unexpected() }
    }

    @Test("who gives up is passed over; who was served already cannot give up")
    func abandoning() throws {
        var state = makeState(size: 1, overflow: 0)
        let link = try fill(&state, 1)[0]
        let first = try waiter(&state)
        let second = try waiter(&state)
        let isFirst = state.abandon(first)
        #expect(isFirst)
        let isTwice = state.abandon(first)
        #expect(!isTwice)
        guard case .hand(let served, _) = state.release(link, isUsable: true, now: start) else { throw Unexpected() }
        #expect(served == second)
        let isTooLate = state.abandon(second)
        #expect(!isTooLate)
    }

    @Test("a shutdown closes what is idle, fails who waits, and takes nothing back")
    func shutdown() throws {
        var state = makeState(size: 2, overflow: 0)
        let links = try fill(&state, 2)
        let late = try waiter(&state)
        _ = state.abandon(late)
        let waiting = try waiter(&state)
        var other = state
        let failed = state.shutDown().fail
        #expect(failed == [waiting])
        #expect(state.isShutDown)
        for link in links {
            guard case .close(let closed) = state.release(link, isUsable: true, now: start) else { throw Unexpected() }
            #expect(closed === link)
        }
        guard case .fail(let error) = state.lease(now: start).action else { throw Unexpected() }
        #expect(error.code == .closed)
        #expect(state.busy == 0)
        _ = other.release(links[0], isUsable: true, now: start)
        _ = other.release(links[1], isUsable: true, now: start)
        // The first one was handed to the waiter.
        let closed = other.shutDown().close
        #expect(closed.count == 1)
        #expect(closed.first === links[1])
    }

    @Test("whatever happens, no more than size and overflow are in use, and nobody waits beside a free place")
    func randomWalk() throws {
        var numbers = SeededNumbers(seed: 7)
        for _ in 0..<200 {
            let size = Int.random(in: 1...3, using: &numbers)
            let overflow = Int.random(in: 0...2, using: &numbers)
            var state = makeState(size: size, overflow: overflow, recycleAfter: .seconds(30))
            var walk = Walk(now: start)
            for _ in 0..<200 {
                walk.step(&state, &numbers)
                #expect(state.busy == walk.lent.count + walk.opening)
                #expect(state.busy + state.idleCount <= size + overflow)
                #expect(state.idleCount <= size)
                #expect(state.waiterCount == walk.waiting.count)
                if state.waiterCount > 0 { #expect(state.busy == size + overflow) }
            }
        }
    }

    /// Users of a pool who lease, open, fail, give back and give up at random.
    private struct Walk {
        var now: ContinuousClock.Instant
        var lent: [Link] = []
        var opening = 0
        var waiting: Set<State.WaiterID> = []

        mutating func step(_ state: inout State, _ numbers: inout SeededNumbers) {
            now += .seconds(Int.random(in: 0...3, using: &numbers))
            switch Int.random(in: 0..<5, using: &numbers) {
            case 0, 1:
                switch state.lease(now: now).action {
                case .use(let link): lent.append(link)
                case .open: opening += 1
                case .wait(let waiter): waiting.insert(waiter)
                case .fail: Issue.record("refused without a shutdown")
                }
            case 2:
                guard opening > 0 else { return }
                if Bool.random(using: &numbers) {
                    let link = Link()
                    state.opened(link, now: now)
                    lent.append(link)
                    opening -= 1
                } else {
                    opening -= 1
                    take(state.openFailed())
                }
            case 3:
                guard !lent.isEmpty else { return }
                let link = lent.remove(at: Int.random(in: 0..<lent.count, using: &numbers))
                take(state.release(link, isUsable: Int.random(in: 0..<4, using: &numbers) > 0, now: now))
            default:
                guard let waiter = waiting.randomElement(using: &numbers) else { return }
                let isWaiting = state.abandon(waiter)
                #expect(isWaiting)
                waiting.remove(waiter)
            }
        }

        private mutating func take(_ action: State.FreeAction) {
            switch action {
            case .nothing, .close: break
            case .hand(let waiter, let link):
                if waiting.remove(waiter) == nil { Issue.record("nobody waits as \(waiter)") }
                lent.append(link)
            case .letOpen(let waiter), .closeAndLetOpen(_, let waiter):
                if waiting.remove(waiter) == nil { Issue.record("nobody waits as \(waiter)") }
                opening += 1
            }
        }
    }
}
