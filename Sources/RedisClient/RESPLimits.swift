/// What a reply may be at most, so that a broken or hostile peer cannot exhaust the memory.
package struct RESPLimits: Sendable {
    /// The whole reply in bytes, and so each bulk in it.
    package var replyBytes: Int
    /// A line: numbers, simple texts and errors.
    package var lineBytes: Int
    /// The elements of one aggregate; a map counts two for each entry.
    package var aggregateLength: Int
    /// Aggregates within aggregates.
    package var nesting: Int

    package init(
        replyBytes: Int = 512 << 20,
        lineBytes: Int = 64 << 10,
        aggregateLength: Int = 4 << 20,
        nesting: Int = 32
    ) {
        self.replyBytes = replyBytes
        self.lineBytes = lineBytes
        self.aggregateLength = aggregateLength
        self.nesting = nesting
    }
}
