import Audiences
import Foundation
import Mixpanel

/// As much of Mixpanel as connecting an account takes: who is who is told by the username.
enum MadeUpMixpanel {
    static let secret = "right-secret"

    static let exchange: MixpanelExchange = { request throws(MixpanelUnreachable) in
        let field = request.headers.first { $0.name == "Authorization" }?.value ?? ""
        let credential = Data(base64Encoded: field.dropFirst("Basic ".count).description)
        let pair = String(decoding: credential ?? Data(), as: UTF8.self).split(separator: ":")
        guard pair.count == 2 else { return MixpanelResponse(status: 400) }
        guard pair[0] != "nobody-home" else { throw .connectionRefused }
        guard pair[1] == secret else { return MixpanelResponse(status: 401) }
        let answer = request.url.contains("/me") ? me(String(pair[0])) : cohorts
        return MixpanelResponse(
            status: 200, headers: [("Content-Type", "application/json")],
            body: Array(answer.utf8))
    }

    private static func me(_ username: String) -> String {
        let second = #","3012458":{"name":"Shop (staging)","domain":"eu.mixpanel.com"}"#
        let others = username == "agency" ? second : ""
        return """
            {"status":"ok","results":{"projects":{"3012457":{"name":"Shop (production)",
            "domain":"mixpanel.com"}\(others)}}}
            """
    }

    private static let cohorts = """
        [{"id":5540912,"name":"Buyers","description":"Who bought","count":1204,"is_visible":1,
        "created":"2026-03-02 10:11:12","project_id":3012457},
        {"id":5540913,"name":"Others","count":7,"is_visible":0}]
        """
}

/// Every query may be sent.
struct GenerousQuota: QueryQuota {
    func permit(
        for project: MixpanelProject, at now: Timestamp
    ) async throws(Failure) -> QueryPermit { .granted(query: 1) }

    func finish(_ query: Int64, at now: Timestamp) async throws(Failure) {}

    func pause(_ project: MixpanelProject, until moment: Timestamp) async throws(Failure) {}
}
