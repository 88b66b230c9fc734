internal import HTTPTypes
internal import Hummingbird
internal import LiveMarket
internal import MarketModel
internal import MarketStore
internal import PostgresClient
internal import RedisClient

extension GatewayRoutes {
    /// 200 when the database, Redis and every role answer, else 503 with what does not.
    func readiness() async throws -> Response {
        var missing: [String] = []
        do {
            _ = try await store.pool.query("SELECT 1")
        } catch {
            missing.append("the database does not answer")
        }
        do {
            try await cache.ping()
        } catch {
            missing.append("Redis (prices) does not answer")
        }
        for role in roles() where !role.isReady { missing.append("\(role.name): \(role.detail)") }
        var json = JSONWriter()
        json.object { json in
            json.key("ready")
            json.boolean(missing.isEmpty)
            json.key("missing")
            json.array { json in for text in missing { json.string(text) } }
        }
        return Response(json: json, status: missing.isEmpty ? .ok : .serviceUnavailable)
    }

    /// What the program knows of itself.
    func status() async throws -> Response {
        let edition = try await TimescaleEdition.detect(store.pool)
        let checkpoint = try await store.checkpoints.read(shard: 0)
        let newest = try await store.candles.newestStart(.oneMinute)
        let keys = LiveKeys(shard: 0)
        let logEntries = try await TickLog(keys: keys, client: log).count()
        let pool = store.pool.statistics
        let roles = roles()
        var json = JSONWriter()
        json.object { json in
            json.key("database")
            json.object { json in
                json.key("postgresql")
                json.string(edition.serverVersion)
                json.key("timescaledb")
                json.string(edition.version)
                json.key("edition")
                json.string(edition.name)
                json.key("newest_candle")
                json.optional(newest) { $0.time($1) }
            }
            json.key("pool")
            json.object { json in
                json.key("idle")
                json.integer(pool.idle)
                json.key("busy")
                json.integer(pool.busy)
                json.key("waiting")
                json.integer(pool.waiting)
            }
            json.key("tick_log")
            json.object { json in
                json.key("entries")
                json.integer(logEntries)
                json.key("checkpoint")
                json.optional(checkpoint) { $0.string($1.position) }
                json.key("epoch")
                json.optional(checkpoint) { $0.integer($1.epoch) }
            }
            json.key("roles")
            json.array { json in
                for role in roles {
                    json.object { json in
                        json.key("name")
                        json.string(role.name)
                        json.key("ready")
                        json.boolean(role.isReady)
                        json.key("detail")
                        json.string(role.detail)
                    }
                }
            }
        }
        return Response(json: json)
    }
}

extension JSONWriter {
    mutating func instrument(_ instrument: Instrument) {
        object { json in
            json.key("id")
            json.string(instrument.id.description)
            json.key("symbol")
            json.string(instrument.symbol.description)
            json.key("exchange")
            json.string(instrument.symbol.exchange)
            json.key("tradingsymbol")
            json.string(instrument.symbol.tradingSymbol)
            json.key("name")
            json.optional(instrument.name) { $0.string($1) }
            json.key("instrument_token")
            json.optional(instrument.token) { $0.integer($1) }
            json.key("instrument_type")
            json.string(instrument.type.rawValue)
            json.key("segment")
            json.string(instrument.segment)
            json.key("expiry")
            json.optional(instrument.expiry) { $0.time($1) }
            json.key("strike")
            json.optional(instrument.strike) { $0.price($1) }
            json.key("tick_size")
            json.optional(instrument.tickSize) { $0.price($1) }
            json.key("lot_size")
            json.optional(instrument.lotSize) { $0.integer($1) }
        }
    }

    /// Prices with all the decimals that the feed sent.
    mutating func quote(_ quote: LiveQuote, of instrument: Instrument) {
        let tick = quote.tick
        // Shares and indices have none: the 0 in their packets says nothing.
        let openInterest = instrument.type == .equity ? nil : tick.openInterest?.current
        let decimals = Int(tick.priceDecimals)
        object { json in
            json.key("symbol")
            json.string(instrument.symbol.description)
            json.key("last_price")
            json.decimal(mantissa: Int64(tick.lastPrice), decimals: decimals)
            json.key("as_of")
            json.time(quote.marketTime)
            json.key("received_at")
            json.time(quote.receivedAt)
            json.key("stale")
            json.boolean(quote.isStale)
            json.key("volume")
            json.optional(tick.trading) { $0.integer($1.volume) }
            json.key("open_interest")
            json.optional(openInterest) { $0.integer($1) }
            json.key("ohlc")
            json.optional(tick.day) { json, day in
                json.object { json in
                    json.key("open")
                    json.decimal(mantissa: Int64(day.open), decimals: decimals)
                    json.key("high")
                    json.decimal(mantissa: Int64(day.high), decimals: decimals)
                    json.key("low")
                    json.decimal(mantissa: Int64(day.low), decimals: decimals)
                    json.key("close")
                    json.decimal(mantissa: Int64(day.close), decimals: decimals)
                }
            }
        }
    }
}
