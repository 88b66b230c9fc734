internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import MarketModel
internal import MarketStore
internal import NIOCore
internal import PostgresClient
internal import RedisClient

/// An answer that says what is wrong: `{"error":{"code":"…","message":"…"}}`.
struct APIError: HTTPResponseError {
    let status: HTTPResponse.Status
    /// A word for programs, such as `invalid_parameter`.
    let code: String
    /// A sentence for people, with the remedy.
    let message: String

    static func invalidParameter(_ message: String) -> APIError {
        APIError(status: .badRequest, code: "invalid_parameter", message: message)
    }

    static func notFound(_ message: String) -> APIError {
        APIError(status: .notFound, code: "not_found", message: message)
    }

    static func unavailable(_ message: String) -> APIError {
        APIError(status: .serviceUnavailable, code: "unavailable", message: message)
    }

    func response(from request: Request, context: some RequestContext) -> Response {
        var json = JSONWriter()
        json.object { json in
            json.key("error")
            json.object { json in
                json.key("code")
                json.string(code)
                json.key("message")
                json.string(message)
            }
        }
        return Response(json: json, status: status)
    }

    /// The answer to any error; what is not the client's business is left out.
    init(_ error: any Error) {
        switch error {
        case let error as APIError: self = error
        case let error as StoreError where error.code == .invalidInput:
            self = .invalidParameter(error.message)
        case let error as HTTPError:
            let message = error.body ?? error.status.reasonPhrase
            self.init(status: error.status, code: Self.code(of: error.status), message: message)
        case let error as PostgresError where error.isRetryable || error.code == .closed:
            self = .unavailable("the database does not answer; try again")
        case is RedisError:
            self = .unavailable("Redis, which holds the live prices, does not answer; try again")
        default:
            self.init(
                status: .internalServerError,
                code: "internal",
                message: "the request failed in the server; its log tells why"
            )
        }
    }

    init(status: HTTPResponse.Status, code: String, message: String) {
        self.status = status
        self.code = code
        self.message = message
    }

    private static func code(of status: HTTPResponse.Status) -> String {
        switch status {
        case .notFound: "not_found"
        case .methodNotAllowed: "method_not_allowed"
        case .contentTooLarge: "too_large"
        default: status.kind == .clientError ? "bad_request" : "internal"
        }
    }
}

extension Response {
    /// A JSON document.
    init(json: JSONWriter, status: HTTPResponse.Status = .ok) {
        self.init(bytes: json.bytes, type: "application/json; charset=utf-8", status: status)
    }

    init(bytes: [UInt8], type: String, status: HTTPResponse.Status = .ok) {
        self.init(
            status: status,
            headers: [.contentType: type, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        )
    }
}

/// Turns every error into an answer of the one shape, and logs those that are our fault.
struct ErrorMiddleware<Context: RequestContext>: RouterMiddleware {
    @concurrent
    func handle(
        _ request: Request,
        context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            let answer = APIError(error)
            if answer.status.code >= 500 {
                context.logger.error("\(request.method) \(request.uri.path) failed: \(error)")
            }
            guard answer.status == .notFound, error is HTTPError else {
                return answer.response(from: request, context: context)
            }
            let noRoute = APIError.notFound("there is no \(request.method) \(request.uri.path)")
            let response = noRoute.response(from: request, context: context)
            // A body would be read as the next response; where there is a route, the router cuts it off.
            return request.method == .head ? response.createHeadResponse() : response
        }
    }
}

/// Answers only requests that were addressed to this machine by name: a page of another site cannot reach the API by
/// a name that it lets point here (DNS rebinding).
struct HostMiddleware<Context: RequestContext>: RouterMiddleware {
    private let allowed: Set<String> = ["localhost", "127.0.0.1", "[::1]"]

    @concurrent
    func handle(
        _ request: Request,
        context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard allowed.contains(hostWithoutPort(request.head.authority ?? "")) else {
            throw APIError(
                status: .misdirectedRequest,
                code: "wrong_host",
                message: "this server answers to localhost and 127.0.0.1 only"
            )
        }
        return try await next(request, context)
    }

    /// The name or address in lower case; what follows it stays unless it is a port.
    private func hostWithoutPort(_ authority: String) -> String {
        let digits = authority.utf8.reversed().prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let rest = authority.utf8.dropLast(digits.count)
        guard !digits.isEmpty, rest.last == UInt8(ascii: ":") else { return authority.lowercased() }
        return String(decoding: rest.dropLast(), as: UTF8.self).lowercased()
    }
}
