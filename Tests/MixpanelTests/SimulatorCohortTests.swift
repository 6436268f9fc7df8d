import Audiences
import Foundation
import Testing

@testable import Mixpanel

@Suite struct SimulatorCohortTests {
    @Test func theSameSeedSendsTheSameBytes() {
        let first = allBodies(SimulatedCohort(.small(seed: 7)))
        #expect(first == allBodies(SimulatedCohort(.small(seed: 7))))
        #expect(Set(first).isDisjoint(with: allBodies(SimulatedCohort(.small(seed: 8)))))
    }

    @Test func anotherSeedInventsOtherPeople() {
        let first = SimulatedCohort(.small(seed: 7)).expectedMembers()
        let second = SimulatedCohort(.small(seed: 8)).expectedMembers()
        #expect(Set(first.map(\.distinctID)).isDisjoint(with: second.map(\.distinctID)))
        #expect(Set(first.map(\.matchID)).isDisjoint(with: second.map(\.matchID)))
    }

    @Test func aFullSyncOfAnotherShapeIsAnotherSession() {
        var larger = SimulationPlan.small()
        larger.memberCount += 1
        var otherPages = SimulationPlan.small()
        otherPages.pageSize += 1
        let sessions = [.small(), larger, otherPages].map {
            SimulatedCohort($0).exports[0].sessionID
        }
        #expect(Set(sessions).count == 3)
    }

    @Test func aFullSyncIsFollowedByPairsOfEnteringAndLeaving() {
        let exports = SimulatedCohort(.small()).exports
        let pair = [SyncAction.addMembers, .removeMembers]
        #expect(exports.map(\.action) == [.members] + pair + pair + pair)
        #expect(exports.map(\.people.count) == [25, 5, 5, 5, 5, 0, 0])
        // A sync has one session.
        #expect(Set(exports.map(\.sessionID)).count == 4)
        #expect(exports[1].sessionID == exports[2].sessionID)
    }

    @Test func nobodyEntersWhoIsThereOrLeavesWhoIsNot() {
        var plan = SimulationPlan.small()
        plan.diffCount = 50
        var present: Set<UInt32> = []
        var seen: Set<UInt32> = []
        var returns = 0
        for export in SimulatedCohort(plan).exports {
            let people = Set(export.people)
            #expect(people.count == export.people.count)
            if export.action == .removeMembers {
                #expect(people.isSubset(of: present))
                present.subtract(people)
            } else {
                #expect(people.isDisjoint(with: present))
                returns += people.intersection(seen).count
                present.formUnion(people)
            }
            seen.formUnion(people)
        }
        #expect(returns > 0, "some come back")
    }

    @Test(arguments: Delivery.Order.allCases, [nil, 2])
    func whoIsExpectedIsWhoAReceiverOfThePagesHolds(
        order: Delivery.Order, missingPage: Int?
    ) throws {
        for seed in 0..<20 as Range<UInt64> {
            var plan = SimulationPlan.small(seed: seed)
            plan.diffCount = 12
            plan.missingPage = missingPage
            let cohort = SimulatedCohort(plan)
            let held = try replay(cohort, Delivery(order: order, repeatShare: 0.3))
            let expected = cohort.expectedMembers()
            #expect(cohort.expectedMemberCount == expected.count)
            #expect(expected.map(\.line) == held.sorted { $0.key < $1.key }.map(line))
        }
    }

    @Test func whoHasAReferenceIsMatchedByIt() throws {
        let members = SimulatedCohort(.small()).expectedMembers()
        #expect(members.contains { $0.referenceID == nil })
        #expect(members.allSatisfy { $0.matchID == $0.referenceID ?? $0.distinctID })
        #expect(members.contains { $0.matchID == $0.referenceID })
    }

    private func allBodies(_ cohort: SimulatedCohort) -> [[UInt8]] {
        let name = SimulatedCohortName(projectID: "1", cohortID: "2", name: "n")
        return cohort.exports.flatMap { export in
            (1...export.pageCount).map { cohort.body(ofPage: $0, of: export, as: name) }
        }
    }

    /// Takes the pages as a receiver must, knowing nothing but their bytes.
    private func replay(
        _ cohort: SimulatedCohort, _ delivery: Delivery
    ) throws -> [String: String?] {
        let name = SimulatedCohortName(projectID: "1", cohortID: "2", name: "n")
        var held: [String: String?] = [:]
        for export in cohort.exports {
            var staged: [Int: [String: String?]] = [:]
            for number in delivery.pages(of: export, seed: cohort.plan.seed) {
                let body = Data(cohort.body(ofPage: number, of: export, as: name))
                let page = try JSONDecoder().decode(Page.self, from: body)
                let people = page.parameters.members.map {
                    ($0.mixpanel_distinct_id, $0.reference_id)
                }
                switch page.action {
                case "members":
                    staged[page.parameters.page_info.page_count] = [:].merging(people) { $1 }
                    guard staged.count == page.parameters.page_info.total_pages else { continue }
                    held = staged.values.reduce(into: [:]) { $0.merge($1) { $1 } }
                case "add_members": held.merge(people) { $1 }
                case "remove_members": for person in people { held[person.0] = nil }
                default: Issue.record("\(page.action)")
                }
            }
        }
        return held
    }

    private func line(_ person: (key: String, value: String?)) -> [UInt8] {
        let reference = person.value.map { "\"\($0)\"" } ?? "null"
        let line = "{\"mixpanel_distinct_id\":\"\(person.key)\",\"reference_id\":\(reference)}\n"
        return Array(line.utf8)
    }

    private struct Page: Decodable {
        let action: String
        let parameters: Parameters
        struct Parameters: Decodable {
            let page_info: PageInfo
            let members: [Member]
        }
        struct PageInfo: Decodable {
            let total_pages: Int
            let page_count: Int
        }
        struct Member: Decodable {
            let mixpanel_distinct_id: String
            let reference_id: String?
        }
    }
}
