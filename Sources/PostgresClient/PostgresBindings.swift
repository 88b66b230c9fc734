internal import CLibpq

/// The parameters of one statement, encoded into one buffer.
struct PostgresBindings: Sendable {
    private(set) var types: [UInt32] = []
    private var bytes: [UInt8] = []
    /// Where each value starts; -1 is NULL.
    private var offsets: [Int] = []
    private var lengths: [Int32] = []

    init(_ values: [any PostgresEncodable]) {
        for value in values { append(value) }
    }

    mutating func append(_ value: some PostgresEncodable) {
        let start = bytes.count
        types.append(type(of: value).postgresType)
        if value.encode(into: &bytes) {
            offsets.append(start)
            lengths.append(Int32(bytes.count - start))
        } else {
            offsets.append(-1)
            lengths.append(0)
        }
    }

    /// Calls `body` with what `PQexecPrepared` and its kind take; all formats are binary.
    func withPointers<Result>(
        _ body: (Int32, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> Result
    ) -> Result {
        let count = offsets.count
        guard count > 0 else { return body(0, nil, nil, nil) }
        // One byte behind the end, so that an empty value at the end has an address too.
        var padded = bytes
        padded.append(0)
        return padded.withUnsafeBytes { buffer in
            let base = buffer.baseAddress
            let values: [UnsafePointer<CChar>?] = offsets.map { offset in
                offset < 0 ? nil : base?.advanced(by: offset).assumingMemoryBound(to: CChar.self)
            }
            let formats = [Int32](repeating: 1, count: count)
            return body(Int32(count), values, lengths, formats)
        }
    }
}
