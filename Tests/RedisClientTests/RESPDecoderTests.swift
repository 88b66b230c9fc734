import NIOCore
import RedisClient
import Testing

@Suite("RESP3 decoder")
struct RESPDecoderTests {
    /// Replies as Redis 7 sends them, with what they mean.
    static let replies: [(bytes: String, value: RedisValue)] = [
        ("+OK\r\n", .simple("OK")),
        ("+\r\n", .simple("")),
        ("-WRONGTYPE Operation against\r\n", .error(.init(code: "WRONGTYPE", message: "Operation against"))),
        ("-something went wrong\r\n", .error(.init(code: "ERR", message: "something went wrong"))),
        (":0\r\n", .integer(0)),
        (":-9223372036854775808\r\n", .integer(.min)),
        (":9223372036854775807\r\n", .integer(.max)),
        ("$0\r\n\r\n", bulk("")),
        ("$5\r\nhello\r\n", bulk("hello")),
        ("$6\r\n\r\n$1\r\n\r\n", bulk("\r\n$1\r\n")),
        ("$-1\r\n", .null),
        ("*-1\r\n", .null),
        ("_\r\n", .null),
        ("#t\r\n", .boolean(true)),
        ("#f\r\n", .boolean(false)),
        (",3.25\r\n", .double(3.25)),
        (",-1e10\r\n", .double(-1e10)),
        (",inf\r\n", .double(.infinity)),
        (",-inf\r\n", .double(-.infinity)),
        ("(3492890328409238509324850943850943825024385\r\n", .bigNumber("3492890328409238509324850943850943825024385")),
        ("!21\r\nSYNTAX invalid syntax\r\n", .error(.init(code: "SYNTAX", message: "invalid syntax"))),
        ("=15\r\ntxt:Some string\r\n", .verbatim(format: "txt", bytes: ByteBuffer(string: "Some string"))),
        ("*0\r\n", .array([])),
        ("%0\r\n", .map([])),
        ("~2\r\n:1\r\n:2\r\n", .set([.integer(1), .integer(2)])),
        ("*3\r\n$1\r\na\r\n_\r\n*1\r\n*0\r\n", .array([bulk("a"), .null, .array([.array([])])])),
        (
            "%2\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:3\r\n",
            .map([
                RedisMapEntry(key: bulk("server"), value: bulk("redis")),
                RedisMapEntry(key: bulk("proto"), value: .integer(3)),
            ])
        ),
        (
            "%1\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n5-1\r\n*2\r\n$1\r\nf\r\n$3\r\nabc\r\n",
            .map([
                RedisMapEntry(
                    key: bulk("s"),
                    value: .array([.array([bulk("5-1"), .array([bulk("f"), bulk("abc")])])])
                )
            ])
        ),
        (
            ">3\r\n$7\r\nmessage\r\n$2\r\nch\r\n$2\r\nhi\r\n",
            .push([bulk("message"), bulk("ch"), bulk("hi")])
        ),
        ("|1\r\n+ttl\r\n:3600\r\n*2\r\n|1\r\n+a\r\n#t\r\n:1\r\n:2\r\n", .array([.integer(1), .integer(2)])),
        ("|0\r\n+OK\r\n", .simple("OK")),
    ]

    static func bulk(_ text: String) -> RedisValue { .bulk(ByteBuffer(string: text)) }

    @Test("every kind of reply is read", arguments: replies.indices)
    func readsWhole(index: Int) throws {
        let (bytes, value) = Self.replies[index]
        var decoder = RESPDecoder()
        decoder.append(ByteBuffer(string: bytes))
        #expect(try decoder.next() == value)
        #expect(try decoder.next() == nil)
    }

    @Test("not-a-number is read as such")
    func readsNaN() throws {
        var decoder = RESPDecoder()
        decoder.append(ByteBuffer(string: ",nan\r\n"))
        guard case .double(let number) = try decoder.next() else {
            Issue.record("not a double")
            return
        }
        #expect(number.isNaN)
    }

    @Test("all replies behind each other are read the same in pieces of any size", arguments: [1, 2, 3, 7, 64, 9999])
    func readsPieces(size: Int) throws {
        var stream = ByteBuffer(string: Self.replies.map(\.bytes).joined())
        var decoder = RESPDecoder()
        var values: [RedisValue] = []
        while let piece = stream.readSlice(length: min(size, stream.readableBytes)), piece.readableBytes > 0 {
            decoder.append(piece)
            while let value = try decoder.next() { values.append(value) }
        }
        #expect(values == Self.replies.map(\.value))
    }

