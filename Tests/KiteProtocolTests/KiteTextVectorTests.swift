import Foundation
import KiteProtocol
import Testing

/// Text messages to and from the official Python client 5.2.2.
struct TextVectors: Decodable {
    struct Message: Decodable {
        var payload: String
        /// What the official client calls back with: name and arguments.
        var events: [[JSON]]

        enum CodingKeys: String, CodingKey {
            case payload
            case events = "library_events"
        }
    }

    var controlMessages: [String]
    var resubscribing: [String]
    var textMessages: [Message]

    enum CodingKeys: String, CodingKey {
        case controlMessages = "control_messages"
        case resubscribing = "resubscribe_after_reconnect"
        case textMessages = "text_messages"
    }
}

@Suite(
    "The official client's text messages",
    .enabled(if: SharedData.folder != nil, "skipped: no shared test data")
)
struct KiteTextVectorTests {
    @Test("what the official client sends is read, and written again without its white space")
    func controlMessages() throws {
        let vectors: TextVectors = try SharedData.vectors("kite_text.json")
        let sent = vectors.controlMessages + vectors.resubscribing
        #expect(sent.count == 8)
        for text in sent {
            #expect(try KiteClientMessage(json: text).json() == text.filter { $0 != " " })
        }
        #expect(try KiteClientMessage(json: #require(sent.first)) == .subscribe([408_065, 884_737]))
    }

    @Test("what the official client reports is reported, the rest is ignored")
    func textMessages() throws {
        let vectors: TextVectors = try SharedData.vectors("kite_text.json")
        #expect(vectors.textMessages.count == 7)
        var kinds: [String] = []
        for message in vectors.textMessages {
            let event = message.events.first
            switch KiteTextMessage.parse(message.payload) {
            case .order(let json):
                kinds.append("order")
                #expect(event?.first?.string == "order")
                #expect(try JSON(json.utf8) == event?.last)
                #expect(message.payload.contains(json))
            case .error(let text):
                kinds.append("error")
                #expect(event == [.string("error"), .number(0), .string(text)])
            case .message(let text):
                // The official client leaves broadcasts unread; ours hands them on.
                kinds.append("message")
                #expect(event == nil)
                #expect(text == "Exchange broadcast")
            case .ignored:
                kinds.append("ignored")
                #expect(event == nil)
            }
        }
        #expect(kinds == ["order", "error", "message", "ignored", "ignored", "ignored", "ignored"])
    }
}
