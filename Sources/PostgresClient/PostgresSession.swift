internal import CLibpq
internal import Logging

/// A connection to PostgreSQL, as it is lent to a closure that runs on the connection's own thread.
///
/// All calls block that thread, never a thread of Swift's pool. The session cannot be copied, so it cannot escape the
/// closure; what must be done together stands in one closure, and nothing else can be awaited in between.
package struct PostgresSession: ~Copyable {
    let connection: OpaquePointer
    private let statements = StatementCache()

    /// Connects; blocks until the server answered or the connect time-out (10 s by default) is over.
    init(_ configuration: PostgresConfiguration, logger: Logger) throws(PostgresError) {
        let pairs = configuration.connectionKeywords()
        let connection = withCStrings(pairs.map(\.0)) { names in
            withCStrings(pairs.map(\.1)) { values in PQconnectdbParams(names, values, 0) }
        }
        guard let connection else {
            throw PostgresError(.connectionFailed, "no memory for a connection")
        }
        guard PQstatus(connection) == CONNECTION_OK else {
            let error = PostgresError(connection: connection, .connectionFailed)
            PQfinish(connection)
            throw error
        }
        // Notices would go to standard error otherwise.
        _ = PQsetNoticeProcessor(connection, { _, _ in }, nil)
        self.connection = connection
        logger.trace("connected", metadata: ["server": "\(configuration)"])
    }

    deinit {
        PQfinish(connection)
    }

    /// False once the connection is lost.
    var isUsable: Bool { PQstatus(connection) == CONNECTION_OK }

    /// True outside of a transaction.
    var isIdle: Bool { PQtransactionStatus(connection) == PQTRANS_IDLE }

    var socket: Int32 { PQsocket(connection) }

    /// Reads what came without being asked for; false when the connection is lost.
    func consumeInput() -> Bool {
        guard PQconsumeInput(connection) == 1 else { return false }
        while let notification = PQnotifies(connection) { PQfreemem(notification) }
        return isUsable
    }

    /// Runs one statement with bound parameters (`$1` …) and returns all its rows.
    ///
    /// The statement is prepared at its first use on this connection and kept (the 256 used last).
    ///
    /// - Throws: ``PostgresError`` `.server` with the SQLSTATE, `.connectionLost`.
    package func query(
        _ sql: String,
        _ values: any PostgresEncodable...
    ) throws(PostgresError) -> PostgresResult {
        try query(sql, values: values)
    }

    /// Like ``query(_:_:)``, with the parameters in an array.
    ///
    /// It has a label, so that an array as the only parameter is not taken for many.
    package func query(_ sql: String, values: [any PostgresEncodable]) throws(PostgresError) -> PostgresResult {
        let bindings = PostgresBindings(values)
        let name = try prepare(sql, types: bindings.types)
        let result = bindings.withPointers { count, pointers, lengths, formats in
            PQexecPrepared(connection, name, count, pointers, lengths, formats, 1)
        }
        return try checked(result)
    }

    /// Runs SQL without parameters, several statements if need be (then in one implicit transaction).
    ///
    /// - Throws: ``PostgresError`` `.server` with the SQLSTATE, `.connectionLost`.
    package func execute(_ sql: String) throws(PostgresError) {
        _ = try checked(PQexec(connection, sql))
    }

    /// Runs `body` between BEGIN and COMMIT; rolls back when it throws, and throws its error on.
    ///
    /// - Throws: what `body` throws; ``PostgresError`` when BEGIN or COMMIT fails. After `.connectionLost` out of the
    ///   COMMIT it is unknown whether the work was stored.
    package func transaction<Value>(_ body: (borrowing PostgresSession) throws -> Value) throws -> Value {
        try execute("BEGIN")
        let value: Value
        do {
            value = try body(self)
        } catch {
            // A lost connection has rolled back by itself.
            if isUsable { try execute("ROLLBACK") }
            throw error
        }
        let result = try checked(PQexec(connection, "COMMIT"))
        // COMMIT of a failed transaction reports success with the tag ROLLBACK.
        guard String(cString: PQcmdStatus(result.pointer)) == "COMMIT" else {
            throw PostgresError(
                .server,
                "the transaction was rolled back: a statement in it had failed",
                sqlState: "25P02"
            )
        }
        return value
    }

    /// Copies rows into a table in binary: `COPY table (columns) FROM STDIN (FORMAT binary)`.
    ///
    /// - Parameters:
    ///   - sql: the COPY statement.
    ///   - rows: called again and again, appends at least one row a call, and returns false when there are no more.
    /// - Returns: how many rows the server took.
    /// - Throws: what `rows` throws (nothing is stored then); ``PostgresError``.
    package func copy(
        _ sql: String,
        rows: (inout PostgresCopyWriter) throws -> Bool
    ) throws -> Int {
        let started = try checked(PQexec(connection, sql))
        guard PQresultStatus(started.pointer) == PGRES_COPY_IN else {
            throw PostgresError(.server, "the statement is no COPY … FROM STDIN")
        }
        let flushSize = 1 << 18
        var writer = PostgresCopyWriter(capacity: flushSize + 65_536)
        writer.writeHeader()
        do {
            while try rows(&writer) {
                if writer.count >= flushSize { try send(&writer) }
            }
            writer.writeTrailer()
            try send(&writer)
        } catch {
            _ = PQputCopyEnd(connection, "given up by the client")
            _ = try? lastResult()
            throw error
        }
        guard PQputCopyEnd(connection, nil) == 1 else { throw PostgresError(connection: connection, .connectionLost) }
        return try lastResult().affectedRows
    }

    private func send(_ writer: inout PostgresCopyWriter) throws(PostgresError) {
        let bytes = writer.bytes
        let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
        guard PQputCopyData(connection, start, Int32(bytes.count)) == 1 else {
            throw PostgresError(connection: connection, .connectionLost)
        }
        writer.removeAll()
    }

    /// The last of the results that are still to come; the first error among them is thrown.
    private func lastResult() throws(PostgresError) -> PostgresResult {
        var last: PostgresResult?
        var failure: PostgresError?
        while let pointer = PQgetResult(connection) {
            do {
                last = try checked(pointer)
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        guard let last else { throw PostgresError(connection: connection, .connectionLost) }
        return last
    }

    private func prepare(_ sql: String, types: [UInt32]) throws(PostgresError) -> String {
        let statement = StatementCache.Key(sql: sql, types: types)
        if let name = statements.name(for: statement) { return name }
        let (name, evicted) = statements.add(statement)
        do {
            if let evicted { _ = try checked(PQexec(connection, "DEALLOCATE \(evicted)")) }
            _ = try checked(PQprepare(connection, name, sql, Int32(types.count), types))
        } catch {
            statements.remove(statement)
            throw error
        }
        return name
    }

    private func checked(_ pointer: OpaquePointer?) throws(PostgresError) -> PostgresResult {
        guard let pointer else { throw PostgresError(connection: connection, .connectionLost) }
        let result = PostgresResult(owning: pointer)
        switch PQresultStatus(pointer) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_COPY_IN, PGRES_EMPTY_QUERY: return result
        default:
            guard isUsable else {
                throw PostgresError(
                    .connectionLost,
                    "the connection was lost while a statement ran; it is unknown whether it was done"
                )
            }
            throw PostgresError(result: pointer)
        }
    }
}

/// The statements that are prepared on one connection, by their text and their parameters' types.
private final class StatementCache {
    struct Key: Hashable {
        let sql: String
        let types: [UInt32]
    }

    private static let limit = 256
    private var names: [Key: (name: String, used: UInt64)] = [:]
    private var counter: UInt64 = 0

    func name(for statement: Key) -> String? {
        guard let entry = names[statement] else { return nil }
        counter += 1
        names[statement] = (entry.name, counter)
        return entry.name
    }

    /// A new name, and the name of the statement that has to go for it.
    func add(_ statement: Key) -> (name: String, evicted: String?) {
        var evicted: String?
        if names.count >= Self.limit, let oldest = names.min(by: { $0.value.used < $1.value.used }) {
            evicted = oldest.value.name
            names[oldest.key] = nil
        }
        counter += 1
        let name = "s\(counter)"
        names[statement] = (name, counter)
        return (name, evicted)
    }

    func remove(_ statement: Key) {
        names[statement] = nil
    }
}

/// Calls `body` with a NULL-terminated array of C strings.
private func withCStrings<Result>(
    _ strings: [String],
    _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
    var bytes: [CChar] = []
    var offsets: [Int] = []
    for string in strings {
        offsets.append(bytes.count)
        bytes.append(contentsOf: string.utf8CString)
    }
    return bytes.withUnsafeBufferPointer { buffer in
        var pointers: [UnsafePointer<CChar>?] = offsets.map { buffer.baseAddress?.advanced(by: $0) }
        pointers.append(nil)
        return pointers.withUnsafeBufferPointer { array in
            // The array has at least the terminator, so it has an address.
            body(array.baseAddress.unsafelyUnwrapped)
        }
    }
}
