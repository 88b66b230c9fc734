// The loads are bounds-checked; "unsafe" in the name of the standard library's function is about types whose bit
// patterns are not all valid, which integers are not.
extension RawSpan {
    /// The big-endian signed number in the four bytes at `offset`.
    @inline(__always)
    func int32(at offset: Int) -> Int32 {
        unsafe Int32(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: Int32.self))
    }

    /// The big-endian unsigned number in the four bytes at `offset`.
    @inline(__always)
    func uint32(at offset: Int) -> UInt32 {
        unsafe UInt32(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    /// The big-endian unsigned number in the two bytes at `offset`.
    @inline(__always)
    func uint16(at offset: Int) -> UInt16 {
        unsafe UInt16(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }
}

extension MutableRawSpan {
    /// Writes a number big-endian into the bytes from `offset` on.
    @inline(__always)
    mutating func store(_ value: some FixedWidthInteger & BitwiseCopyable, at offset: Int) {
        storeBytes(of: value.bigEndian, toByteOffset: offset, as: type(of: value))
    }
}
