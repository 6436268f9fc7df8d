import Audiences
package import HTTPWire
import JSON
import Logging
import Mixpanel
package import Routing

/// Turns errors into answers.
///
/// The only code that chooses the status of a failure.
package enum Problem {
    /// What the caller is told: a status, a code for programs, a sentence for people.
    struct Description {
        var status: Status
        var code: String
        var message: String
        var headers: [(name: String, value: String)] = []
    }

    /// The answer of the API to whatever went wrong with a request; logs what is our own fault.
    package static func response(to error: any Error, _ request: Request) -> Response {
        guard !ElementProblem.isResponsible(for: request) else {
            return ElementProblem.response(to: error, request)
        }
        logIfOurs(error, request)
        return response(describe(error), request.id)
    }

    /// The answer to what went wrong before there was a request.
    package static func response(to error: WireError) -> Response {
        response(describe(wire: error), nil)
    }

    /// The answer to a connection that there is no room for.
    ///
    /// Another one ends within the second, most of the time.
    package static let overloaded = response(
        Description(
            status: .serviceUnavailable, code: "unavailable",
            message: "There are too many connections.", headers: [("Retry-After", "1")]), nil)

    private static func response(_ problem: Description, _ id: RequestID?) -> Response {
        var json = JSONWriter()
        json.beginObject()
        json.key("error")
        json.beginObject()
        json.key("code")
        json.string(problem.code)
        json.key("message")
        json.string(problem.message)
        json.key("request_id")
        if let id { json.string(id.description) } else { json.null() }
        json.endObject()
        json.endObject()
        return .json(problem.status, json.bytes, headers: problem.headers)
    }

    /// Our own trouble is logged once, here, with what only the operator may see.
    static func logIfOurs(_ error: any Error, _ request: Request) {
        switch error {
        case let failure as Failure
        where failure.code == .unavailable || failure.code == .internal:
            request.logger.error(
                "request failed",
                metadata: [
                    "error.code": .string(failure.code.rawValue),
                    "error.message": .string(failure.message),
                    "error.detail": .string(failure.detail),
                ])
        case is Failure, is any CallersMistake:
            break
        default:
            // The type's name only: what an unknown error would print may be personal.
            request.logger.error(
                "request failed", metadata: ["error.type": .string("\(type(of: error))")])
        }
    }

    static func describe(_ error: any Error) -> Description {
        switch error {
        case let failure as Failure: describe(failure)
        case let error as RoutingError: describe(routing: error)
        case let error as BodyError: describe(body: error)
        case let error as WireError: describe(wire: error)
        case is Unauthorized:
            Description(
                status: .unauthorized, code: "unauthorized",
                message: "A valid operator key is needed: Authorization: Bearer <key>.",
                headers: [("WWW-Authenticate", "Bearer realm=\"muster\"")])
        case let error as Forbidden: describe(error)
        case is UnknownApp:
            Description(
                status: .unauthorized, code: "unauthorized",
                message: "The public key of a connection is needed: Authorization: Bearer "
                    + "\(PublicKey.prefix)….",
                headers: [("WWW-Authenticate", "Bearer realm=\"muster sdk\"")])
        case let error as TooManyCalls:
            Description(
                status: .tooManyRequests, code: "too_many_requests",
                message: "There were too many calls from this address within a minute.",
                headers: [("Retry-After", String(error.seconds))])
        case is IdempotencyKeyReused:
            Description(
                status: .unprocessableContent, code: "idempotency_key_reused",
                message: "This Idempotency-Key was used for another request; use a new one.")
        case let busy as MixpanelBusy:
            Description(
                status: .serviceUnavailable, code: "unavailable", message: busy.message,
                headers: [("Retry-After", String(busy.retryAfterSeconds))])
        default:
            Description(
                status: .internalServerError, code: "internal", message: "Something went wrong.")
        }
    }

    /// RFC 6750 section 3.1.
    private static func describe(_ error: Forbidden) -> Description {
        let scope = error.needed.rawValue
        return Description(
            status: .forbidden, code: "forbidden",
            message: "This takes an operator key of the scope \(scope).",
            headers: [
                (
                    "WWW-Authenticate",
                    "Bearer realm=\"muster\", error=\"insufficient_scope\", scope=\"\(scope)\""
                )
            ])
    }

    private static func describe(_ failure: Failure) -> Description {
        let status: Status =
            switch failure.code {
            case .invalid: .badRequest
            case .notFound: .notFound
            case .conflict: .conflict
            case .gone: .gone
            case .unavailable: .serviceUnavailable
            case .internal: .internalServerError
            }
        return Description(
            status: status, code: failure.code.rawValue, message: failure.message,
            headers: failure.code == .unavailable ? retryAfter : [])
    }

    private static func describe(routing error: RoutingError) -> Description {
        switch error {
        case .notFound:
            Description(
                status: .notFound, code: "not_found", message: "There is nothing at this path.")
        case .methodNotAllowed(let allowed):
            Description(
                status: .methodNotAllowed, code: "method_not_allowed",
                message: "This path answers \(allowed).", headers: [("Allow", allowed)])
        case .methodUnknown:
            Description(
                status: .notImplemented, code: "method_unknown",
                message: "This method is not implemented.")
        }
    }

    private static func describe(body error: BodyError) -> Description {
        switch error {
        case .tooLarge(let bytesMax):
            Description(
                status: .contentTooLarge, code: "too_large",
                message: "The body is longer than \(bytesMax) bytes.")
        case .unsupportedCoding:
            Description(
                status: .unsupportedMediaType, code: "unsupported_coding",
                message: "Content-Encoding may be gzip, deflate or identity.",
                headers: [("Accept-Encoding", "gzip, deflate, identity")])
        case .undecodable(.outOfMemory):
            Description(
                status: .serviceUnavailable, code: "unavailable",
                message: "There is no memory to decode the body.", headers: retryAfter)
        case .undecodable(let error):
            Description(
                status: .badRequest, code: "invalid",
                message: "The body does not follow its Content-Encoding: \(error.words).")
        case .wire(let error):
            describe(wire: error)
        }
    }

    private static func describe(wire error: WireError) -> Description {
        let status = error.status ?? .badRequest
        let message =
            switch error {
            case .malformed(let rule): "The message breaks a rule of HTTP/1.1: \(rule)."
            case .timedOut: "The message came too slowly."
            default: "\(status.reason)."
            }
        return Description(status: status, code: code(of: error), message: message)
    }

    private static func code(of error: WireError) -> String {
        switch error {
        case .malformed: "malformed"
        case .bodyTooLarge, .targetTooLong, .headersTooLarge: "too_large"
        case .timedOut: "timed_out"
        default: "unsupported"
        }
    }

    /// Every `code` that an error may have.
    static let codes =
        Failure.Code.allCases.map(\.rawValue) + [
            "unauthorized", "forbidden", "method_not_allowed", "method_unknown", "too_large",
            "unsupported_coding", "idempotency_key_reused", "too_many_requests", "malformed",
            "timed_out", "unsupported",
        ]

    /// Mixpanel retries within a minute, and most trouble of a store is over in seconds.
    static let retryAfter = [(name: "Retry-After", value: "5")]
}

/// An error that is answered and not logged: it says something about the caller, not about us.
protocol CallersMistake: Error {}

extension BodyError: CallersMistake {}
extension CohortSyncRefusal: CallersMistake {}
extension MixpanelBusy: CallersMistake {}
extension RoutingError: CallersMistake {}
extension WireError: CallersMistake {}
