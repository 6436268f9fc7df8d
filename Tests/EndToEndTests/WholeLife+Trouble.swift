import Foundation
import Testing

/// What goes wrong, or is changed, while the sync goes on.
extension WholeLife {
    /// How often the kill is tried: nobody can be sure to hit the middle of a sync.
    private static let killsMax = 5

    /// The server is killed while pages come; Mixpanel's retries find the next one.
    func outliveAKill() async throws {
        for number in 0..<Self.killsMax {
            let pages = 40 + number
            try await move(entering: pages * Self.pageSize)
            let before = try await mixpanel.state().deliveries.last?.number ?? 0
            async let run = mixpanel("sync")
            await mixpanel.process.errors.contains("add_members page 2/\(pages) ")
            await server.kill()
            try await restart()
            let after = try await run
            let sent = after.deliveries.filter { $0.number > before }
            #expect(!sent.contains { $0.verdict == "paused" })
            // Had the retries been used up, the next run would begin from the top.
            if after.destinations.first?.syncs.first?.state == "failed" { try await sync() }
            try await expectSameMembers()
            try await move(entering: 0, leaving: pages * Self.pageSize)
            try await sync()
            try await expectSameMembers()
            let unanswered = sent.firstIndex { $0.status == nil }
            if let unanswered, sent[..<unanswered].contains(where: { $0.status == 200 }) { return }
        }
        Issue.record("no kill came in the middle of a sync")
    }

    /// 503 until its retries are used up: the next run sends what this one could not.
    func outliveASwitchOff() async throws {
        let path = "/connections/\(connection)/cohort_sync"
        #expect(try await api("DELETE", path).object()["enabled"] as? Bool == false)
        let before = try await members()
        try await move(entering: 12, leaving: 30)
        let refused = try await sync(endsAs: "failed")
        #expect(refused.map(\.status) == Array(repeating: 503, count: 6))
        #expect(refused.allSatisfy { $0.verdict == "retry" })
        #expect(try await members() == before)
        let on = try await api("PATCH", path, ["enabled": true])
        #expect(try on.object()["enabled"] as? Bool == true)
        try await sync()
        try await expectSameMembers()
    }

    /// Old and new secret open side by side, so that nothing pauses.
    func rotateWithOverlap() async throws {
        let path = "/connections/\(connection)/cohort_sync"
        let made = try await api(
            "POST", path + "/secret", ["overlap_seconds": 600], once: "rotation", shows: true)
        let old = webhook
        webhook = try shownSecret(made)
        #expect((webhook.path, webhook.user) == (old.path, old.user))

        try await move(entering: 5)
        #expect(try await sync().allSatisfy { $0.status == 200 })
        try await useNewSecret()
        try await move(entering: 3, leaving: 9)
        #expect(try await sync().allSatisfy { $0.status == 200 })
        try await expectSameMembers()

        let state = try await api("GET", path).object()
        let secrets = try #require(state["secrets"] as? [[String: Any]])
        #expect(secrets.count == 2)
        #expect(secrets.allSatisfy { $0["last_used_at"] is String }, "both were used")
        let ending = try #require(secrets.first { $0["expires_at"] is String }?["id"] as? String)
        try await api("DELETE", path + "/secrets/\(ending)")
        #expect(try await post(page("add_members", ["nobody"]), as: old) == 401)
        try await sync()
        try await expectSameMembers()
    }

    /// The old secret ends at once: 401, and Mixpanel pauses until a person resumes it.
    func rotateWithoutOverlap() async throws {
        let path = "/connections/\(connection)/cohort_sync/secret"
        let made = try await api("POST", path, once: "at-once", shows: true)
        webhook = try shownSecret(made)
        let before = try await members()
        try await move(entering: 8, leaving: 2)
        #expect(try await sync(endsAs: "paused").map(\.status) == [401])
        #expect(try await sync(endsAs: "paused").isEmpty, "a paused sync sends nothing")
        #expect(try await members() == before)

        try await useNewSecret()
        #expect(try await sync(endsAs: "paused").isEmpty)
        try await mixpanel("resume")
        try await sync()
        try await expectSameMembers()
    }

