/// The length of a candle.
///
/// The raw value is its name everywhere: in the store, in the API and on the command line.
package enum Timeframe: String, CaseIterable, Sendable, Hashable {
    case oneMinute = "1m"
    case fiveMinutes = "5m"
    case fifteenMinutes = "15m"
    case oneHour = "1h"
    case oneDay = "1d"

    /// How long a whole candle lasts.
    ///
    /// A session's last hour can be shorter.
    package var duration: Duration {
        switch self {
        case .oneMinute: .seconds(60)
        case .fiveMinutes: .seconds(300)
        case .fifteenMinutes: .seconds(900)
        case .oneHour: .seconds(3600)
        case .oneDay: .seconds(86_400)
        }
    }

    /// All names, for error messages: `1m, 5m, 15m, 1h, 1d`.
    package static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
