import Foundation
import FoundationNetworking

/// A client of one running gateway.
struct GatewayClient: Sendable {
    let port: Int
    private let session: URLSession

    init(port: Int) {
        self.port = port
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = 60
        configuration.httpMaximumConnectionsPerHost = 200
        session = URLSession(configuration: configuration)
    }

    func close() {
        session.invalidateAndCancel()
    }

    /// Asks through Foundation's HTTP client, which is none of ours.
    func get(_ target: String, accept: String? = nil, method: String = "GET") async throws -> HTTPAnswer {
        guard let url = URL(string: "http://127.0.0.1:\(port)\(target)") else {
            throw GatewayTestError("no URL: \(target)")
        }
        var request = URLRequest(url: url)
        request.httpMethod = method
        if let accept { request.setValue(accept, forHTTPHeaderField: "Accept") }
        let (body, response) = try await session.data(for: request)
        guard let response = response as? HTTPURLResponse else { throw GatewayTestError("no HTTP response") }
        var headers: [String: String] = [:]
        for (name, value) in response.allHeaderFields { headers["\(name)".lowercased()] = "\(value)" }
        return try HTTPAnswer(status: response.statusCode, headers: headers, body: body)
    }

    /// Sends the target as it stands, which Foundation would correct, with this Host header, or with none.
    func raw(_ target: String, method: String = "GET", host: String? = "127.0.0.1") async throws -> HTTPAnswer {
        let hostLine = host.map { "Host: \($0)\r\n" } ?? ""
        return try await RawConnection.onThread(port: port) { connection in
            try connection.send("\(method) \(target) HTTP/1.1\r\n\(hostLine)\r\n")
            return try connection.answer(withoutBody: method == "HEAD")
        }
    }

    /// Sends several targets over one connection, one after the other.
    func raw(_ targets: [String]) async throws -> [HTTPAnswer] {
        try await RawConnection.onThread(port: port) { connection in
            try targets.map { target in
                try connection.send("GET \(target) HTTP/1.1\r\nHost: localhost\r\n\r\n")
                return try connection.answer()
            }
        }
    }
}
