import Audiences
import HTTPWire
import JSON
import Logging
import Mixpanel
import Routing

/// Turns errors into answers of the element API: `{"requestId","message"[,"providerMessage"]}`.
enum ElementProblem {
    /// The whole of the element API is below this path.
    static let base = ["elements", "api-v2"]

    /// Whether a request is one to the element API, whatever there is at its path.
    static func isResponsible(for request: Request) -> Bool {
        request.head.target.segments.prefix(base.count).elementsEqual(base) {
            $0.utf8.elementsEqual($1.utf8)
        }
    }

    static func response(to error: any Error, _ request: Request) -> Response {
        Problem.logIfOurs(error, request)
        let (problem, said) = describe(error, request)
        var json = JSONWriter()
        json.beginObject()
        json.key("requestId")
        json.string(request.id.description)
        json.key("message")
        json.string(problem.message)
        if let said {
            json.key("providerMessage")
            json.string(said)
        }
        json.endObject()
        let headers = problem.headers + [("Elements-Request-Id", request.id.description)]
        return .json(problem.status, json.bytes, headers: headers)
    }

    private static func describe(
        _ error: any Error, _ request: Request
    ) -> (Problem.Description, said: String?) {
        switch error {
        case is ElementUnauthorized:
            // Not a word of which part was wrong: the published message of this API.
            return (
                Problem.Description(
                    status: .unauthorized, code: "unauthorized",
                    message: "Invalid Organization or User secret, or invalid Element token "
                        + "provided.",
                    headers: [("WWW-Authenticate", "User realm=\"muster\"")]), nil
            )
        case is InstanceDisabled:
            return (refusal(.forbidden, "The element instance is disabled."), nil)
        case let unusable as InstanceUnusable:
            return (refusal(.conflict, unusable.message), nil)
        case let refusal as NothingImported:
            return (
                Self.refusal(.badRequest, "Mixpanel took none of the events."), refusal.said
            )
        case let error as NotAcceptable:
            return (refusal(.notAcceptable, "This can be had as \(error.types)."), nil)
        case let refusal as CEQLRefusal: return (Self.refusal(.badRequest, refusal.message), nil)
        case let refusal as RecordRefusal: return (Self.refusal(.badRequest, refusal.message), nil)
        case let busy as MixpanelBusy:
            return (
                refusal(.tooManyRequests, busy.message, wait: busy.retryAfterSeconds), nil
            )
        case let error as ProviderError:
            request.logger.notice(
                "Mixpanel did not do it",
                metadata: ["mixpanel.status": .string(error.status.map(String.init) ?? "none")])
            return (describe(error), error.said)
        default:
            return (Problem.describe(error), nil)
        }
    }

    /// Their 401 is not ours: who calls us is known, and Mixpanel does not take the credential of
    /// the instance.
    private static func describe(_ error: ProviderError) -> Problem.Description {
        switch error.reason {
        case .credentials, .expired, .forbidden, .plan: refusal(.forbidden, error.message)
        case .notFound: refusal(.notFound, error.message)
        case .refused: refusal(.badRequest, error.message)
        case .rateLimited:
            refusal(
                .tooManyRequests, error.message,
                wait: error.retryAfter.map { Int(clamping: max(1, $0.components.seconds)) } ?? 60)
        case .wrongRegion, .server, .unreachable, .notMixpanel:
            refusal(.badGateway, error.message)
        }
    }

    private static func refusal(
        _ status: Status, _ message: String, wait: Int? = nil
    ) -> Problem.Description {
        Problem.Description(
            status: status, code: "element", message: message,
            headers: wait.map { [("Retry-After", String($0))] } ?? [])
    }
}
