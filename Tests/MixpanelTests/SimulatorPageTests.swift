import Audiences
import Foundation
import Testing

@testable import Mixpanel

/// Pages are read with another reader than ours.
@Suite struct SimulatorPageTests {
    private let name = SimulatedCohortName(
        projectID: "31415", cohortID: "27182", name: "Zoë's \"test\" cohort")

    @Test func aPageHasTheShapeOfMixpanelsDocumentation() throws {
        let cohort = SimulatedCohort(.small())
        let page = try page(2, of: 0, cohort)
        #expect(Set(page.keys) == ["action", "parameters"])
        #expect(page["action"] as? String == "members")
        let parameters = try #require(page["parameters"] as? [String: Any])
        #expect(
            Set(parameters.keys) == [
                "mixpanel_project_id", "mixpanel_cohort_name", "mixpanel_cohort_id",
                "mixpanel_cohort_description", "mixpanel_session_id", "page_info", "members",
            ])
        #expect(parameters["mixpanel_project_id"] as? String == "31415")
        #expect(parameters["mixpanel_cohort_id"] as? String == "27182")
        #expect(parameters["mixpanel_cohort_name"] as? String == "Zoë's \"test\" cohort")
        let session = try #require(parameters["mixpanel_session_id"] as? String)
        #expect(UUID(uuidString: session) != nil)
        #expect(parameters["page_info"] as? [String: Int] == ["total_pages": 3, "page_count": 2])
        #expect((parameters["members"] as? [Any])?.count == 10)
    }

    @Test func theLastPageHoldsTheRest() throws {
        let members = try members(3, of: 0, SimulatedCohort(.small()))
        #expect(members.count == 5)
    }

    @Test func anExportOfNobodyIsOnePageWithAnEmptyList() throws {
        let cohort = SimulatedCohort(.small())
        let last = cohort.exports.count - 1
        #expect(cohort.exports.suffix(2).map(\.action) == [.addMembers, .removeMembers])
        let page = try page(1, of: last, cohort)
        let parameters = try #require(page["parameters"] as? [String: Any])
        #expect(page["action"] as? String == "remove_members")
        #expect(parameters["page_info"] as? [String: Int] == ["total_pages": 1, "page_count": 1])
        #expect((parameters["members"] as? [Any])?.isEmpty == true)
    }

    @Test func thePeopleCarryTheirPropertiesFlatAndAreNobodyReal() throws {
        var plan = SimulationPlan.small()
        plan.memberCount = 300
        plan.pageSize = 300
        let members = try members(1, of: 0, SimulatedCohort(plan))
        let distinctIDs = members.compactMap { $0["mixpanel_distinct_id"] as? String }
        #expect(Set(distinctIDs).count == 300)
        let emails = members.compactMap { $0["email"] as? String }
        #expect(Set(emails).count == emails.count)
        #expect(emails.allSatisfy { $0.hasSuffix("@example.com") })
        // A tenth has no login, and so neither name nor address.
        let devices = distinctIDs.count { $0.hasPrefix("$device:") }
        #expect((10...60).contains(devices))
        #expect(emails.count == 300 - devices)
        #expect(members.allSatisfy { ($0["email"] == nil) == ($0["first_name"] == nil) })
        #expect(members.contains { $0["is_trial"] as? Bool == true })
    }

    @Test(arguments: [(0.0, 0...0), (0.5, 100...200), (1.0, 300...300)])
    func onlyAShareOfThePeopleHasAReference(share: Double, expected: ClosedRange<Int>) throws {
        var plan = SimulationPlan.small()
        plan.memberCount = 300
        plan.pageSize = 300
        plan.referenceShare = share
        let members = try members(1, of: 0, SimulatedCohort(plan))
        let references = members.compactMap { $0["reference_id"] as? String }
        #expect(expected.contains(references.count))
        #expect(Set(references).count == references.count)
    }

    @Test(arguments: [0, -1, 4, Int.max, Int.min])
    func aPageThatIsNoneHasNobody(number: Int) {
        let cohort = SimulatedCohort(.small())
        #expect(cohort.exports[0].people(onPage: number).isEmpty)
    }

    private func page(
        _ number: Int, of export: Int, _ cohort: SimulatedCohort
    ) throws -> [String: Any] {
        let body = cohort.body(ofPage: number, of: cohort.exports[export], as: name)
        let page = try JSONSerialization.jsonObject(with: Data(body))
        return try #require(page as? [String: Any])
    }

    private func members(
        _ number: Int, of export: Int, _ cohort: SimulatedCohort
    ) throws -> [[String: Any]] {
        let parameters = try page(number, of: export, cohort)["parameters"] as? [String: Any]
        return try #require(parameters?["members"] as? [[String: Any]])
    }
}

extension SimulationPlan {
    /// 25 people in pages of 10, two diffs of 5, and one of nobody.
    static func small(seed: UInt64 = 7) -> SimulationPlan {
        var plan = SimulationPlan(seed: seed)
        plan.memberCount = 25
        plan.pageSize = 10
        plan.diffCount = 2
        plan.diffShare = 0.2
        return plan
    }
}