    @Test("a truncated reply waits, wherever it is cut, and is read once the rest came")
    func waitsForTruncated() throws {
        var cuts = 0
        for (bytes, value) in Self.replies {
            for length in 0..<bytes.utf8.count {
                var decoder = RESPDecoder()
                decoder.append(ByteBuffer(bytes: bytes.utf8.prefix(length)))
                #expect(try decoder.next() == nil, "cut after \(length) bytes of \(bytes.debugDescription)")
                decoder.append(ByteBuffer(bytes: bytes.utf8.dropFirst(length)))
                #expect(try decoder.next() == value)
                cuts += 1
            }
        }
        #expect(cuts == Self.replies.reduce(0) { $0 + $1.bytes.utf8.count })
    }

    @Test("values given out before stay as they were when more is received")
    func keepsValues() throws {
        var decoder = RESPDecoder()
        decoder.append(ByteBuffer(string: "$5\r\nfirst\r\n$6\r\nsec"))
        let first = try #require(try decoder.next()?.bytes)
        decoder.append(ByteBuffer(string: "ond\r\n"))
        let second = try #require(try decoder.next()?.bytes)
        #expect(String(buffer: first) == "first")
        #expect(String(buffer: second) == "second")
    }

    @Test(
        "what is not RESP3 is refused",
        arguments: [
            "HTTP/1.1 400 Bad Request\r\n", "x", "\r\n", "+no\nend\r\n", "+no\rend\r\n", ":\r\n", ":-\r\n", ":1a\r\n",
            ": 1\r\n", ":9223372036854775808\r\n", ":-9223372036854775809\r\n", ":99999999999999999999999\r\n",
            "$-2\r\n",
            "$9223372036854775807\r\n", "$18446744073709551616\r\n", "*-2\r\n", "%-1\r\n", "~-1\r\n", ">-1\r\n",
            "!-1\r\n",
            "*9223372036854775807\r\n", "%4611686018427387904\r\n", "*?\r\n", "$?\r\n", "$3\r\nabcd\r\n",
            "$3\r\nabc\n\n",
            "#x\r\n", "#\r\n", "#tt\r\n", "_x\r\n", ",\r\n", ",1.2.3\r\n", ",0x10\r\n", ",infinity\r\n", "(\r\n",
            "(-\r\n",
            "(12a\r\n", "=2\r\nab\r\n", "=4\r\ntxtx\r\n", "*1\r\n>1\r\n+a\r\n",
        ]
    )
    func refuses(bytes: String) throws {
        var decoder = RESPDecoder()
        decoder.append(ByteBuffer(string: bytes))
        let error = try #require(throws: RedisError.self) { try decoder.next() }
        #expect(error.code == .protocolViolation)
        decoder.append(ByteBuffer(string: "+OK\r\n"))
        #expect(throws: RedisError.self, "it must not find its way back by chance") { try decoder.next() }
    }

    @Test("limits are kept to the byte")
    func keepsLimits() throws {
        func read(_ bytes: String, _ limits: RESPLimits) throws -> RedisValue? {
            var decoder = RESPDecoder(limits: limits)
            decoder.append(ByteBuffer(string: bytes))
            return try decoder.next()
        }
        let limits = RESPLimits(replyBytes: 40, lineBytes: 8, aggregateLength: 4, nesting: 3)
        #expect(try read("+1234567\r\n", limits) != nil)
        #expect(throws: RedisError.self) { try read("+12345678", limits) }
        #expect(try read("*4\r\n:1\r\n:2\r\n:3\r\n:4\r\n", limits) != nil)
        #expect(throws: RedisError.self) { try read("*5\r\n", limits) }
        #expect(throws: RedisError.self) { try read("%3\r\n", limits) }
        #expect(try read("*1\r\n*1\r\n*1\r\n:1\r\n", limits) != nil)
        #expect(throws: RedisError.self) { try read("*1\r\n*1\r\n*1\r\n*1\r\n", limits) }
        #expect(try read("$33\r\n\(String(repeating: "x", count: 33))\r\n", limits) != nil)
        #expect(throws: RedisError.self) { try read("$36\r\n", limits) }
        #expect(throws: RedisError.self) { try read("*2\r\n$10\r\n0123456789\r\n$20\r\n", limits) }
    }

