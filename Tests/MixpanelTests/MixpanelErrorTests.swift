import Audiences
import Testing

@testable import Mixpanel

/// Rows 70 and 71 of the references' test table, and the classes of section 5.6.
@Suite struct MixpanelErrorTests {
    typealias Answer = ScriptedMixpanel.Answer

    static let cases: [(Answer, MixpanelError.Reason)] = [
        (.status(401, #"{"code":401,"error":"Invalid credentials"}"#), .credentials),
        (.status(401, "<html>"), .credentials),
        (.status(401, #"{"error":"Service account has EXPIRED"}"#), .expired),
        (.status(403, #"{"error":"expired"}"#), .expired),
        (.status(400, "Unable to authenticate request"), .credentials),
        (.status(400, #"{"error":"Unable to authenticate request"}"#), .credentials),
        (
            .status(
                400,
                #"{"request":"/api/query/cohorts/list?project_id=7","error":"#
                    + #""request failed with error: invalid project id for cluster"}"#),
            .wrongRegion(other: nil)
        ),
        (.status(400, "project_cluster: mixpanel-prod-eu"), .wrongRegion(other: .eu)),
        (.status(400, "project_cluster: mixpanel-prod-in-1"), .wrongRegion(other: .india)),
        (.status(400, "project_cluster: mixpanel-prod-1"), .wrongRegion(other: .us)),
        (.status(400, #"{"error":"page must be a number"}"#), .refused(status: 400)),
        (
            .status(400, #"{"request":"unable to authenticate","error":"other"}"#),
            .refused(status: 400)
        ),
        (.status(402, #"{"error":"upgrade"}"#), .plan),
        (.forbidden, .forbidden), (.status(404, "{}"), .notFound),
        (.status(403, "<html>blocked</html>"), .notMixpanel(.webPage)),
        (.status(404, "", [("content-TYPE", "text/HTML")]), .notMixpanel(.webPage)),
        (.status(407), .notMixpanel(.webPage)), (.redirect, .notMixpanel(.redirect)),
        (.status(500, "<html>"), .server(status: 500)), (.status(503), .server(status: 503)),
        (.status(418, "{}"), .refused(status: 418)), (.status(204), .notMixpanel(.otherText)),
        (.page, .notMixpanel(.webPage)), (.status(200, " \n<html>"), .notMixpanel(.webPage)),
        (.status(200, #"{"error":"?"}"#), .notMixpanel(.otherText)),
        (.failure(.tlsFailed), .unreachable(.tlsFailed)),
        (.status(429), .rateLimited(retryAfter: nil)),
        (.status(429, "", [("Retry-After", "90")]), .rateLimited(retryAfter: .seconds(90))),
    ]

    @Test(arguments: cases)
    func aRefusalIsClassified(answer: Answer, reason: MixpanelError.Reason) async throws {
        let mixpanel = ScriptedMixpanel(eu: [answer])
        let credential = try ServiceCredential.made()
        let error = await #expect(throws: MixpanelError.self) {
            try await mixpanel.api.cohorts(of: id("7"), in: .eu, credential)
        }
        #expect(error == MixpanelError(reason, in: .eu))
    }

    @Test func everyReasonHasOneSentenceWithoutTheAnswersText() {
        let errors = Self.cases.map { MixpanelError($0.1, in: .eu) }
        for error in errors {
            #expect(error.message.hasSuffix(".") && !error.message.contains("/api/"))
        }
        #expect(Set(errors.map(\.message)).count == Set(errors.map(\.reason)).count)
        #expect(
            MixpanelError(.wrongRegion(other: .india), in: .eu).message.contains("switch to India"))
    }

    @Test func onlyTroubleThatPassesIsWorthARetry() {
        let passing: [MixpanelError.Reason] = [
            .rateLimited(retryAfter: nil), .server(status: 500), .unreachable(.timedOut),
        ]
        for (_, reason) in Self.cases {
            let isPassing = MixpanelError(reason, in: .us).isPassing
            switch reason {
            case .rateLimited, .server, .unreachable: #expect(isPassing)
            default: #expect(!isPassing && !passing.contains(reason))
            }
        }
    }

    @Test(arguments: [
        ("0", 0), ("120", 120), ("86400", 86400), ("86401", 86400),
        ("99999999999999999999999", 86400), ("Thu, 01 Jan 1970 00:00:30 GMT", 30),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 86400), ("Wed, 31 Dec 1969 23:59:59 GMT", nil),
        ("Sun, 31 Feb 1994 08:49:37 GMT", nil), ("soon", nil), ("", nil), ("-5", nil), ("+5", nil),
        ("Sun, 06 Nov 1994 08:49:37 CET", nil), ("１２", nil),
    ])
    func aRetryAfterIsSecondsOrADate(field: String, seconds: Int?) {
        let wait = RetryAfter.read(field, at: Timestamp(milliseconds: 0))
        #expect(wait == seconds.map { .seconds($0) })
    }

    @Test func aDateThatHasPassedIsNoWait() {
        let later = Timestamp(milliseconds: 60_001)
        #expect(RetryAfter.read("Thu, 01 Jan 1970 00:00:30 GMT", at: later) == .zero)
        #expect(RetryAfter.read("Thu, 01 Jan 1970 00:01:01 GMT", at: later) == .seconds(1))
        #expect(RetryAfter.read(nil, at: later) == nil)
    }
}
