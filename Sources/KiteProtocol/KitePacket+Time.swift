extension KitePacket {
    /// The exchange's time of a packet in full mode, seconds since 1970; nil in other modes, and where it is 0.
    package static func exchangeTime(_ packet: RawSpan) -> UInt32? {
        let seconds: UInt32
        switch packet.byteCount {
        case Length.full: seconds = packet.uint32(at: 60)
        case Length.indexFull: seconds = packet.uint32(at: 28)
        default: return nil
        }
        return seconds == 0 ? nil : seconds
    }
}