    private func useNewSecret() async throws {
        try await mixpanel("destination", ["destination": "1", "secret": webhook.secret])
    }

    private func post(_ body: Data, as webhook: Webhook) async throws -> Int {
        let answer = try await server.call("POST", webhook.path, [webhook.header], body: body)
        keep("the answer to a page", answer.body)
        return answer.status
    }

    // MARK: - Drift

    /// Pages that Mixpanel knows nothing of: three are missing here then, and two extra.
    private func drift(_ missing: [String]) async throws {
        let cohort = mixpanel.introduction.cohort
        let project = mixpanel.introduction.project
        for (action, ids) in [("add_members", Self.strangers), ("remove_members", missing)] {
            let body = Data(
                """
                {"action":"\(action)","parameters":{"mixpanel_project_id":"\(project)",\
                "mixpanel_cohort_id":"\(cohort)","mixpanel_session_id":"drift",\
                "members":\(AcceptanceBench.list(ids))}}
                """.utf8)
            #expect(try await post(body, as: webhook) == 200)
        }
    }

    private static let strangers = ["stranger-of-nobody-1", "stranger-of-nobody-2"]

    /// Row 73 of the acceptance table: what differs is told, and mended when that is asked for.
    func mendADrift() async throws {
        let cohort = mixpanel.introduction.cohort
        try await mixpanel("no_profile", ["cohort": cohort, "count": 5])
        try await sync()
        try await expectSameMembers()
        let there = try await self.cohort()
        #expect(there.withoutProfile.count == 5)
        let missing = Array(there.members.prefix(3))
        try await drift(missing)
        let drifted = try await members()

        let report = try await reconcile(repair: false)
        for (name, count) in [
            ("missing", 3), ("extra", 2), ("not_exported", 5), ("changed_meanwhile", 0),
            ("matching", there.members.count - 3),
        ] {
            #expect(report[name] as? Int == count, "\(name)")
        }
        let id = try #require(report["id"] as? String)
        let differences = try await list("/reconciliations/\(id)/differences?limit=1000")
        func ids(_ kind: String) -> Set<String> {
            Set(
                differences.filter { $0["kind"] as? String == kind }
                    .compactMap { $0["mixpanel_distinct_id"] as? String })
        }
        #expect(ids("missing") == Set(missing))
        #expect(ids("extra") == Set(Self.strangers))
        #expect(try await members() == drifted, "a report changes nothing")
        try await expectSameByCommands(id, report, differences.count)

        try await reconcile(repair: true)
        try await expectSameMembers()
        try await move(entering: 2, leaving: 2)
        try await sync()
        try await expectSameMembers()
    }

    /// The command line tells of a reconciliation what the API does.
    private func expectSameByCommands(
        _ id: String, _ report: [String: Any], _ differences: Int
    ) async throws {
        let shown = try await Muster.run("reconciliation", "show", id, "--json", in: directory)
        #expect(try NSDictionary(dictionary: shown.object()) == NSDictionary(dictionary: report))
        let table = try await Muster.run(
            "reconciliation", "list", "--audience", audience, in: directory)
        #expect(table.text.contains(id) && table.text.contains("finished"), "\(table.errors)")
        let people = try await Muster.run("reconciliation", "differences", id, in: directory)
        #expect(people.text.split(separator: "\n").count == differences + 1)
        let late = try await Muster.run("reconciliation", "cancel", id, in: directory)
        #expect(late.code == 73, "\(late.errors)")
    }

    /// - Returns: the reconciliation when it has ended, well.
    @discardableResult
    private func reconcile(repair: Bool) async throws -> [String: Any] {
        let begun = try await api(
            "POST", "/audiences/\(audience)/reconcile", ["repair": repair],
            once: "repair-\(repair)", answers: 202)
        let id = try #require(try begun.object()["id"] as? String)
        // The last line about it, whatever became of it.
        await server.process.errors.contains(#""reconciliation.id":"\#(id)"}"#)
        let ended = try await api("GET", "/reconciliations/\(id)").object()
        #expect(ended["status"] as? String == "finished", "\(ended["message"] ?? "")")
        return ended
    }
}
