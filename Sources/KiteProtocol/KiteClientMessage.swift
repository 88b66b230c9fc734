package import MarketModel

/// What a client of Kite's ticker asks for, as JSON text: `{"a":"subscribe","v":[408065]}`.
package enum KiteClientMessage: Sendable, Equatable {
    /// Sends these instruments from now on, in `quote` mode unless another is asked for.
    case subscribe([UInt32])
    /// Sends these instruments no longer.
    case unsubscribe([UInt32])
    /// Sends these instruments in this mode; they must be subscribed to.
    case mode(TickMode, [UInt32])

    /// The message as JSON without white space.
    package func json() -> String {
        switch self {
        case .subscribe(let tokens): #"{"a":"subscribe","v":\#(Self.list(tokens))}"#
        case .unsubscribe(let tokens): #"{"a":"unsubscribe","v":\#(Self.list(tokens))}"#
        case .mode(let mode, let tokens): #"{"a":"mode","v":["\#(mode.rawValue)",\#(Self.list(tokens))]}"#
        }
    }

    /// Reads a message.
    ///
    /// White space, the order of the keys and further keys do not matter.
    ///
    /// - Throws: ``KiteTextError`` when the text is not JSON, the action or the mode is unknown, a key is missing or
    ///   there twice, or a token is not a whole number of 32 bits. Kite takes no tokens in quotation marks either.
    package init(json: some StringProtocol) throws(KiteTextError) {
        try self.init(json: Array(json.utf8))
    }

    /// Reads a message in UTF-8, by the rules of the initializer that takes text.
    ///
    /// - Throws: ``KiteTextError``, also when the bytes are not UTF-8.
    package init(json: some Sequence<UInt8>) throws(KiteTextError) {
        let bytes = Array(json)
        guard String(validating: bytes, as: UTF8.self) != nil else { throw KiteTextError("no valid UTF-8") }
        let document = try JSONDocument(bytes)
        guard document.root.kind == .object else { throw KiteTextError("expected a JSON object") }
        let members = try document.members(of: document.root)
        let action = try Self.single("a", in: members)
        let subject = try Self.single("v", in: members)
        switch document.string(of: action) {
        case "subscribe": self = .subscribe(try Self.tokens(subject, in: document))
        case "unsubscribe": self = .unsubscribe(try Self.tokens(subject, in: document))
        case "mode":
            let parts = try document.elements(of: subject)
            guard parts.count == 2, let name = document.string(of: parts[0]) else {
                throw KiteTextError(#""v" must be a mode and a list of tokens: ["full",[408065]]"#)
            }
            guard let mode = TickMode(rawValue: name) else {
                throw KiteTextError("unknown mode \(KiteTextError.quoted(name)); known are ltp, quote and full")
            }
            self = .mode(mode, try Self.tokens(parts[1], in: document))
        case .some(let name):
            throw KiteTextError(
                "unknown action \(KiteTextError.quoted(name)); known are subscribe, unsubscribe and mode"
            )
        case nil: throw KiteTextError(#"the action "a" must be a string"#)
        }
    }

    private static func single(
        _ key: String,
        in members: [(key: String, value: JSONReader.Value)]
    ) throws(KiteTextError) -> JSONReader.Value {
        var found: JSONReader.Value?
        for member in members where member.key == key {
            guard found == nil else { throw KiteTextError("the key \"\(key)\" is there twice") }
            found = member.value
        }
        guard let found else { throw KiteTextError("the key \"\(key)\" is missing") }
        return found
    }

    private static func tokens(
        _ list: JSONReader.Value,
        in document: JSONDocument
    ) throws(KiteTextError) -> [UInt32] {
        guard list.kind == .array else { throw KiteTextError("the tokens must be a list: [408065]") }
        var tokens: [UInt32] = []
        for element in try document.elements(of: list) {
            let text = document.text(of: element)
            guard element.kind == .number, let token = UInt32(text) else {
                let quoted = element.kind == .number ? text : KiteTextError.quoted(text)
                throw KiteTextError("a token must be a whole number from 0 to 4294967295, not \(quoted)")
            }
            tokens.append(token)
        }
        return tokens
    }

    private static func list(_ tokens: [UInt32]) -> String {
        "[" + tokens.map(String.init).joined(separator: ",") + "]"
    }
}
