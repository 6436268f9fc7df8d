import Audiences
import Synchronization
import Testing

@testable import Mixpanel

/// A simulated Mixpanel with project 7 and cohort 21, and a client that asks it without a socket.
final class SimulatedHouse: Sendable {
    let mixpanel: Mutex<SimulatedMixpanel>
    let credential: ServiceCredential
    private let region: MixpanelRegion
    private let last = Mutex<[UInt8]>([])

    init(region: MixpanelRegion = .eu, members: Int = 10) throws {
        credential = try .made()
        self.region = region
        var world = SimulatedWorld(
            account: SimulatedAccount(username: credential.username, secret: credential.secret),
            seed: 7)
        world.projects = [SimulatedProject(id: "7", name: "Prod", region: region)]
        try world.addCohort(
            SimulatedCohortName(projectID: "7", cohortID: "21", name: "Power users"),
            count: members)
        mixpanel = Mutex(SimulatedMixpanel(world, seed: 7))
    }

    /// The body of the last answer.
    var lastBody: [UInt8] { last.withLock { $0 } }

    var api: MixpanelAPI {
        MixpanelAPI(
            exchange: { [self] request throws(MixpanelUnreachable) in
                let answer = mixpanel.withLock {
                    $0.answer(to: SimulatedRequest(request), at: Timestamp(milliseconds: 0))
                }
                last.withLock { $0 = answer.body }
                return answer.response
            }, hosts: MixpanelHosts(simulatedAt: "http://mixpanel.test"),
            now: { Timestamp(milliseconds: 0) })
    }

    @discardableResult
    func obey(_ command: String) throws -> [SimulatedSyncID] {
        try mixpanel.withLock { mixpanel throws(SimulatorRefusal) in
            try mixpanel.obey(Array(command.utf8))
        }
    }

    func query(includesAllUsers: Bool = false) throws -> EngageQuery {
        EngageQuery(
            project: try id("7"), region: region, cohort: try id("21"),
            includesAllUsers: includesAllUsers)
    }

    /// Everybody in the cohort, page by page.
    func engage(includesAllUsers: Bool) async throws -> [MemberRecord] {
        var members: [MemberRecord] = []
        var query = try query(includesAllUsers: includesAllUsers)
        while true {
            let page = try await api.engage(query, credential)
            members += page.members
            guard case .page(let next) = page.next else {
                #expect(page.next == .end)
                return members
            }
            query = next
        }
    }
}
