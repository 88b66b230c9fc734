/// A market segment in Kite's numbering: the lowest byte of every instrument token.
package enum KiteSegment: UInt8, Sendable, CaseIterable {
    /// Shares on NSE.
    case nse = 1
    /// Futures and options on NSE.
    case nfo = 2
    /// Currency derivatives on NSE.
    case cds = 3
    /// Shares on BSE.
    case bse = 4
    /// Futures and options on BSE.
    case bfo = 5
    /// Currency derivatives on BSE.
    case bcd = 6
    /// Commodities on MCX.
    case mcx = 7
    /// The former MCX-SX.
    case mcxsx = 8
    /// Every index, whatever its exchange.
    case indices = 9
    /// Commodities on NSE.
    case nco = 12

    /// Returns the segment of an instrument token, nil when it is none that is known.
    package init?(token: UInt32) {
        self.init(rawValue: UInt8(truncatingIfNeeded: token))
    }

    /// Decimal places of the prices in this segment's packets.
    ///
    /// Kite's ten-thousandths for `nco` are what the Python client 5.2.2 reads; the other official clients lack the
    /// segment.
    package var decimals: UInt8 {
        switch self {
        case .cds: 7
        case .bcd, .nco: 4
        case .nse, .nfo, .bse, .bfo, .mcx, .mcxsx, .indices: 2
        }
    }

    /// Decimal places of an instrument's prices: 7, 4 or 2; 2 when the segment is unknown.
    @inline(__always)
    package static func decimals(ofToken token: UInt32) -> UInt8 {
        // Without the detour over the enumeration: this runs for every packet.
        switch UInt8(truncatingIfNeeded: token) {
        case KiteSegment.cds.rawValue: 7
        case KiteSegment.bcd.rawValue, KiteSegment.nco.rawValue: 4
        default: 2
        }
    }

    /// True for an index: it has packets of its own and cannot be traded.
    @inline(__always)
    package static func isIndex(token: UInt32) -> Bool {
        UInt8(truncatingIfNeeded: token) == KiteSegment.indices.rawValue
    }
}
