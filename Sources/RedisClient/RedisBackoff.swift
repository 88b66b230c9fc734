/// Growing waits between attempts to connect, each drawn between half of it and the whole, so that clients do not come
/// back in step.
package struct RedisBackoff: Sendable {
    private let bounds: ClosedRange<Duration>
    /// How many attempts failed in a row.
    private(set) var failures = 0

    package init(_ bounds: ClosedRange<Duration>) {
        self.bounds = bounds
    }

    /// Returns the wait after one more failure.
    package mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        let doublings = min(failures, 16)
        failures += 1
        let longest = min(bounds.upperBound, bounds.lowerBound * (1 << doublings))
        return longest * Double.random(in: 0.5...1, using: &generator)
    }

    /// Begins again with the shortest wait.
    package mutating func reset() {
        failures = 0
    }
}
