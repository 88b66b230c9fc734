import GoGoTradeTestSupport
import MarketModel
import MarketStore
import PostgresClient
import Testing

@Suite("Storing candles", .timeLimit(.minutes(5)))
struct CandleStoreTests {
    /// Where each row of the hypertable lies and which transaction wrote it: a row that is written anew has another.
    private func versions(_ pool: PostgresPool) async throws -> [String] {
        let rows = try await pool.query(
            "SELECT tableoid::text || ' ' || ctid::text || ' ' || xmin::text FROM ohlcv_data ORDER BY timestamp"
        )
        return try (0..<rows.count).map { try rows.value($0, 0, as: String.self) }
    }

    @Test("candles come back as they were stored", arguments: TestEdition.available)
    func roundTrip(edition: TestEdition) async throws {
        let test = try await TestStore(edition)
        var candles = (0..<300).map { makeCandle(minute: $0, close: 95 + Int64($0 % 11)) }
        candles[1].openInterest = nil
        candles[2].tradesCount = 12
        candles[3].flags = [.partial, .gap]
        candles[4].openInterest = 0
        candles[5].volume = .max
        let result = try await test.upsert(candles.shuffled())
        #expect(result.inserted == 300)
        #expect(result.updated == 0)
        #expect(result.unchanged == 0)
        #expect(try await test.read() == candles)
    }

    @Test("upserting the same candles twice changes nothing: no row is written", arguments: TestEdition.available)
    func idempotence(edition: TestEdition) async throws {
        let test = try await TestStore(edition)
        // Two weeks: several chunks; with and without open interest.
        var candles = stride(from: 0, to: 14 * 1440, by: 97).map { makeCandle(minute: $0) }
        for index in stride(from: 0, to: candles.count, by: 3) { candles[index].openInterest = nil }
        _ = try await test.upsert(candles)
        let before = try await versions(test.pool)
        #expect(before.count == candles.count)
        let again = try await test.upsert(candles)
        #expect(again.unchanged == candles.count)
        #expect(again.inserted == 0)
        #expect(again.updated == 0)
        #expect(try await versions(test.pool) == before)
    }

