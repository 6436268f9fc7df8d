import Audiences
import Testing

@testable import Mixpanel

/// Row 68 of the references' test table: everything may be missing, or of another kind.
@Suite struct MeAnswerTests {
    @Test func aFullAnswerIsRead() throws {
        let account = try account(
            """
            {"status":"ok","results":{"user_id":42,"user_email":"mona@example.com",
            "organizations":{"100":{"id":100,"name":"Acme","role":"admin","permissions":["a"]}},
            "projects":{"3713224":{"name":"Prod","organization_id":100,"domain":"eu.mixpanel.com",
            "timezone":"Europe/Berlin","type":"PROJECT","has_workspaces":true,"role":"analyst",
            "permissions":["view_base_reports"]}},
            "workspaces":{"3448413":{"id":3448413,"project_id":3713224,"is_default":true}}}}
            """)
        #expect(
            account.projects == [
                FoundProject(
                    id: try id("3713224"), name: "Prod", organization: "Acme", region: .eu,
                    role: "analyst", permissions: ["view_base_reports"])
            ])
    }

    @Test(arguments: [
        #"{"1":{"type":1}}"#, #"{"1":{"type":1,"new":{"a":[1]},"name":"P"}}"#,
        #"{"1":{"name":7,"role":[],"permissions":"all","organization_id":{},"domain":false}}"#,
        #"{"1":{"permissions":[1,null,{}]},"2":"no project","3":null}"#,
        #"{"1":{"name":"a"},"1":{"name":"b"}}"#, #"{"1":{},"":{}}"#,
    ])
    func oddFieldsAreAsGoodAsMissing(projects: String) throws {
        let account = try account(#"{"results":{"projects":\#(projects)}}"#)
        #expect(account.projects.map(\.id.text) == ["1"])
        #expect(account.projects.map(\.region) == [.us])
    }

    @Test(arguments: [
        #"{"results":{}}"#, #"{"results":{"projects":{}}}"#, #"{"results":{"projects":[]}}"#,
        #"{"results":{"projects":null,"workspaces":7}}"#,
    ])
    func noProjectsAreNoError(body: String) throws {
        #expect(try account(body).projects.isEmpty)
    }

    @Test(arguments: [
        "", "<html>", "null", "[]", "{}", #"{"results":[]}"#, #"{"results":{"projects":{}}"#,
        #"{"status":"ok","results":null}"#, #"{"results":{}} x"#,
    ])
    func somethingElseIsNoAnswer(body: String) {
        #expect(MeAnswer(Array(body.utf8)) == nil)
    }

    @Test(arguments: [(0, false), (1, true)])
    func projectsHaveALimit(extra: Int, isCut: Bool) throws {
        let count = MixpanelLimits.projectsMax + extra
        let projects = (1...count).map { "\"\($0)\":{}" }.joined(separator: ",")
        let account = try account("{\"results\":{\"projects\":{\(projects)}}}")
        #expect(account.projects.count == MixpanelLimits.projectsMax)
        #expect(account.isCut == isCut)
    }

    @Test(arguments: [(0, false), (1, true)])
    func permissionsHaveALimit(extra: Int, isCut: Bool) throws {
        let count = MixpanelLimits.permissionsMax + extra
        let list = Array(repeating: "\"p\"", count: count).joined(separator: ",")
        let account = try account(#"{"results":{"projects":{"1":{"permissions":[\#(list)]}}}}"#)
        #expect((account.projects[0].permissions.count < count) == isCut)
    }

    @Test(arguments: [(0, false), (1, true)])
    func textsHaveALimit(extra: Int, isCut: Bool) throws {
        let name = String(repeating: "x", count: MixpanelLimits.textBytesMax + extra)
        let account = try account(#"{"results":{"projects":{"1":{"name":"\#(name)"}}}}"#)
        #expect((account.projects[0].name.utf8.count < name.utf8.count) == isCut)
    }

    private func account(_ body: String) throws -> MixpanelAccount {
        try #require(MeAnswer(Array(body.utf8))).account(in: .us)
    }
}
