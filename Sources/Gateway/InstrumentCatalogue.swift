internal import MarketModel
internal import MarketStore
internal import Synchronization

/// Instruments by name, kept in memory; asks the store for those that were not seen lately.
final class InstrumentCatalogue: Sendable {
    private struct Entry {
        let instrument: Instrument
        let readAt: ContinuousClock.Instant
    }

    private static let lifetime: Duration = .seconds(60)
    private static let limit = 200_000

    private let store: InstrumentStore
    private let entries = Mutex<[InstrumentSymbol: Entry]>([:])

    init(store: InstrumentStore) {
        self.store = store
    }

    /// - Throws: ``APIError`` when the text is no name, or nothing bears it.
    func instrument(named text: String) async throws -> Instrument {
        guard let symbol = InstrumentSymbol(text) else {
            throw APIError.invalidParameter("'\(text)' is no instrument: expected EXCHANGE:SYMBOL, such as NSE:INFY")
        }
        let known = entries.withLock { $0[symbol] }
        if let known, ContinuousClock.now - known.readAt < Self.lifetime { return known.instrument }
        guard let found = try await store.find(symbol) else {
            throw APIError.notFound("there is no instrument \(symbol)")
        }
        entries.withLock { entries in
            if entries.count >= Self.limit { entries = [:] }
            entries[symbol] = Entry(instrument: found, readAt: .now)
        }
        return found
    }
}
