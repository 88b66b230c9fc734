/// Why a binary message could not be read to its end.
package struct KiteFrameFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong with the packet.
    package enum Reason: Sendable, Equatable, CustomStringConvertible {
        /// The message ends before or within the packet's two length bytes.
        case lengthFieldCutOff
        /// The message ends before the packet does.
        case packetCutOff(length: Int, available: Int)

        /// The reason in words.
        package var description: String {
            switch self {
            case .lengthFieldCutOff: "the length field is cut off"
            case .packetCutOff(let length, let available):
                "the length field says \(length) bytes, \(available) are left"
            }
        }
    }

    /// The byte at which reading stopped, counted from 0.
    ///
    /// For a length field that is cut off it is the first byte that is missing, else the first byte behind the length
    /// field.
    package let offset: Int
    /// The packet's place in the message, counted from 0; the description counts from 1.
    package let packetIndex: Int
    /// What is wrong with the packet.
    package let reason: Reason

    /// Makes a fault of the packet at `packetIndex`, with reading stopped at the byte `offset`.
    package init(offset: Int, packetIndex: Int, reason: Reason) {
        self.offset = offset
        self.packetIndex = packetIndex
        self.reason = reason
    }

    /// The fault in words, such as `packet 1 at byte 4: the length field says 184 bytes, 44 are left`.
    package var description: String { "packet \(packetIndex + 1) at byte \(offset): \(reason)" }
}
