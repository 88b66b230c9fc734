import GoGoTradeTestSupport
import MarketModel
import MarketStore
import PostgresClient
import Testing

@Suite("What the database itself refuses", .timeLimit(.minutes(5)))
struct ConstraintTests {
    private func sqlState(_ pool: PostgresPool, _ sql: String) async -> String? {
        do {
            try await pool.execute(sql)
            return nil
        } catch {
            return (error as? PostgresError)?.sqlState ?? "\(error)"
        }
    }

    @Test("an instrument that has history cannot be deleted; one without can", arguments: TestEdition.available)
    func history(edition: TestEdition) async throws {
        let test = try await TestStore(edition)
        _ = try await test.upsert([makeCandle(minute: 0)])
        let other = try await test.store.instruments.save([makeInstrument("TCS")])[0]
        let delete = "DELETE FROM instruments WHERE tradingsymbol = "
        #expect(await sqlState(test.pool, delete + "'INFY'") == "23503")
        #expect(try await test.read().count == 1)
        #expect(await sqlState(test.pool, delete + "'TCS'") == nil)
        #expect(try await test.store.instruments.find(other.symbol) == nil)
    }

    @Test("orders and signals hold their instrument too", arguments: TestEdition.available)
    func otherHistory(edition: TestEdition) async throws {
        for insert in [
            """
            INSERT INTO trades (order_id, order_timestamp, instrument_id, transaction_type, quantity, order_type,
                                order_status, algo_id)
            SELECT '1', now(), id, 'BUY', 1, 'MARKET', 'OPEN', 'a' FROM instruments
            """,
            """
            INSERT INTO trading_signals (instrument_id, generated_at, strategy_name, signal_type, confidence_score,
                                         timeframe)
            SELECT id, now(), 's', 'HOLD', 0.5, '5m' FROM instruments
            """,
        ] {
            let test = try await TestStore(edition)
            #expect(await sqlState(test.pool, insert) == nil)
            #expect(await sqlState(test.pool, "DELETE FROM instruments") == "23503")
        }
    }

    @Test("candles that cannot be true", arguments: TestEdition.available)
    func candles(edition: TestEdition) async throws {
        let test = try await TestStore(edition)
        func insert(_ prices: String, volume: String = "1", rest: String = "NULL, NULL", timeframe: String = "1m")
            -> String
        {
            """
            INSERT INTO ohlcv_data (instrument_id, timestamp, timeframe, open, high, low, close, volume, open_interest,
                                    trades_count)
            SELECT id, now(), '\(timeframe)', \(prices), \(volume), \(rest) FROM instruments
            """
        }
        for prices in ["10, 9, 8, 9", "7, 9, 8, 9", "8, 9, 8, 10", "8, 9, 8, 7", "9, 8, 9, 9"] {
            #expect(await sqlState(test.pool, insert(prices)) == "23514", "open, high, low, close \(prices)")
        }
        #expect(await sqlState(test.pool, insert("8, 9, 8, 8", volume: "-1")) == "23514")
        #expect(await sqlState(test.pool, insert("8, 9, 8, 8", rest: "-1, NULL")) == "23514")
        #expect(await sqlState(test.pool, insert("8, 9, 8, 8", rest: "NULL, -1")) == "23514")
        #expect(await sqlState(test.pool, insert("8, 9, 8, 8", timeframe: "2m")) == "23514")
        #expect(await sqlState(test.pool, insert("NULL, 9, 8, 8")) == "23502")
        #expect(await sqlState(test.pool, insert("8, 9, 8, 8", volume: "NULL")) == "23502")
        #expect(await sqlState(test.pool, insert("100000000, 100000000, 100000000, 100000000")) == "22003")
        #expect(await sqlState(test.pool, insert("8, 9, 8, 8")) == nil, "the same statement with a true candle")
        let stranger = StoredCandle(
            instrument: InstrumentID(high: 1, low: 2),
            timeframe: .oneMinute,
            candle: makeCandle(minute: 0)
        )
        let error = await #expect(throws: PostgresError.self) { try await test.candles.upsert([stranger]) }
        #expect(error?.sqlState == "23503")
    }

    @Test("orders, signals, sessions and instruments that cannot be true", arguments: TestEdition.available)
    func others(edition: TestEdition) async throws {
        let test = try await TestStore(edition)
        func order(quantity: Int = 1, executed: Int = 0, algo: String = "'a'") -> String {
            """
            INSERT INTO trades (order_id, order_timestamp, instrument_id, transaction_type, quantity, order_type,
                                order_status, executed_quantity, algo_id)
            SELECT 'o', now(), id, 'BUY', \(quantity), 'MARKET', 'OPEN', \(executed), \(algo) FROM instruments
            """
        }
        #expect(await sqlState(test.pool, order(quantity: 0)) == "23514")
        #expect(await sqlState(test.pool, order(executed: 2)) == "23514")
        #expect(await sqlState(test.pool, order(algo: "NULL")) == "23502", "SEBI: no order without an algorithm")
        #expect(await sqlState(test.pool, order(algo: "''")) == "23514")
        #expect(await sqlState(test.pool, order()) == nil)
        func signal(_ confidence: String) -> String {
            """
            INSERT INTO trading_signals (instrument_id, generated_at, strategy_name, signal_type, confidence_score,
                                         timeframe) SELECT id, now(), 's', 'BUY', \(confidence), '5m' FROM instruments
            """
        }
        #expect(await sqlState(test.pool, signal("1.0001")) == "23514")
        #expect(await sqlState(test.pool, signal("-0.1")) == "23514")
        #expect(await sqlState(test.pool, signal("1")) == nil)
        func session(_ times: String, trading: Bool = true) -> String {
            """
            INSERT INTO market_sessions (exchange, segment, session_date, market_open, market_close, is_trading_day,
                                         is_holiday) VALUES ('NSE', 'EQ', '2026-09-01', \(times), \(trading), false)
            """
        }
        #expect(await sqlState(test.pool, session("'2026-09-01 15:30', '2026-09-01 09:15'")) == "23514")
        #expect(await sqlState(test.pool, session("NULL, NULL")) == "23514")
        #expect(await sqlState(test.pool, session("'2026-09-01 09:15', '2026-09-01 15:30'")) == nil)
        #expect(await sqlState(test.pool, session("NULL, NULL", trading: false)) == "23505", "one row a day")
        let instrument = "INSERT INTO instruments (tradingsymbol, instrument_type, segment, exchange) VALUES "
        #expect(await sqlState(test.pool, instrument + "('', 'EQUITY', 'NSE', 'NSE')") == "23514")
        #expect(await sqlState(test.pool, instrument + "('INFY', 'EQUITY', 'NSE', 'NSE')") == "23505")
        #expect(await sqlState(test.pool, instrument + "('X', 'SHARE', 'NSE', 'NSE')") == "22P02")
    }
}
