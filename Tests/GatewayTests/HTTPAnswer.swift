import Foundation
import Testing

/// An HTTP response, with the body both as bytes and as what they mean.
struct HTTPAnswer: Sendable {
    let status: Int
    /// Names in lower case.
    let headers: [String: String]
    let body: Data

    /// - Throws: when the body claims to be JSON and is not: no test can overlook that.
    init(status: Int, headers: [String: String], body: Data) throws {
        self.status = status
        self.headers = headers
        self.body = body
        if type.hasPrefix("application/json"), !body.isEmpty { _ = try JSONSerialization.jsonObject(with: body) }
    }

    var text: String { String(decoding: body, as: UTF8.self) }
    var type: String { headers["content-type"] ?? "" }

    /// The body, which has to be a JSON object.
    func object(sourceLocation: SourceLocation = #_sourceLocation) throws -> [String: Any] {
        #expect(type == "application/json; charset=utf-8", sourceLocation: sourceLocation)
        return try #require(JSONSerialization.jsonObject(with: body) as? [String: Any], sourceLocation: sourceLocation)
    }

    /// The member `name` of the body, which has to be an array of objects.
    func array(_ name: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> [[String: Any]] {
        #expect(status == 200, sourceLocation: sourceLocation)
        let object = try object(sourceLocation: sourceLocation)
        #expect(Set(object.keys).isSuperset(of: [name]), sourceLocation: sourceLocation)
        return try #require(object[name] as? [[String: Any]], sourceLocation: sourceLocation)
    }

    /// One member of every object in the array `name`.
    func strings(
        _ member: String,
        of name: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> [String] {
        try array(name, sourceLocation: sourceLocation).map { object in
            try #require(object[member] as? String, sourceLocation: sourceLocation)
        }
    }

    /// Checks for `{"error":{"code":"…","message":"…"}}` and nothing else.
    func expectError(
        _ status: Int,
        _ code: String,
        mentioning part: String = "",
        _ comment: Comment? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        #expect(self.status == status, comment, sourceLocation: sourceLocation)
        let object = try object(sourceLocation: sourceLocation)
        #expect(Array(object.keys) == ["error"], comment, sourceLocation: sourceLocation)
        let error = try #require(object["error"] as? [String: String], comment, sourceLocation: sourceLocation)
        #expect(Set(error.keys) == ["code", "message"], comment, sourceLocation: sourceLocation)
        #expect(error["code"] == code, comment, sourceLocation: sourceLocation)
        let message = error["message"] ?? ""
        #expect(!message.isEmpty, comment, sourceLocation: sourceLocation)
        if !part.isEmpty { #expect(message.contains(part), comment, sourceLocation: sourceLocation) }
    }
}

/// The surroundings of a test are not as they must be, or a peer broke the protocol.
struct GatewayTestError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
