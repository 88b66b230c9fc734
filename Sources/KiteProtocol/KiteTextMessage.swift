/// A text message of Kite's ticker: `{"type":"order","data":{…}}`.
package enum KiteTextMessage: Sendable, Equatable {
    /// An order changed; the JSON object in `data`, as it was written (numbers and all).
    case order(json: String)
    /// The broker reports an error, such as an expired access token.
    case error(String)
    /// A broadcast of the broker to read.
    case message(String)
    /// Nothing to act upon: an unknown type, bad JSON, an order without content. The reason is for counting and logs.
    case ignored(reason: String)

    /// Reads a message; whatever is not understood is ``ignored(reason:)``.
    ///
    /// `data` of an error or a broadcast that is not a string is passed on as the JSON it is. Of a key that is there
    /// twice the last counts, as with the official client.
    package static func parse(_ text: String) -> KiteTextMessage {
        do {
            return try read(JSONDocument(Array(text.utf8)))
        } catch {
            return .ignored(reason: error.message)
        }
    }

    private static func read(_ document: JSONDocument) throws(KiteTextError) -> KiteTextMessage {
        let members = try document.members(of: document.root)
        guard let typeValue = members.last(where: { $0.key == "type" })?.value,
            let type = document.string(of: typeValue)
        else { return .ignored(reason: "no type") }
        let data = members.last { $0.key == "data" }?.value
        let words = data.map { document.string(of: $0) ?? document.text(of: $0) }
        switch type {
        case "order":
            guard let data, data.kind == .object, try !document.members(of: data).isEmpty else {
                return .ignored(reason: "order without data")
            }
            return .order(json: document.text(of: data))
        case "error": return .error(words ?? "error without a text")
        case "message":
            guard let words else { return .ignored(reason: "message without data") }
            return .message(words)
        default: return .ignored(reason: "unknown type \(KiteTextError.quoted(type))")
        }
    }
}
