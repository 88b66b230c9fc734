/// What a reply may be at most, so that a broken or hostile peer cannot exhaust the memory.
struct RESPLimits: Sendable {
    /// The whole reply in bytes, and so each bulk in it.
    var replyBytes = 512 << 20
    /// A line: numbers, simple texts and errors.
    var lineBytes = 64 << 10
    /// The elements of one aggregate; a map counts two for each entry.
    var aggregateLength = 4 << 20
    /// Aggregates within aggregates.
    var nesting = 32
}
