package import MarketModel
package import NIOCore
internal import Synchronization

/// A frame, or a clock entry, on its way into the log.
package struct OutgoingEntry: Sendable {
    /// nil is a clock entry.
    package let frame: ByteBuffer?
    /// The log's time.
    package let time: Timestamp
    /// The wall clock's time of receipt.
    package let receivedAt: Timestamp

    package init(frame: ByteBuffer?, time: Timestamp, receivedAt: Timestamp) {
        self.frame = frame
        self.time = time
        self.receivedAt = receivedAt
    }
}

/// What the feed has received and the log has not confirmed yet: bounded, in order.
///
/// The reader waits while the outbox is full (that holds back a simulated exchange; a broker's socket is read by the
/// system meanwhile), the writer while it is empty.
package final class FrameOutbox: Sendable {
    private struct State {
        var entries: [OutgoingEntry] = []
        var bytes = 0
        var isClosed = false
        var reader: CheckedContinuation<Void, Never>?
        var writer: CheckedContinuation<Void, Never>?
    }

    /// The most bytes kept: 60 seconds of 9,000 instruments at one full packet a second are about 100 MB.
    package static let capacity = 128 << 20

    private let capacity: Int
    private let state = Mutex(State())

    package init(capacity: Int = FrameOutbox.capacity) {
        self.capacity = capacity
    }

    /// Appends an entry; waits while the outbox is full.
    ///
    /// Entries after ``close()`` are dropped.
    package func append(_ entry: OutgoingEntry) async {
        await withCheckedContinuation { continuation in
            let (waiter, isDone) = state.withLock { state -> (CheckedContinuation<Void, Never>?, Bool) in
                if !state.isClosed {
                    state.entries.append(entry)
                    state.bytes += entry.frame?.readableBytes ?? 0
                }
                defer { state.writer = nil }
                let isFull = state.bytes > capacity && !state.isClosed && state.reader == nil
                if isFull { state.reader = continuation }
                return (state.writer, !isFull)
            }
            waiter?.resume()
            if isDone { continuation.resume() }
        }
    }

    /// Takes the oldest entries, at most `count` of them or about `bytes` bytes; waits for the first.
    ///
    /// Empty only after ``close()``.
    package func take(count: Int, bytes: Int) async -> [OutgoingEntry] {
        while true {
            let taken = take(atMost: count, bytes: bytes)
            if let taken { return taken }
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    if !state.entries.isEmpty || state.isClosed { return true }
                    state.writer = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        }
    }

    private func take(atMost count: Int, bytes: Int) -> [OutgoingEntry]? {
        let (taken, waiter) = state.withLock { state -> ([OutgoingEntry]?, CheckedContinuation<Void, Never>?) in
            if state.entries.isEmpty { return (state.isClosed ? [] : nil, nil) }
            var size = 0
            var number = 0
            while number < min(count, state.entries.count), size < bytes {
                size += state.entries[number].frame?.readableBytes ?? 0
                number += 1
            }
            let taken = Array(state.entries[..<number])
            state.entries.removeFirst(number)
            state.bytes -= size
            guard state.bytes <= capacity / 2 else { return (taken, nil) }
            defer { state.reader = nil }
            return (taken, state.reader)
        }
        waiter?.resume()
        return taken
    }

    /// No more entries come: what is there can still be taken.
    package func close() {
        let waiters = state.withLock { state in
            state.isClosed = true
            defer {
                state.reader = nil
                state.writer = nil
            }
            return [state.reader, state.writer]
        }
        for waiter in waiters { waiter?.resume() }
    }
}
