import Foundation
import Testing

extension EndToEndTests {
    /// From a cohort to a start, and from there to every end: over HTTP, against the built program.
    @Suite struct LaunchLifeTests {
        private static let person = [
            "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document", "Sec-Fetch-Site: none",
        ]

        @Test func aLaunchLivesAWholeLife() async throws {
            try await living { life in
                let people = (1...5).map { "user-\($0)" }
                try await life.sync("members", people, session: "s-1")
                try await life.setUpApp()
                let rule = try await ruleForLeavers(life)
                try await launch(life, rule)
                try await dismiss(life, rule)
                try await leave(life, rule)
                try await openLinks(life)
                try await outliveAKill(life, rule)
                try await erase(life, rule)
                try await search(life, people)
            }
        }

        /// Returns the id of a rule that acts.
        private func ruleForLeavers(_ life: LaunchLife) async throws -> String {
            try await life.muster(
                "study", "create", "--name", "Interview of leavers", "--url",
                "https://research.example.com/s/1")
            let rule = try await life.muster(
                "rule", "create", "--name", "Ask the leavers", "--study", "Interview of leavers",
                "--audience", LaunchLife.cohortName, "--cooldown-hours", "24", "--title",
                "Five minutes?", "--active")
            #expect(try await life.open("user-1") == nil)
            #expect(try await life.reason(rule, for: "user-1") == "study_draft")
            try await life.muster("study", "activate", "Interview of leavers")
            #expect(try await life.reason(rule, for: "user-1") == nil)
            #expect(try await life.open("stranger") == nil)
            return rule
        }

        /// On two devices at once: one starts.
        private func launch(_ life: LaunchLife, _ rule: String) async throws {
            let code = try #require(try await life.open("user-1"))
            try await life.report("shown", of: code)
            let decisions = try await atOnce(["phone", "tablet"]) { device in
                let answer = try await life.accept(code, as: "user-1", attempt: device)
                return answer.reason ?? answer.decision
            }
            #expect(Set(decisions) == ["webview", "already_started"])
            #expect(try await life.started(rule) == 1)
            #expect(try await life.open("user-1") == nil)
            try await life.report("completed", of: code)
        }

        private func dismiss(_ life: LaunchLife, _ rule: String) async throws {
            let code = try #require(try await life.open("user-2"))
            #expect(try await life.open("user-2") == code)
            try await life.report("shown", of: code)
            try await life.report("dismissed", of: code)
            #expect(try await life.open("user-2") == nil)
            #expect(try await life.reason(rule, for: "user-2") == "cooling_down")
        }

        /// Mixpanel says that somebody is not in the cohort any more, while a prompt is on screen.
        private func leave(_ life: LaunchLife, _ rule: String) async throws {
            let code = try #require(try await life.open("user-3"))
            try await life.sync("remove_members", ["user-3"], session: "s-2")
            let late = try await life.accept(code, as: "user-3", attempt: "a-1")
            #expect(late == .init(decision: "not_eligible", reason: "not_eligible"))
            #expect(try await life.open("user-3") == nil)
            #expect(try await life.reason(rule, for: "user-3") == "not_a_member")
        }

        private func openLinks(_ life: LaunchLife) async throws {
            let code = try #require(try await life.open("user-4"))
            let scanned = try await life.openLink(code)
            #expect(scanned.status == 200 && scanned.text.contains("<form"))
            let opened = try await life.openLink(code, Self.person[0], Self.person[1])
            #expect(opened.status == 302)
            #expect(
                opened.headers["location"]
                    == "https://research.example.com/s/1?invite_code=\(code)")
            let invite = try await life.api("GET", "/invites/\(code)")
            #expect(try invite.object()["status"] as? String == "started")
        }

        /// What was answered as started is started.
        private func outliveAKill(_ life: LaunchLife, _ rule: String) async throws {
            let code = try #require(try await life.open("user-5"))
            let first = try await life.accept(code, as: "user-5", attempt: "a-1")
            #expect(first.decision == "webview")
            let before = try await life.started(rule)
            try await life.restart()
            let again = try await life.accept(code, as: "user-5", attempt: "a-1")
            #expect(again == first)
            #expect(try await life.started(rule) == before)
        }

        /// The person's invites go; that somebody started is still counted.
        private func erase(_ life: LaunchLife, _ rule: String) async throws {
            let before = try await life.started(rule)
            _ = try await life.api("DELETE", "/people?match_id=user-1")
            let invites = try await life.api("GET", "/invites?match_id=user-1")
            #expect((try invites.object()["data"] as? [Any])?.isEmpty == true)
            #expect(try await life.started(rule) == before)
        }

        /// Nothing that an app or a browser heard is of anybody, of an audience, or the operator's.
        private func search(_ life: LaunchLife, _ people: [String]) async throws {
            let hidden =
                await people + [
                    life.audience, LaunchLife.cohortName, "Interview of leavers", "Ask the leavers",
                    "mixpanel",
                ]
            let told = await life.told
            #expect(told.count > 15)
            for answer in told {
                let all = answer.text + answer.headers.values.joined(separator: "\n")
                for word in hidden { #expect(!all.contains(word), "\(word) in \(all)") }
            }
        }

        /// However many come at once, a study takes as many as it may.
        @Test func twoHundredAtOnceStartAsManyAsMay() async throws {
            try await living { life in
                let people = (1...200).map { "user-\($0)" }
                try await life.sync("members", people, session: "s-1")
                try await life.setUpApp()
                try await life.muster(
                    "study", "create", "--name", "Small", "--url", "https://ask.example/s",
                    "--weekly-max", "25", "--active")
                let rule = try await life.muster(
                    "rule", "create", "--name", "All", "--study", "Small", "--audience",
                    LaunchLife.cohortName, "--active")
                let codes = try await atOnce(people) { person in
                    try #require(try await life.open(person))
                }
                #expect(Set(codes).count == 200)
                let decisions = try await atOnce(Array(zip(people, codes))) { person, code in
                    let answer = try await life.accept(code, as: person, attempt: "a-1")
                    return answer.reason ?? answer.decision
                }
                #expect(decisions.count { $0 == "webview" } == 25)
                #expect(decisions.count { $0 == "study_full_this_week" } == 175)
                #expect(try await life.started(rule) == 25)
            }
        }

        private func living(_ body: (LaunchLife) async throws -> Void) async throws {
            let life = try await LaunchLife()
            do {
                try await body(life)
            } catch {
                await life.end()
                throw error
            }
            await life.end()
        }

        /// The results in the order of the items.
        private func atOnce<Item: Sendable, Value: Sendable>(
            _ items: [Item], _ act: @escaping @Sendable (Item) async throws -> Value
        ) async throws -> [Value] {
            try await withThrowingTaskGroup(of: (Int, Value).self) { group in
                for (index, item) in items.enumerated() {
                    group.addTask { (index, try await act(item)) }
                }
                var found: [Int: Value] = [:]
                for try await (index, value) in group { found[index] = value }
                return items.indices.compactMap { found[$0] }
            }
        }
    }
}
