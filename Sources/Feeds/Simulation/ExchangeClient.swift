internal import KiteProtocol
internal import MarketModel
internal import NIOCore
internal import NIOWebSocket
internal import Synchronization

/// One client of the simulated exchange: its subscriptions, and which of its instruments have changed since it was last
/// written to.
///
/// A slow client gets the newest state of each, nothing is queued for it, as at Kite.
final class ExchangeClient: Sendable {
    fileprivate struct State {
        var modes: [Int: TickMode] = [:]
        var pending: Set<Int> = []
        var isWriting = false
        var isClosed = false
        var wakeup: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Applies a message of the client; returns true when it has chosen a mode.
    ///
    /// - Throws: ``KiteTextError`` when the message is none.
    func receive(_ message: KiteClientMessage) -> Bool {
        switch message {
        case .subscribe(let tokens):
            update(tokens) { state, number in state.modes[number] = state.modes[number] ?? .quote }
            return false
        case .unsubscribe(let tokens):
            update(tokens) { state, number in
                state.modes[number] = nil
                state.pending.remove(number)
            }
            return false
        case .mode(let mode, let tokens):
            update(tokens) { state, number in state.modes[number] = mode }
            return true
        }
    }

    private func update(_ tokens: [UInt32], _ change: (inout State, Int) -> Void) {
        let waiter = state.withLock { state in
            for token in tokens {
                guard let number = SimulatedInstruments.number(ofToken: token) else { continue }
                change(&state, number)
                // The present snapshot follows a subscription at once.
                if state.modes[number] != nil { state.pending.insert(number) }
            }
            return state.takeWaiter()
        }
        waiter?.resume()
    }

    /// Instruments have changed.
    func changed(_ numbers: [Int]) {
        let waiter = state.withLock { state in
            for number in numbers where state.modes[number] != nil { state.pending.insert(number) }
            return state.takeWaiter()
        }
        waiter?.resume()
    }

    /// Waits for changes and returns them with their modes, in the instruments' order; nil once the client is closed.
    func nextChanges() async -> [(number: Int, mode: TickMode)]? {
        while true {
            let changes = state.withLock { state -> [(number: Int, mode: TickMode)]? in
                state.isWriting = !state.pending.isEmpty
                guard state.isWriting else { return nil }
                defer { state.pending.removeAll(keepingCapacity: true) }
                return state.pending.sorted().compactMap { number in state.modes[number].map { (number, $0) } }
            }
            if let changes { return changes }
            guard !state.withLock(\.isClosed) else { return nil }
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    if !state.pending.isEmpty || state.isClosed { return true }
                    state.wakeup = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        }
    }

    /// True when everything that has changed was written.
    var isUpToDate: Bool {
        state.withLock { $0.isClosed || ($0.pending.isEmpty && !$0.isWriting) }
    }

    /// True once the client has subscribed to something.
    var hasSubscriptions: Bool { state.withLock { !$0.modes.isEmpty } }

    func close() {
        let waiter = state.withLock { state in
            state.isClosed = true
            state.pending = []
            state.isWriting = false
            let waiter = state.wakeup
            state.wakeup = nil
            return waiter
        }
        waiter?.resume()
    }
}

extension ExchangeClient.State {
    /// The waiting writer, if there is now something to write.
    fileprivate mutating func takeWaiter() -> CheckedContinuation<Void, Never>? {
        guard !pending.isEmpty else { return nil }
        defer { wakeup = nil }
        return wakeup
    }
}
