import Feeds
import MarketModel
import NIOCore
import Synchronization
import Testing

@Suite("The feed's outbox", .timeLimit(.minutes(1)))
struct FrameOutboxTests {
    private static func entry(_ number: Int, bytes: Int = 10) -> OutgoingEntry {
        let time = Timestamp(microseconds: Int64(number))
        return OutgoingEntry(frame: ByteBuffer(repeating: 0, count: bytes), time: time, receivedAt: time)
    }

    private static func numbers(_ entries: [OutgoingEntry]) -> [Int] { entries.map { Int($0.time.microseconds) } }

    private final class Count: Sendable {
        private let number = Mutex(0)

        var value: Int {
            get { number.withLock { $0 } }
            set { number.withLock { $0 = newValue } }
        }
    }

    /// Lets other tasks run for a good while.
    private static func settle() async {
        for _ in 0..<2000 { await Task.yield() }
    }

    @Test("entries come out in their order, within the limits of number and size")
    func order() async {
        let outbox = FrameOutbox()
        for number in 0..<10 { await outbox.append(Self.entry(number)) }
        #expect(Self.numbers(await outbox.take(count: 3, bytes: 1000)) == [0, 1, 2])
        #expect(Self.numbers(await outbox.take(count: 100, bytes: 15)) == [3, 4])
        #expect(Self.numbers(await outbox.take(count: 100, bytes: 1)) == [5])
        #expect(Self.numbers(await outbox.take(count: 100, bytes: 1000)) == [6, 7, 8, 9])
    }

    @Test("a clock entry has no bytes, and is taken with the others")
    func clockEntries() async {
        let outbox = FrameOutbox(capacity: 5)
        for number in 0..<50 {
            let time = Timestamp(microseconds: Int64(number))
            await outbox.append(OutgoingEntry(frame: nil, time: time, receivedAt: time))
        }
        #expect(Self.numbers(await outbox.take(count: 100, bytes: 1)) == Array(0..<50))
    }

    @Test("whoever appends to a full outbox waits until half of it has been taken")
    func backPressure() async {
        let outbox = FrameOutbox(capacity: 100)
        let appended = Count()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for number in 0..<4 {
                    await outbox.append(Self.entry(number, bytes: 60))
                    appended.value = number + 1
                }
            }
            while appended.value < 1 { await Task.yield() }
            await Self.settle()
            // The second is in, and its appender waits.
            #expect(appended.value == 1)
            #expect(Self.numbers(await outbox.take(count: 1, bytes: 1000)) == [0])
            await Self.settle()
            #expect(appended.value == 1)
            #expect(Self.numbers(await outbox.take(count: 1, bytes: 1000)) == [1])
            while appended.value < 3 { await Task.yield() }
            await Self.settle()
            #expect(appended.value == 3)
            #expect(Self.numbers(await outbox.take(count: 9, bytes: 1000)) == [2, 3])
            await group.waitForAll()
            #expect(appended.value == 4)
        }
    }

    @Test("after the end what is there can be taken, then nothing comes, and nothing is added")
    func close() async {
        let outbox = FrameOutbox()
        await outbox.append(Self.entry(1))
        outbox.close()
        await outbox.append(Self.entry(2))
        #expect(Self.numbers(await outbox.take(count: 10, bytes: 1000)) == [1])
        #expect(await outbox.take(count: 10, bytes: 1000).isEmpty)
        #expect(await outbox.take(count: 10, bytes: 1000).isEmpty)
    }

    @Test("the end sets both sides free that wait")
    func closeWhileWaiting() async {
        let empty = FrameOutbox()
        let full = FrameOutbox(capacity: 1)
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { await empty.take(count: 1, bytes: 1).isEmpty }
            group.addTask {
                await full.append(Self.entry(1))
                return true
            }
            await Self.settle()
            empty.close()
            full.close()
            for await isFree in group { #expect(isFree) }
        }
        #expect(Self.numbers(await full.take(count: 9, bytes: 100)) == [1])
    }

    @Test("nothing is lost or changes its place between a fast and a slow side")
    func twoSides() async {
        let outbox = FrameOutbox(capacity: 500)
        let count = 20_000
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for number in 0..<count { await outbox.append(Self.entry(number, bytes: number % 90)) }
                outbox.close()
            }
            var taken: [Int] = []
            while true {
                let entries = await outbox.take(count: 1 + taken.count % 17, bytes: 1 + taken.count % 400)
                if entries.isEmpty { break }
                taken += Self.numbers(entries)
            }
            #expect(taken == Array(0..<count))
        }
    }
}
