import Mixpanel
import Testing

@Suite struct CohortSyncReplyTests {
    private func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self)
    }

    @Test func successEchoesTheAction() throws {
        #expect(
            text(CohortSyncReply.success(action: "add_members"))
                == #"{"action":"add_members","status":"success"}"#)
    }

    @Test func failureCarriesTheMessageAndTheStatus() {
        let reply = CohortSyncReply.failure(
            action: "members", message: "parameters is missing.", code: 400)
        #expect(
            text(reply) == """
                {"action":"members","status":"failure",\
                "error":{"message":"parameters is missing.","code":400}}
                """)
    }

    @Test func anUnknownActionIsNullAndATextIsEscaped() {
        #expect(
            text(CohortSyncReply.failure(action: nil, message: "No.", code: 401)) == """
                {"action":null,"status":"failure","error":{"message":"No.","code":401}}
                """)
        #expect(
            text(CohortSyncReply.failure(action: "<b>\"\u{0}", message: "No.", code: 400))
                .hasPrefix(
                    #"{"action":"\u003cb\u003e\"\u0000","status":"failure""#))
    }
}
