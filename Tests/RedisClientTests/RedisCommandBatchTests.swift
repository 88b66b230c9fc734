import NIOCore
import RedisClient
import Testing

@Suite("Command batches")
struct RedisCommandBatchTests {
    @Test("commands are encoded exactly, whatever the form of the arguments")
    func encodes() {
        var batch = RedisCommandBatch(reservingCapacity: 0)
        batch.command("SET", argumentCount: 6)
        batch.append("key")
        batch.append(ByteBuffer(string: "bytes"))
        batch.append([0x61, 0x0D, 0x0A])
        [UInt8]("raw".utf8).withUnsafeBytes { batch.append($0) }
        batch.append(-12)
        batch.appendStatic("PX")
        let expected =
            "*7\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nbytes\r\n$3\r\na\r\n\r\n$3\r\nraw\r\n$3\r\n-12\r\n$2\r\nPX\r\n"
        #expect(String(buffer: batch.bytes) == expected)
        #expect(batch.count == 1)
        #expect(batch.byteCount == expected.utf8.count)
        #expect(batch.isWellFormed)
    }

    @Test(
        "numbers are written in full",
        arguments: [0, 1, 9, 10, 99, 100, -1, -10, 1_234_567_890_123, Int64.max, Int64.min]
    )
    func encodesNumbers(number: Int64) {
        var batch = RedisCommandBatch()
        batch.command("A", argumentCount: 1)
        batch.append(number)
        #expect(String(buffer: batch.bytes) == "*2\r\n$1\r\nA\r\n$\("\(number)".utf8.count)\r\n\(number)\r\n")
    }

    @Test("sizes of one to six digits are written right", arguments: [0, 9, 10, 99, 100, 999, 1000, 65_536, 100_000])
    func encodesSizes(size: Int) {
        var batch = RedisCommandBatch(reservingCapacity: 0)
        batch.command("A", argumentCount: 1)
        batch.append(String(repeating: "é", count: size / 2) + (size.isMultiple(of: 2) ? "" : "x"))
        #expect(String(buffer: batch.bytes).hasPrefix("*2\r\n$1\r\nA\r\n$\(size)\r\n"))
        #expect(batch.byteCount == 11 + "$\(size)\r\n".utf8.count + size + 2)
    }

    @Test("stream ids are written as Redis writes them")
    func encodesIDs() {
        var batch = RedisCommandBatch()
        batch.command("A", argumentCount: 2)
        batch.append(.zero)
        batch.append(RedisStreamID(milliseconds: .max, sequence: .max))
        #expect(
            String(buffer: batch.bytes)
                == "*3\r\n$1\r\nA\r\n$3\r\n0-0\r\n$41\r\n18446744073709551615-18446744073709551615\r\n"
        )
    }

    @Test("the whole commands are encoded exactly")
    func encodesWhole() {
        var batch = RedisCommandBatch()
        batch.set(key: "k", bytes: ByteBuffer(string: "v"), millisecondsToLive: 1000)
        batch.set(key: "k", bytes: ByteBuffer(string: "v"))
        batch.publish(channel: "c", bytes: ByteBuffer(string: "m"))
        let id = RedisStreamID(milliseconds: 5, sequence: 7)
        batch.xadd(key: "s", id: id, fields: [("f", ByteBuffer(string: "x")), ("g", ByteBuffer())])
        batch.xadd(key: "s", id: nil, fields: [("f", ByteBuffer(string: "x"))])
        let expected = [
            "*5\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n$2\r\nPX\r\n$4\r\n1000\r\n",
            "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n",
            "*3\r\n$7\r\nPUBLISH\r\n$1\r\nc\r\n$1\r\nm\r\n",
            "*7\r\n$4\r\nXADD\r\n$1\r\ns\r\n$3\r\n5-7\r\n$1\r\nf\r\n$1\r\nx\r\n$1\r\ng\r\n$0\r\n\r\n",
            "*5\r\n$4\r\nXADD\r\n$1\r\ns\r\n$1\r\n*\r\n$1\r\nf\r\n$1\r\nx\r\n",
        ]
        #expect(String(buffer: batch.bytes) == expected.joined())
        #expect(batch.count == expected.count)
        #expect(batch.isWellFormed)
    }

    @Test("a batch that was emptied is like new")
    func empties() {
        var batch = RedisCommandBatch()
        batch.command("GET", argumentCount: 2)
        batch.append("only one")
        #expect(!batch.isWellFormed)
        for keepingCapacity in [true, false] {
            batch.removeAll(keepingCapacity: keepingCapacity)
            #expect(batch.isWellFormed)
            #expect(batch.count == 0)
            #expect(batch.byteCount == 0)
            batch.command("PING", argumentCount: 0)
            #expect(String(buffer: batch.bytes) == "*1\r\n$4\r\nPING\r\n")
        }
    }

    @Test("too few and too many arguments are noticed")
    func noticesMiscounting() {
        var tooFew = RedisCommandBatch()
        tooFew.command("GET", argumentCount: 1)
        #expect(!tooFew.isWellFormed)
        tooFew.command("PING", argumentCount: 0)
        #expect(!tooFew.isWellFormed, "the next command must not hide it")
        var tooMany = RedisCommandBatch()
        tooMany.command("PING", argumentCount: 0)
        tooMany.append("x")
        #expect(!tooMany.isWellFormed)
        var negative = RedisCommandBatch()
        negative.command("PING", argumentCount: -1)
        #expect(!negative.isWellFormed)
    }
}
