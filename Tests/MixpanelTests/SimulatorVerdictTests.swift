import Audiences
import Testing

@testable import Mixpanel

@Suite struct SimulatorVerdictTests {
    @Test(arguments: [200, 201, 299])
    func aSuccessInMixpanelsWordsIsAccepted(status: Int) {
        let body = #"{"action":"add_members","status":"success"}"#
        #expect(Verdict(status: status, body: Array(body.utf8), to: .addMembers) == .accepted)
    }

    @Test(arguments: [
        ("", "without a JSON object"), ("OK", "without a JSON object"),
        ("[]", "without a JSON object"),
        (#"{"status":"success"}"#, "without the action of the request"),
        (#"{"action":"members","status":"success"}"#, "without the action of the request"),
        (#"{"action":"add_members"}"#, "without success"),
        (#"{"action":"add_members","status":"failure"}"#, "without success"),
    ])
    func anyOtherSuccessIsAMisunderstanding(body: String, why: String) {
        let verdict = Verdict(status: 200, body: Array(body.utf8), to: .addMembers)
        #expect(verdict == .misanswered(why: "status 200 \(why)"))
    }

    @Test(arguments: [429, 500, 502, 503, 504, 599])
    func overloadAndServerErrorsAreRetried(status: Int) {
        #expect(Verdict(status: status, body: [], to: .members) == .retry(why: "status \(status)"))
    }

    @Test(arguments: [400, 401, 403, 404, 405, 413, 428, 430, 499])
    func everyOtherRefusalPausesTheSync(status: Int) {
        let verdict = Verdict(status: status, body: [], to: .members)
        #expect(verdict == .paused(status: status, message: nil))
    }

    @Test(arguments: [100, 301, 302, 304, 399, 600])
    func aStatusWithoutMeaningIsAMisunderstanding(status: Int) {
        let verdict = Verdict(status: status, body: [], to: .members)
        #expect(verdict == .misanswered(why: "status \(status)"))
    }

    @Test func theMessageOfARefusalIsKeptButCannotDrawOnTheTerminal() {
        let body = #"{"error":{"message":"wrong\u001b[31m secret\n\u202e","code":401}}"#
        let verdict = Verdict(status: 401, body: Array(body.utf8), to: .members)
        #expect(verdict == .paused(status: 401, message: "wrong [31m secret  "))
    }

    @Test(arguments: [Verdict.messageScalarsMax, Verdict.messageScalarsMax + 1])
    func aMessageIsCutAtItsLimit(length: Int) {
        let text = String(repeating: "é", count: length)
        let body = Array(#"{"error":{"message":"\#(text)"}}"#.utf8)
        let kept = String(text.prefix(Verdict.messageScalarsMax))
        #expect(
            Verdict(status: 400, body: body, to: .members) == .paused(status: 400, message: kept))
    }
}
