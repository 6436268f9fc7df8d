import Audiences
import Mixpanel
import Testing

@Suite struct CohortSyncRefusalTests {
    @Test(arguments: [
        ("", "The body is not JSON: expected a value at byte 0."),
        ("{not json", "The body is not JSON: expected a key or \"}\" at byte 1."),
        ("[1]", "The body is not a JSON object."),
        (#""x""#, "The body is not a JSON object."),
        ("null", "The body is not a JSON object."),
        ("[1", "The body is not JSON: expected \",\" or \"]\" at byte 2."),
        ("{} {}", "The body is not JSON: expected nothing more at byte 3."),
        (#"users=%5B%5D"#, "The body is not JSON: expected a value at byte 0."),
        ("{}", "action is missing."),
        (#"{"action":null}"#, "action is not a text."),
        (#"{"action":7}"#, "action is not a text."),
        (#"{"action":{}}"#, "action is not a text."),
    ])
    func aCallWithoutAnActionIsRefusedWithoutAnEcho(body: String, message: String) {
        #expect(refused(body) == CohortSyncRefusal(message, action: nil))
    }

    @Test(arguments: ["MEMBERS", "toString", "delete", "members ", "", "constructor", "mémbers"])
    func anUnknownActionIsRefusedAndEchoed(action: String) {
        let body = #"{"action":"\#(action)","parameters":{"mixpanel_cohort_id":"1"}}"#
        #expect(
            refused(body)
                == CohortSyncRefusal(
                    "action is none of members, add_members and remove_members.", action: action))
    }

    @Test func onlyAShortActionThatIsTextIsEchoed() {
        let longest = String(repeating: "a", count: CohortSyncMessage.echoedActionBytesMax)
        #expect(refused(#"{"action":"\#(longest)"}"#)?.action == longest)
        #expect(refused(#"{"action":"\#(longest)a"}"#)?.action == nil)
        #expect(refused(#"{"action":"\ud800"}"#)?.action == nil)
        #expect(refused(#"{"action":"\ud800"}"#)?.message.hasPrefix("action is none of") == true)
    }

    @Test(arguments: [
        (#"{"action":"members"}"#, "parameters is missing."),
        (#"{"action":"members","parameters":null}"#, "parameters is not an object."),
        (#"{"parameters":[],"action":"members"}"#, "parameters is not an object."),
        (#"{"parameters":"x","action":"members"}"#, "parameters is not an object."),
        (#"{"action":"members","parameters":{}}"#, "parameters.mixpanel_cohort_id is missing."),
        (
            #"{"action":"members","parameters":{"mixpanel_cohort_id":null}}"#,
            "parameters.mixpanel_cohort_id is missing."
        ),
        (
            #"{"action":"members","parameters":{"mixpanel_cohort_id":""}}"#,
            "parameters.mixpanel_cohort_id is empty."
        ),
        (
            #"{"action":"members","parameters":{"mixpanel_cohort_id":{"id":1}}}"#,
            "parameters.mixpanel_cohort_id is neither a text nor a number."
        ),
        (
            #"{"action":"members","parameters":{"mixpanel_cohort_id":true}}"#,
            "parameters.mixpanel_cohort_id is neither a text nor a number."
        ),
        (
            #"{"action":"members","parameters":{"mixpanel_cohort_id":"a\u0000"}}"#,
            "parameters.mixpanel_cohort_id holds a NUL or half a surrogate pair."
        ),
        (
            #"{"action":"members","parameters":{"mixpanel_cohort_id":"\udc00"}}"#,
            "parameters.mixpanel_cohort_id holds a NUL or half a surrogate pair."
        ),
    ])
    func aCallThatCanNotBeAttributedIsRefusedAndItsActionEchoed(body: String, message: String) {
        #expect(refused(body) == CohortSyncRefusal(message, action: "members"))
    }

    @Test(arguments: ["{}", "7", #""x""#, "true"])
    func membersThatAreNoListAreRefusedWhereTheyAreUsed(members: String) {
        #expect(refused(call(members))?.message == "parameters.members is not an array.")
        let parameters = #""parameters":{"mixpanel_cohort_id":"1"}"#
        let outer = #"{"action":"members","members":\#(members),\#(parameters)}"#
        #expect(refused(outer)?.message == "members is not an array.")
        // Inside there is a list, so nobody looks outside.
        let both = #"{"action":"members","members":\#(members),\#(call().dropFirst(20))"#
        #expect(refused(both) == nil)
    }

    @Test(arguments: [
        (#""action":"add_members","#, "", "action"), (#""parameters":{},"#, "", "parameters"),
        (#""members":[],"members":[],"#, "", "members"),
        ("", #""members":[],"#, "parameters.members"),
        ("", #""members":null,"#, "parameters.members"),
        ("", #""mixpanel_cohort_id":null,"#, "parameters.mixpanel_cohort_id"),
        ("", #""mixpanel_cohort_\u0069d":"1","#, "parameters.mixpanel_cohort_id"),
        (
            "", #""mixpanel_project_id":1,"mixpanel_project_id":1,"#,
            "parameters.mixpanel_project_id"
        ),
        (
            "", #""mixpanel_session_id":1,"mixpanel_session_id":1,"#,
            "parameters.mixpanel_session_id"
        ),
        ("", #""page_info":{},"page_info":{},"#, "parameters.page_info"),
    ])
    func aFieldThatAppearsTwiceIsRefused(outer: String, inner: String, field: String) {
        let body = "{" + outer + call(parameters: inner).dropFirst()
        #expect(refused(body)?.message == "\(field) appears twice.")
    }

    @Test func aRepeatedNameOrUnknownFieldIsNoReasonToRefuse() throws {
        let page = try read(
            call(
                parameters: #""x":1,"x":2,"mixpanel_cohort_name":"a","mixpanel_cohort_name":"b","#))
        #expect(page.cohort.name == "b")
    }

    @Test func aRefusalHoldsNothingOfTheBody() throws {
        let whole = try String(decoding: fixture("observed"), as: UTF8.self)
        for broken in [
            String(whole.dropLast(3)), whole.replacing("u-1815\",", with: "u-1815\n\","),
            whole.replacing("\"members\":[", with: "\"members\":7,\"x\":["),
            whole.replacing("\"5540912\"", with: "[\"ada@mail.example\"]"),
        ] {
            let refusal = try #require(refused(broken))
            for secret in ["ada", "u-1815", "5540912", "3012457", "mail.example"] {
                #expect(!refusal.message.contains(secret))
            }
        }
    }
}
