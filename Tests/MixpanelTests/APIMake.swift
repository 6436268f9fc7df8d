import Audiences
import Synchronization
import Testing

@testable import Mixpanel

/// A Mixpanel that says what it is told to, by region, and remembers what it was asked.
final class ScriptedMixpanel: Sendable {
    typealias Answer = Result<MixpanelResponse, MixpanelUnreachable>

    private let answers: Mutex<[String: [Answer]]>
    private let asked = Mutex<[MixpanelRequest]>([])

    /// Each region's answers in turn; the last one again and again.
    init(us: [Answer] = [], eu: [Answer] = [], india: [Answer] = []) {
        answers = Mutex(["us": us, "eu": eu, "in": india])
    }

    var requests: [MixpanelRequest] { asked.withLock { $0 } }
    var urls: [String] { requests.map(\.url) }

    var api: MixpanelAPI {
        MixpanelAPI(
            exchange: { [self] request throws(MixpanelUnreachable) in
                asked.withLock { $0.append(request) }
                let region = request.url.split(separator: "/").dropFirst().first.map(String.init)
                let answer = answers.withLock { answers in
                    guard let region, let next = answers[region]?.first else { return Answer?.none }
                    if answers[region, default: []].count > 1 { answers[region]?.removeFirst() }
                    return next
                }
                return try (answer ?? .failure(.connectionRefused)).get()
            }, hosts: MixpanelHosts(simulatedAt: "http:/"), now: { Timestamp(milliseconds: 0) })
    }
}

extension Result<MixpanelResponse, MixpanelUnreachable> {
    static func status(
        _ status: Int, _ body: String = "", _ headers: [(name: String, value: String)] = []
    ) -> Self {
        .success(
            MixpanelResponse(status: status, headers: headers, body: Array(body.utf8)))
    }

    static let unauthorized = status(401, #"{"status":"error","error":"Unauthorized"}"#)
    static let forbidden = status(403, #"{"status":"error","error":"Forbidden"}"#)
    static let page = status(
        200, "<!doctype html><title>Welcome</title>", [("Content-Type", "text/html")])
    static let redirect = status(302, "", [("Location", "https://login.example/")])

    /// A `/me` with these `projects`, written in JSON.
    static func me(_ projects: String) -> Self {
        status(200, #"{"status":"ok","results":{"user_id":42,"projects":\#(projects)}}"#)
    }

    static let oneProject = me(#"{"3713224":{"name":"Prod","domain":"eu.mixpanel.com"}}"#)
}

extension ServiceCredential {
    static func made(_ secret: String = "Sup3r-Secret") throws -> ServiceCredential {
        try #require(
            ServiceCredential(
                username: "sync.1a2b3c.mp-service-account", secret: Array(secret.utf8)))
    }
}

func id(_ text: String) throws -> ExternalID {
    try #require(ExternalID(text))
}