    @Test("a big aggregate in small pieces takes time in proportion to its size", .timeLimit(.minutes(1)))
    func bigAggregate() throws {
        let count = 200_000
        var stream = ByteBuffer(string: "*\(count)\r\n")
        for _ in 0..<count { stream.writeString("$2\r\nab\r\n") }
        var decoder = RESPDecoder()
        var values: [RedisValue] = []
        while let piece = stream.readSlice(length: min(64, stream.readableBytes)), piece.readableBytes > 0 {
            decoder.append(piece)
            while let value = try decoder.next() { values.append(value) }
        }
        #expect(values.count == 1)
        #expect(values.first?.array?.count == count)
    }

    @Test("a big bulk in small pieces takes time in proportion to its size", .timeLimit(.minutes(1)))
    func bigBulk() throws {
        let size = 32 << 20
        var decoder = RESPDecoder()
        decoder.append(ByteBuffer(string: "+before\r\n$\(size)\r\n"))
        #expect(try decoder.next() == .simple("before"))
        let piece = ByteBuffer(repeating: 0x61, count: 2048)
        for _ in 0..<(size / 2048) {
            #expect(try decoder.next() == nil)
            decoder.append(piece)
        }
        decoder.append(ByteBuffer(string: "\r\n"))
        #expect(try decoder.next()?.bytes?.readableBytes == size)
    }

    @Test("a long line byte by byte takes time in proportion to its size", .timeLimit(.minutes(1)))
    func longLine() throws {
        var decoder = RESPDecoder()
        decoder.append(ByteBuffer(string: "+"))
        for _ in 0..<60_000 {
            #expect(try decoder.next() == nil)
            decoder.append(ByteBuffer(string: "x"))
        }
        decoder.append(ByteBuffer(string: "\r\n"))
        #expect(try decoder.next()?.string?.utf8.count == 60_000)
    }

    @Test("damaged replies are refused, awaited or read as something else, and nothing traps", arguments: [1, 7, 2026])
    func survivesMutation(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let interesting = Array("+-:$=!*%~>|_,#(0123456789\r\n?-\u{0}".utf8) + [0xFF, 0x80]
        var outcomes = (read: 0, waiting: 0, refused: 0)
        let rounds = 20_000
        for _ in 0..<rounds {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                bytes += Self.replies[Int.random(in: Self.replies.indices, using: &generator)].bytes.utf8
            }
            for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
                let position = Int.random(in: bytes.indices, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[position] = UInt8.random(in: .min ... .max, using: &generator)
                case 1: bytes[position] = interesting[Int.random(in: interesting.indices, using: &generator)]
                case 2: bytes.remove(at: position)
                default: bytes.insert(interesting[Int.random(in: interesting.indices, using: &generator)], at: position)
                }
            }
            switch Self.outcome(of: bytes, &generator) {
            case true?: outcomes.read += 1
            case false?: outcomes.waiting += 1
            case nil: outcomes.refused += 1
            }
        }
        #expect(outcomes.read + outcomes.waiting + outcomes.refused == rounds)
        #expect(min(outcomes.read, outcomes.waiting, outcomes.refused) > rounds / 200, "\(outcomes)")
    }

    /// Whether everything was read (true), something is still missing (false), or it was refused (nil).
    private static func outcome(of bytes: [UInt8], _ generator: inout SeededGenerator) -> Bool? {
        var decoder = RESPDecoder(limits: RESPLimits(replyBytes: 1 << 20, aggregateLength: 1 << 12))
        var rest = bytes[...]
        var length = 0
        do {
            while !rest.isEmpty {
                let piece = rest.prefix(Int.random(in: 1...max(1, rest.count), using: &generator))
                rest = rest.dropFirst(piece.count)
                decoder.append(ByteBuffer(bytes: piece))
                while try decoder.next() != nil { length += 1 }
            }
            decoder.append(ByteBuffer(string: "+end\r\n"))
            return try decoder.next() == .simple("end")
        } catch {
            return nil
        }
    }
}
