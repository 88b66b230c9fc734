package import MarketModel

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The wall clock, in the form it is handed around: a closure that returns the present.
package typealias TimeSource = @Sendable () -> Timestamp

/// The machine's clock.
package enum WallClock {
    /// The present, in microseconds.
    package static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }
}
