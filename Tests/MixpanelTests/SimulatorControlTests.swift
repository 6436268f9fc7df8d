import Audiences
import JSON
import Synchronization
import Testing

@testable import Mixpanel

/// What people and tests can tell the simulated Mixpanel, and what it tells them.
@Suite struct SimulatorControlTests {
    @Test func peopleEnterLeaveAndComeBack() throws {
        let house = try SimulatedHouse(members: 4)
        let before = try members(house)
        try house.obey(
            #"[{"do":"leave","cohort":"21","count":1},{"do":"enter","cohort":"21","count":2}]"#)
        let after = try members(house)
        #expect(after.count == 5 && after.prefix(3) == before.suffix(3))
        try house.obey(#"{"do":"enter","cohort":"21","people":["\#(before[0])"]}"#)
        #expect(try members(house) == after + [before[0]])
        try house.obey(#"{"do":"enter","cohort":"21","people":["\#(before[0])"]}"#)
        #expect(try members(house) == after + [before[0]], "who is there stays once")
        try house.obey(#"{"do":"leave","cohort":"21","people":["\#(after[0])","\#(before[0])"]}"#)
        #expect(try members(house) == Array(after.dropFirst()))
    }

    @Test func aSyncIsPlayedAndRemembered() throws {
        let house = try SimulatedHouse(members: 4)
        try house.obey(
            #"{"do":"add_destination","url":"http://h/w","username":"u","secret":"s3cr3t"}"#)
        let ids = try house.obey(#"{"do":"sync"}"#)
        #expect(ids == [SimulatedSyncID(destination: "1", cohort: "21")])
        let posts = play(ids[0], in: house) { _ in 200 }
        #expect(posts.map(\.action) == [.members])
        #expect(posts[0].url == "http://h/w" && posts[0].authorization == "Basic dTpzM2NyM3Q=")
        let page = try read(posts[0].body)
        #expect(page.ids == (try members(house)))
        let state = try state(house)
        let delivery = try #require(state["deliveries"]?.array?.first?.object)
        #expect(delivery["members"]?.int == 4 && delivery["status"]?.int == 200)
        #expect(delivery["verdict"]?.string == "accepted")
        #expect(try sync(house)["state"]?.string == "succeeded")
        let text = house.mixpanel.withLock { String(decoding: $0.state(), as: UTF8.self) }
        #expect(!text.contains("s3cr3t") && !text.contains("Sup3r"))
    }

    @Test func whoHasNoProfileIsNotSent() throws {
        let house = try SimulatedHouse(members: 4)
        try house.obey(
            """
            [{"do":"no_profile","cohort":"21","count":3},{"do":"add_destination","url":"http://h"}]
            """)
        let id = SimulatedSyncID(destination: "1", cohort: "21")
        let posts = play(id, in: house) { _ in 200 }
        #expect(try read(posts[0].body).members.count == 1)
        #expect(posts[0].authorization == nil)
        let state = try state(house)
        let cohort = try #require(state["cohorts"]?.array?.first?.object)
        #expect(cohort["without_profile"]?.array?.count == 3)
    }

    @Test func aPauseIsResumedByHandWithANewSecret() throws {
        let house = try SimulatedHouse(members: 4)
        try house.obey(#"{"do":"add_destination","url":"http://h","username":"u"}"#)
        let id = SimulatedSyncID(destination: "1", cohort: "21")
        #expect(play(id, in: house) { _ in 401 }.count == 1)
        #expect(try sync(house)["state"]?.string == "paused")
        #expect(try sync(house)["reason"]?.string == "status 401")
        #expect(play(id, in: house) { _ in 200 }.isEmpty)
        try house.obey(
            """
            [{"do":"destination","destination":"1","secret":"new","url":"http://i","username":"v"},
            {"do":"resume","destination":"1","cohort":"21"}]
            """)
        let due = house.mixpanel.withLock { $0.dueSyncs(at: Timestamp(milliseconds: 0)) }
        #expect(due == [id])
        let posts = play(id, in: house) { _ in 200 }
        #expect(posts.map(\.url) == ["http://i"])
        #expect(posts[0].authorization == "Basic djpuZXc=")
    }

    @Test func timePassesOnCommand() throws {
        let house = try SimulatedHouse()
        try house.obey(#"{"do":"add_destination","url":"http://h"}"#)
        let id = SimulatedSyncID(destination: "1", cohort: "21")
        #expect(play(id, in: house) { _ in 200 }.map(\.action) == [.members])
        #expect(play(id, in: house) { _ in 200 }.map(\.action) == [.addMembers, .removeMembers])
        try house.obey(#"{"do":"advance","seconds":259200}"#)
        #expect(play(id, in: house) { _ in 200 }.map(\.action) == [.members])
    }

    @Test func syncsRunOnlyOnCommandWithoutACycle() throws {
        let house = try SimulatedHouse()
        house.mixpanel.withLock { $0.settings.cycle = nil }
        try house.obey(#"{"do":"add_destination","url":"http://h"}"#)
        #expect(house.mixpanel.withLock { $0.dueSyncs(at: Timestamp(milliseconds: 0)) }.isEmpty)
    }

    @Test func deliveriesHaveALimit() throws {
        let house = try SimulatedHouse(members: SimulatorLimits.deliveriesMax + 1)
        house.mixpanel.withLock { $0.settings.pageSize = 1 }
        try house.obey(#"{"do":"add_destination","url":"http://h"}"#)
        let id = SimulatedSyncID(destination: "1", cohort: "21")
        #expect(play(id, in: house) { _ in 200 }.count == SimulatorLimits.deliveriesMax + 1)
        let deliveries = house.mixpanel.withLock { $0.deliveries }
        #expect(deliveries.count == SimulatorLimits.deliveriesMax)
        #expect(deliveries.first?.number == 2)
    }

    @Test func engageSessionsHaveALimit() async throws {
        let house = try SimulatedHouse(members: 1001)
        let first = try await house.api.engage(house.query(), house.credential)
        guard case .page(let next) = first.next else { throw CancellationError() }
        try house.obey(#"{"do":"quota","per_hour":1000}"#)
        for _ in 1..<SimulatorLimits.engageSessionsMax {
            _ = try await house.api.engage(house.query(), house.credential)
        }
        #expect(try await house.api.engage(next, house.credential).members.count == 1)
        _ = try await house.api.engage(house.query(), house.credential)
        let credential = house.credential
        await #expect(throws: MixpanelError.self) {
            try await house.api.engage(next, credential)
        }
    }

    @Test(arguments: [
        "", "{", "7", "{}", #"{"do":7}"#, #"{"do":"dance"}"#, #"{"do":"account","x":1}"#,
        #"{"do":"sync"}"#, #"{"do":"resume","cohort":"99"}"#, #"{"do":"enter","cohort":"21"}"#,
        #"{"do":"enter","cohort":"99","count":1}"#, #"{"do":"enter","cohort":"21","count":-1}"#,
        #"{"do":"enter","cohort":"21","count":1,"people":[]}"#,
        #"{"do":"enter","cohort":"21","count":10000001}"#,
        #"{"do":"enter","cohort":"21","people":["nobody"]}"#,
        #"{"do":"leave","cohort":"21","people":[7]}"#, #"{"do":"leave","cohort":"21","count":11}"#,
        #"{"do":"no_profile","cohort":"21","count":11}"#,
        #"{"do":"no_profile","cohort":"21","people":[]}"#,
        #"{"do":"fault","kind":"flood"}"#, #"{"do":"clear_faults","call":"me"}"#,
        #"{"do":"fault","kind":"slow","delay_ms":600001}"#,
        #"{"do":"fault","kind":"slow","call":"you"}"#, #"{"do":"fault","kind":"slow","times":0}"#,
        #"{"do":"fault","kind":"slow","region":"fr"}"#, #"{"do":"project","project":"8"}"#,
        #"{"do":"add_project","project":"7"}"#, #"{"do":"add_project"}"#,
        #"{"do":"add_cohort","project":"7","cohort":"21"}"#,
        #"{"do":"add_cohort","project":"8","cohort":"22"}"#,
        #"{"do":"add_destination","url":"ftp://h"}"#,
        #"{"do":"add_destination","url":"http://h","cohorts":["99"]}"#,
        #"{"do":"destination","destination":"1"}"#, #"{"do":"account","expired":1}"#,
        #"{"do":"advance","seconds":-1}"#, #"{"do":"quota","at_once":"5"}"#,
    ])
    func whatIsNotUnderstoodIsRefused(command: String) throws {
        let house = try SimulatedHouse()
        let before = house.mixpanel.withLock { $0.state() }
        #expect(throws: SimulatorRefusal.self) { try house.obey(command) }
        #expect(house.mixpanel.withLock { $0.state() } == before)
    }

    @Test func theWorldGrowsByCommand() throws {
        let house = try SimulatedHouse()
        try house.obey(
            """
            [{"do":"add_project","project":"8","region":"in","name":"Second"},
            {"do":"add_cohort","project":"8","cohort":"22","count":3},{"do":"clear_faults"}]
            """)
        let state = try state(house)
        #expect(state["projects"]?.array?.count == 2)
        #expect(state["cohorts"]?.array?.last?.object?["members"]?.array?.count == 3)
    }

    @Test(arguments: [(0, true), (1, false)])
    func thingsHaveALimit(extra: Int, fits: Bool) throws {
        let house = try SimulatedHouse()
        let commands = Array(
            repeating: #"{"do":"fault","kind":"slow"}"#, count: SimulatorLimits.thingsMax + extra)
        let list = "[\(commands.joined(separator: ","))]"
        if fits {
            try house.obey(list)
        } else {
            #expect(throws: SimulatorRefusal.self) { try house.obey(list) }
        }
    }

    /// Plays a run, answering each page with a status.
    private func play(
        _ id: SimulatedSyncID, in house: SimulatedHouse, answering status: (SimulatedPost) -> Int
    ) -> [SimulatedPost] {
        let now = Timestamp(milliseconds: 0)
        var posts: [SimulatedPost] = []
        var step = house.mixpanel.withLock { $0.start(id, at: now) }
        while let current = step {
            switch current {
            case .post(let post):
                posts.append(post)
                let body = #"{"action":"\#(post.action.rawValue)","status":"success"}"#
                let answer = status(post)
                step = house.mixpanel.withLock {
                    $0.answered(id, status: answer, body: Array(body.utf8), at: now)
                }
            case .wait: step = house.mixpanel.withLock { $0.waited(id) }
            case .rest: step = nil
            }
        }
        return posts
    }

    private func state(_ house: SimulatedHouse) throws -> JSONObject {
        let bytes = house.mixpanel.withLock { $0.state() }
        return try #require(try JSONValue(parsing: bytes).object)
    }

    private func sync(_ house: SimulatedHouse) throws -> JSONObject {
        let state = try state(house)
        let destination = try #require(state["destinations"]?.array?.first?.object)
        return try #require(destination["syncs"]?.array?.first?.object)
    }

    private func members(_ house: SimulatedHouse) throws -> [String] {
        let state = try state(house)
        let cohort = try #require(state["cohorts"]?.array?.first?.object)
        return (cohort["members"]?.array ?? []).compactMap { $0.string }
    }
}