    @Test("a changed candle replaces the stored one, and only that one", arguments: TestEdition.available)
    func replacement(edition: TestEdition) async throws {
        let test = try await TestStore(edition)
        var candles = (0..<5).map { makeCandle(minute: $0) }
        _ = try await test.upsert(candles)
        let before = try await versions(test.pool)
        candles[2].openInterest = nil
        candles.append(makeCandle(minute: 5))
        let result = try await test.upsert(candles)
        #expect(result.inserted == 1)
        #expect(result.updated == 1)
        #expect(result.unchanged == 4)
        #expect(try await test.read() == candles)
        let after = try await versions(test.pool)
        for index in 0..<5 { #expect((after[index] == before[index]) == (index != 2)) }
    }

    @Test("a source never replaces one that outranks it, and replaces its equals", arguments: TestEdition.available)
    func rank(edition: TestEdition) async throws {
        let test = try await TestStore(edition)
        let sources = CandleSource.allCases
        #expect(sources.count == 5)
        var minute = 0
        for stored in sources {
            for new in sources {
                _ = try await test.upsert([makeCandle(minute: minute, close: 100, source: stored)])
                let result = try await test.upsert([makeCandle(minute: minute, close: 101, source: new)])
                let replaces = new.rank >= stored.rank
                #expect(result.updated == (replaces ? 1 : 0), "\(new) on \(stored)")
                #expect(result.unchanged == (replaces ? 0 : 1), "\(new) on \(stored)")
                let kept = try #require(try await test.read().last)
                #expect(kept.close == Price(scaled: replaces ? 1_010_000 : 1_000_000))
                #expect(kept.source == max(stored, new))
                minute += 1
            }
        }
    }

    @Test("a candle that cannot be true is refused with its start; nothing is stored", arguments: TestEdition.available)
    func refused(edition: TestEdition) async throws {
        let test = try await TestStore(edition)
        var bad = makeCandle(minute: 7)
        bad.low = Price(scaled: bad.high.scaled + 1)
        let candles = [makeCandle(minute: 1), bad]
        let error = await #expect(throws: StoreError.self) { try await test.upsert(candles) }
        #expect(error?.code == .invalidInput)
        #expect(error?.message.contains("2026-09-01T03:52:00") == true, "\(error?.message ?? "")")
        #expect(try await test.read() == [])
        #expect(test.pool.statistics.busy == 0)
    }

    @Test("two candles of one start in one call are an error that stores nothing", arguments: TestEdition.available)
    func duplicates(edition: TestEdition) async throws {
        let test = try await TestStore(edition)
        let twice = [makeCandle(minute: 1), makeCandle(minute: 1, close: 101)]
        await #expect(throws: (any Error).self) { try await test.upsert(twice) }
        #expect(try await test.read() == [])
        #expect(try await test.upsert([twice[0]]).inserted == 1)
    }

    @Test("several upserts in one transaction count and store each on its own", arguments: TestEdition.available)
    func oneTransaction(edition: TestEdition) async throws {
        let test = try await TestStore(edition)
        let first = test.stored(makeCandle(minute: 1))
        let second = test.stored(makeCandle(minute: 1, close: 101))
        let results = try await test.pool.withTransaction { session in
            [
                try CandleStore.upsert([first], in: session), try CandleStore.upsert([second], in: session),
                try CandleStore.upsert([second], in: session), try CandleStore.upsert([], in: session),
            ]
        }
        #expect(results.map(\.inserted) == [1, 0, 0, 0])
        #expect(results.map(\.updated) == [0, 1, 0, 0])
        #expect(results.map(\.unchanged) == [0, 0, 1, 0])
        #expect(try await test.read() == [second.candle])
    }

    @Test("recorders that upsert overlapping candles at once lose none", arguments: TestEdition.available)
    func atOnce(edition: TestEdition) async throws {
        let test = try await TestStore(edition)
        let inserted = try await withThrowingTaskGroup(of: Int.self) { group in
            for worker in 0..<6 {
                group.addTask {
                    try await test.upsert((worker * 50..<worker * 50 + 100).map { makeCandle(minute: $0) }).inserted
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(inserted == 350)
        #expect(try await test.read() == (0..<350).map { makeCandle(minute: $0) })
    }

    @Test("the prices and instants at the limits", arguments: TestEdition.available)
    func extremes(edition: TestEdition) async throws {
        let test = try await TestStore(edition)
        var highest = makeCandle(minute: 0)
        highest.open = Price.storable.upperBound
        highest.high = Price.storable.upperBound
        highest.close = Price.storable.upperBound
        highest.low = Price.storable.lowerBound
        var smallest = makeCandle(minute: 1)
        smallest.open = Price(scaled: -1)
        smallest.high = Price(scaled: 1)
        smallest.low = Price(scaled: -1)
        smallest.close = .zero
        smallest.start = smallest.start + .microseconds(1)
        var old = makeCandle(minute: 2)
        old.start = Timestamp(microseconds: -1)
        _ = try await test.upsert([highest, smallest, old])
        #expect(try await test.read() == [old, highest, smallest])
        highest.high = Price(scaled: Price.storable.upperBound.scaled + 1)
        await #expect(throws: StoreError.self) { try await test.upsert([highest]) }
    }
}

@Suite("Reading candles", .timeLimit(.minutes(5)))
struct CandleReadTests {
    @Test("the interval includes its start and excludes its end, to the microsecond", arguments: TestEdition.available)
    func halfOpen(edition: TestEdition) async throws {
        let test = try await TestStore(edition)
        let candles = (0..<10).map { makeCandle(minute: $0) }
        _ = try await test.upsert(candles)
        func read(_ from: Timestamp, _ to: Timestamp) async throws -> [Candle] {
            try await test.candles.candles(of: test.instrument.id, timeframe: .oneMinute, from: from, to: to)
        }
        #expect(try await read(candles[2].start, candles[5].start) == Array(candles[2..<5]))
        #expect(try await read(candles[2].start + .microseconds(1), candles[5].start) == Array(candles[3..<5]))
        #expect(try await read(candles[2].start, candles[5].start + .microseconds(1)) == Array(candles[2...5]))
        #expect(try await read(candles[2].start, candles[2].start + .microseconds(1)) == [candles[2]])
        #expect(try await read(opening - .seconds(60), opening) == [])
    }

    @Test("a limit keeps the newest, oldest first", arguments: TestEdition.available)
    func limit(edition: TestEdition) async throws {
        let test = try await TestStore(edition)
        let candles = (0..<20).map { makeCandle(minute: $0) }
        _ = try await test.upsert(candles)
        for limit in [1, 5, 20, CandleStore.readLimit] {
            let read = try await test.candles.candles(
                of: test.instrument.id,
                timeframe: .oneMinute,
                from: opening,
                to: opening + .seconds(86_400),
                limit: limit
            )
            #expect(read == Array(candles.suffix(limit)))
        }
    }

    @Test("an empty interval and a limit out of range are refused", arguments: TestEdition.available)
    func refused(edition: TestEdition) async throws {
        let test = try await TestStore(edition)
        for (to, limit) in [
            (opening, 1), (opening - .seconds(1), 1), (opening + .seconds(1), 0),
            (opening + .seconds(1), -1), (opening + .seconds(1), CandleStore.readLimit + 1),
        ] {
            let error = await #expect(throws: StoreError.self) {
                try await test.candles.candles(
                    of: test.instrument.id,
                    timeframe: .oneMinute,
                    from: opening,
                    to: to,
                    limit: limit
                )
            }
            #expect(error?.code == .invalidInput)
        }
    }

    @Test("instruments and timeframes are kept apart", arguments: TestEdition.available)
    func apart(edition: TestEdition) async throws {
        let test = try await TestStore(edition)
        let other = try await test.store.instruments.save([makeInstrument("TCS")])[0]
        let minute = makeCandle(minute: 0)
        let hour = makeCandle(minute: 0, close: 105)
        let others = makeCandle(minute: 0, close: 110)
        _ = try await test.candles.upsert([
            test.stored(minute), test.stored(hour, .oneHour),
            StoredCandle(instrument: other.id, timeframe: .oneMinute, candle: others),
        ])
        #expect(try await test.read() == [minute])
        let range = (from: opening, to: opening + .seconds(1))
        let hours = try await test.candles.candles(
            of: test.instrument.id,
            timeframe: .oneHour,
            from: range.from,
            to: range.to
        )
        #expect(hours == [hour])
        let theirs = try await test.candles.candles(of: other.id, timeframe: .oneMinute, from: range.from, to: range.to)
        #expect(theirs == [others])
    }

    @Test("the newest start is that of the timeframe, none where there is no candle", arguments: TestEdition.available)
    func newest(edition: TestEdition) async throws {
        let test = try await TestStore(edition)
        #expect(try await test.candles.newestStart(.oneMinute) == nil)
        _ = try await test.upsert([makeCandle(minute: 3), makeCandle(minute: 9), makeCandle(minute: 1)])
        _ = try await test.upsert([makeCandle(minute: 60)], .oneHour)
        #expect(try await test.candles.newestStart(.oneMinute) == opening + .seconds(540))
        #expect(try await test.candles.newestStart(.oneHour) == opening + .seconds(3600))
        #expect(try await test.candles.newestStart(.oneDay) == nil)
    }
}
