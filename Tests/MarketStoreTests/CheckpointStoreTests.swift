import GoGoTradeTestSupport
import MarketModel
import MarketStore
import PostgresClient
import Testing

@Suite("The recorders' checkpoints", .timeLimit(.minutes(5)))
struct CheckpointStoreTests {
    private let first = RecorderCheckpoint(
        shard: 3,
        epoch: 1,
        logIdentity: "log-a",
        position: "10-0",
        state: [0, 1, 0xFF]
    )

    private func moved(_ checkpoint: RecorderCheckpoint, to position: String) -> RecorderCheckpoint {
        var next = checkpoint
        next.position = position
        next.state = Array(position.utf8)
        return next
    }

    @Test(
        "a shard has no checkpoint, then the first one, and a second first one is refused",
        arguments: TestEdition.available
    )
    func create(edition: TestEdition) async throws {
        let store = try await TestEngines.shared.makeStore(edition).checkpoints
        #expect(try await store.read(shard: 3) == nil)
        #expect(try await store.takeOver(shard: 3) == nil)
        try await store.create(first)
        #expect(try await store.read(shard: 3) == first)
        #expect(try await store.read(shard: 4) == nil)
        let second = moved(first, to: "99-0")
        let error = await #expect(throws: StoreError.self) { try await store.create(second) }
        #expect(error?.code == .takenOver)
        #expect(try await store.read(shard: 3) == first)
    }

    @Test("of recorders that begin a shard at once, one wins", arguments: TestEdition.available)
    func createAtOnce(edition: TestEdition) async throws {
        let store = try await TestEngines.shared.makeStore(edition).checkpoints
        let winners = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<8 {
                let mine = moved(first, to: "\(number)-0")
                group.addTask { (try? await store.create(mine)) != nil }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(winners == 1)
    }

    @Test("a commit stores candles and checkpoint together", arguments: TestEdition.available)
    func commit(edition: TestEdition) async throws {
        let test = try await TestStore(edition)
        let store = test.store.checkpoints
        try await store.create(first)
        let next = moved(first, to: "20-0")
        let result = try await store.commit([test.stored(makeCandle(minute: 0))], former: first, next: next)
        #expect(result.inserted == 1)
        #expect(try await store.read(shard: 3) == next)
        #expect(try await test.read().count == 1)
        let last = moved(next, to: "30-0")
        #expect(try await store.commit([], former: next, next: last).inserted == 0)
        #expect(try await store.read(shard: 3) == last)
    }

    @Test(
        "a former epoch, position, log or shard stores neither candle nor checkpoint",
        arguments: TestEdition.available
    )
    func compareAndSet(edition: TestEdition) async throws {
        let test = try await TestStore(edition)
        let store = test.store.checkpoints
        try await store.create(first)
        var wrong = [first, first, first, first]
        wrong[0].epoch = 0
        wrong[1].position = "9-0"
        wrong[2].logIdentity = "log-b"
        wrong[3].shard = 4
        for former in wrong {
            let next = moved(former, to: "20-0")
            let candles = [test.stored(makeCandle(minute: 0))]
            let error = await #expect(throws: StoreError.self) {
                try await store.commit(candles, former: former, next: next)
            }
            #expect(error?.code == .takenOver)
            #expect(try await store.read(shard: 3) == first)
            #expect(try await test.read() == [])
        }
        #expect(test.pool.statistics.busy == 0)
    }

    @Test("a candle that is refused moves no checkpoint", arguments: TestEdition.available)
    func refusedCandle(edition: TestEdition) async throws {
        let test = try await TestStore(edition)
        let store = test.store.checkpoints
        try await store.create(first)
        var bad = makeCandle(minute: 0)
        bad.volume = -1
        let candles = [test.stored(makeCandle(minute: 1)), test.stored(bad)]
        let next = moved(first, to: "20-0")
        await #expect(throws: StoreError.self) { try await store.commit(candles, former: first, next: next) }
        #expect(try await store.read(shard: 3) == first)
        #expect(try await test.read() == [])
    }

    @Test(
        "taking a shard over raises its epoch, and whoever led it stores nothing more",
        arguments: TestEdition.available
    )
    func takeOver(edition: TestEdition) async throws {
        let test = try await TestStore(edition)
        let store = test.store.checkpoints
        try await store.create(first)
        let taken = try #require(try await store.takeOver(shard: 3))
        #expect(taken.epoch == 2)
        #expect(taken.position == first.position)
        #expect(taken.state == first.state)
        #expect(taken.logIdentity == first.logIdentity)
        let candles = [test.stored(makeCandle(minute: 0))]
        let late = moved(first, to: "20-0")
        let error = await #expect(throws: StoreError.self) {
            try await store.commit(candles, former: first, next: late)
        }
        #expect(error?.code == .takenOver)
        #expect(try await test.read() == [])
        #expect(try await store.commit(candles, former: taken, next: moved(taken, to: "20-0")).inserted == 1)
        #expect(try await store.takeOver(shard: 3)?.epoch == 3)
    }

    @Test("of commits from the same former checkpoint at once, one wins", arguments: TestEdition.available)
    func commitAtOnce(edition: TestEdition) async throws {
        let test = try await TestStore(edition)
        let store = test.store.checkpoints
        try await store.create(first)
        let winners = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<6 {
                let next = moved(first, to: "2\(number)-0")
                let candles = [test.stored(makeCandle(minute: number))]
                group.addTask { [first] in (try? await store.commit(candles, former: first, next: next)) != nil }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(winners == 1)
        #expect(try await test.read().count == 1)
    }
}
