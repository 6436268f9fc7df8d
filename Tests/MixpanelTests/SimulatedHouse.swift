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

    /// 2026-11-22, before which nothing happens.
    static let now = Timestamp(milliseconds: 1_795_305_600_000)

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
                    $0.answer(to: SimulatedRequest(request), at: Self.now)
                }
                last.withLock { $0 = answer.body }
                return answer.response
            }, streaming: { [self] in try await stream($0, $1) },
            hosts: MixpanelHosts(simulatedAt: "http://mixpanel.test"), now: { Self.now })
    }

    private func stream(
        _ request: MixpanelRequest, _ take: MixpanelBodyTaker
    ) async throws -> MixpanelResponse {
        let answer = mixpanel.withLock { $0.answer(to: SimulatedRequest(request), at: Self.now) }
        guard answer.status == 200 else { return answer.response }
        var number = 0
        if answer.stream == nil { try await take(answer.body) }
        while let stream = answer.stream, let piece = stream.piece(number) {
            if number == stream.piecesLeft { throw MixpanelUnreachable.connectionLost }
            try await take(piece)
            number += 1
        }
        return MixpanelResponse(status: 200, headers: answer.headers)
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
