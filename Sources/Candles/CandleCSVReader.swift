package import MarketModel

/// A line of a candle file that was not taken, or took another one's place, and why.
package struct RejectedLine: Sendable, Equatable, CustomStringConvertible {
    /// The line's number in the file; the first is 1.
    package let line: Int
    package let reason: String

    package var description: String { "line \(line): \(reason)" }
}

/// A candle file that cannot be read at all.
package struct CandleFileError: Error, Sendable, CustomStringConvertible {
    package let description: String
}

/// Reads candles from CSV text, line by line.
///
/// The first line names the columns, in any order and case: `timestamp` (or `date`, `datetime`, `time`, `start`),
/// `open`, `high`, `low`, `close`, `volume`, and where there is one `oi` (or `open_interest`). Other columns are
/// ignored. Fields may be quoted (RFC 4180), but not hold a line feed. Times without a zone are Indian. A line that
/// breaks a rule is rejected with its number and the reason, and the others are taken all the same. Of two lines with
/// the same time the later one counts: files that are appended to have the unfinished candle first.
package struct CandleCSVReader: Sendable {
    private struct Columns {
        var time: Int
        var open: Int
        var high: Int
        var low: Int
        var close: Int
        var volume: Int
        var openInterest: Int?
        var count: Int
    }

    private let timeframe: Timeframe
    private let source: CandleSource
    private var columns: Columns?
    private var seen: [Timestamp: (candle: Candle, line: Int)] = [:]
    private var line = 0
    /// Lines whose time stood on an earlier line.
    package private(set) var duplicates = 0
    /// Those of them that have other figures than the earlier line: they take its place.
    package private(set) var replacements: [RejectedLine] = []
    package private(set) var rejected: [RejectedLine] = []

    package init(timeframe: Timeframe, source: CandleSource) {
        self.timeframe = timeframe
        self.source = source
    }

    /// Takes the next line, without its line feed; returns its candle, or nil when it has none: the header, an empty
    /// line, a duplicate or a rejected line.
    ///
    /// - Throws: ``CandleFileError`` when the first line does not name the columns.
    package mutating func take(_ text: Substring) throws(CandleFileError) -> Candle? {
        line += 1
        var text = text
        if text.last == "\r" { text.removeLast() }
        if line == 1 {
            // Spreadsheets begin a file with a byte order mark.
            if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
            columns = try Self.columns(text)
            return nil
        }
        if text.allSatisfy(\.isWhitespace) { return nil }
        guard let columns else { return nil }
        guard let fields = Self.fields(text) else {
            reject("a quotation mark is not closed, or stands within a field")
            return nil
        }
        // Some programs end every line, but not the header, with a comma.
        guard fields.count >= columns.count, fields[columns.count...].allSatisfy(\.isEmpty) else {
            reject("has \(fields.count) fields, the header names \(columns.count)")
            return nil
        }
        switch candle(fields, columns) {
        case .failure(let reason):
            reject(reason.text)
            return nil
        case .success(let candle): return latestOfItsTime(candle)
        }
    }

    private struct Reason: Error {
        let text: String
    }

    private mutating func latestOfItsTime(_ candle: Candle) -> Candle? {
        let earlier = seen[candle.start]
        seen[candle.start] = (candle, line)
        guard let earlier else { return candle }
        duplicates += 1
        guard earlier.candle != candle else { return nil }
        let time = IndiaTime.text(candle.start)
        let reason = "\(time) IST stands on line \(earlier.line) with other figures; this line counts"
        replacements.append(RejectedLine(line: line, reason: reason))
        return candle
    }

    private mutating func reject(_ reason: String) {
        rejected.append(RejectedLine(line: line, reason: reason))
    }

    private func candle(_ fields: [Substring], _ columns: Columns) -> Result<Candle, Reason> {
        do {
            guard let start = Timestamp(fields[columns.time]) else {
                throw Reason(text: "'\(fields[columns.time])' is no time, such as 2026-09-01T09:15:00+05:30")
            }
            let candle = Candle(
                start: start,
                open: try price(fields[columns.open], "open"),
                high: try price(fields[columns.high], "high"),
                low: try price(fields[columns.low], "low"),
                close: try price(fields[columns.close], "close"),
                volume: try count(fields[columns.volume], "volume"),
                openInterest: try openInterest(fields, columns),
                source: source
            )
            if let fault = candle.fault { throw Reason(text: fault) }
            if let fault = gridFault(start) { throw Reason(text: fault) }
            return .success(candle)
        } catch let reason as Reason {
            return .failure(reason)
        } catch {
            return .failure(Reason(text: "\(error)"))
        }
    }

    private func openInterest(_ fields: [Substring], _ columns: Columns) throws(Reason) -> Int64? {
        guard let column = columns.openInterest, !fields[column].isEmpty else { return nil }
        return try count(fields[column], "open interest")
    }

    private func price(_ text: Substring, _ name: String) throws(Reason) -> Price {
        guard let price = Price(text) else {
            throw Reason(text: "\(name) '\(text)' is no price with at most four decimals")
        }
        return price
    }

    /// A whole number; some files write it as `123.0`.
    private func count(_ text: Substring, _ name: String) throws(Reason) -> Int64 {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let hasFraction = parts.count == 2 && !parts[1].allSatisfy { $0 == "0" }
        guard let whole = parts.first, let value = Int64(whole), !hasFraction else {
            throw Reason(text: "\(name) '\(text)' is no whole number")
        }
        return value
    }

    /// A candle starts on its timeframe's grid; hours and days have grids of their own by exchange.
    private func gridFault(_ start: Timestamp) -> String? {
        let step: Int64
        switch timeframe {
        case .oneMinute, .fiveMinutes, .fifteenMinutes: step = timeframe.duration.components.seconds
        case .oneHour: step = 900
        case .oneDay:
            let isMidnight = IndiaTime.startOfDay(IndiaTime.date(of: start)) == start
            return isMidnight ? nil : "a day's candle starts at 00:00 IST, not at \(IndiaTime.text(start))"
        }
        let isOnGrid = start.microseconds % (step * 1_000_000) == 0
        return isOnGrid ? nil : "\(IndiaTime.text(start)) IST is no start of a \(timeframe.rawValue) candle"
    }

    /// The fields of a line (RFC 4180), without the spaces around them; nil when quotation marks do not match.
    private static func fields(_ line: Substring) -> [Substring]? {
        guard line.utf8.contains(UInt8(ascii: "\"")) else {
            return line.split(separator: ",", omittingEmptySubsequences: false).map { trimmed($0) }
        }
        var fields: [Substring] = []
        var rest = line
        while true {
            rest = rest.drop { $0 == " " }
            guard rest.first == "\"" else {
                let field = rest.prefix { $0 != "," }
                guard !field.contains("\"") else { return nil }
                fields.append(trimmed(field))
                rest = rest.dropFirst(field.count)
                guard rest.popFirst() != nil else { return fields }
                continue
            }
            rest.removeFirst()
            var field = ""
            while true {
                let piece = rest.prefix { $0 != "\"" }
                field += piece
                rest = rest.dropFirst(piece.count)
                guard rest.popFirst() != nil else { return nil }
                // Two quotation marks stand for one.
                guard rest.first == "\"" else { break }
                rest.removeFirst()
                field.append("\"")
            }
            fields.append(field[...])
            rest = rest.drop { $0 == " " }
            guard let next = rest.popFirst() else { return fields }
            guard next == "," else { return nil }
        }
    }

    private static func trimmed(_ field: Substring) -> Substring {
        var field = field
        while field.first == " " { field.removeFirst() }
        while field.last == " " { field.removeLast() }
        return field
    }

    private static func columns(_ header: Substring) throws(CandleFileError) -> Columns {
        let names = (fields(header) ?? []).map { $0.lowercased() }
        func find(_ accepted: [String]) -> Int? { names.firstIndex { accepted.contains($0) } }
        let time = find(["timestamp", "date", "datetime", "time", "start"])
        let open = find(["open"])
        let high = find(["high"])
        let low = find(["low"])
        let close = find(["close"])
        let volume = find(["volume"])
        guard let time, let open, let high, let low, let close, let volume else {
            let missing = [
                ("timestamp", time), ("open", open), ("high", high), ("low", low), ("close", close), ("volume", volume),
            ]
            .filter { $0.1 == nil }.map(\.0).joined(separator: ", ")
            throw CandleFileError(
                description: "line 1: the header must name the columns timestamp, open, high, low, close, volume and, "
                    + "if there is one, oi; missing: \(missing)"
            )
        }
        return Columns(
            time: time,
            open: open,
            high: high,
            low: low,
            close: close,
            volume: volume,
            openInterest: find(["oi", "open_interest", "openinterest"]),
            count: names.count
        )
    }
}
