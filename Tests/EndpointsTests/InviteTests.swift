import Audiences
import Foundation
import HTTPWire
import TestSupport
import Testing

/// Invites as operators see them.
@Suite struct InviteTests {
    @Test func anInviteTellsWhereItCameFromAndWhatBecameOfIt() async throws {
        let house = try await AppHouse(traits: ["email"])
        let study = try await house.study()
        let rule = try await house.audienceRule(of: study)
        let code = try #require(try await house.pending("ref-ana"))
        #expect(try await house.accept(code, "ref-ana").decision == "webview")
        let invite = try await house.operate(.get, "/invites/\(code)").object
        #expect(invite["status"] as? String == "started")
        #expect(invite["source"] as? String == "audience")
        #expect(invite["study_id"] as? String == study)
        #expect(invite["rule_id"] as? String == rule)
        #expect(invite["audience_id"] as? String == house.audience)
        #expect(invite["match_id"] as? String == "ref-ana")
        #expect(invite["mixpanel_distinct_id"] as? String == "ana")
        #expect(invite["started_at"] as? String == house.house.clock.now.rfc3339)
        let traits = invite["traits"] as? [String: Any]
        #expect(traits?["email"] as? String == "ana@example.com")
    }

    @Test func invitesAreListedByStudyRuleAndPerson() async throws {
        let house = try await AppHouse()
        let study = try await house.study()
        let rule = try await house.audienceRule(of: study)
        let ana = try #require(try await house.pending("ref-ana"))
        let bo = try #require(try await house.pending("ref-bo"))
        func codes(_ query: String) async throws -> Set<String> {
            Set(
                try await house.operate(.get, "/invites?" + query).data
                    .compactMap { $0["code"] as? String })
        }
        #expect(try await codes("study=\(study)") == [ana, bo])
        #expect(try await codes("rule=\(rule)&match_id=ref-bo") == [bo])
        #expect(try await codes("connection=\(house.connection)") == [ana, bo])
        #expect(try await codes("study=\(StudyID.make(9).text)").isEmpty)
        for query in ["study=x", "rule=x", "connection=x"] {
            try await house.operate(.get, "/invites?" + query, answers: 400)
        }
        for code in ["x", InviteCode.make(1).text] {
            try await house.operate(.get, "/invites/\(code)", answers: 404)
        }
    }

    @Test func invitesAreExportedInBothFormats() async throws {
        let house = try await AppHouse(traits: ["email"])
        _ = try await house.audienceRule(of: house.study())
        let code = try #require(try await house.pending("ref-ana"))
        let lines = try await house.operate(.get, "/invites/export")
        #expect(lines.response.header("Content-Type") == "application/x-ndjson")
        let shown = try await house.operate(.get, "/invites/\(code)")
        #expect(lines.text == shown.text + "\n")
        let table = try await house.operate(.get, "/invites/export?format=csv&match_id=ref-ana")
        let rows = table.text.split(separator: "\r\n").map(String.init)
        #expect(rows.count == 2)
        #expect(rows[0].hasPrefix("code,status,source,connection_id,study_id,rule_id,audience_id"))
        #expect(rows[1].hasPrefix("\(code),open,audience,\(house.connection),"))
        #expect(rows[1].hasSuffix(#""{""email"":""ana@example.com""}""#))
        #expect(rows[0].split(separator: ",").count == 15)
        let nobody = try await house.operate(.get, "/invites/export?format=csv&match_id=x")
        #expect(nobody.text.split(separator: "\r\n").count == 1)
        try await house.operate(.get, "/invites/export?format=xml", answers: 400)
    }
}
