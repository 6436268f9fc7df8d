import Foundation
import TestSupport
import Testing

/// What is left of all of it, and what must not be.
extension WholeLife {
    /// Every change is in the audit log once, however often it was asked for.
    func readAudit() async throws {
        let entries = Array(try await list("/audit?limit=1000").reversed())
        let account = "service_account.changed"
        let (rotated, compared) = ("secret.regenerated", "reconciliation.started")
        let expected = [
            ("key.created", admin.id), ("key.created", reader.id),
            ("connection.created", connection), (account, connection), (account, connection),
            ("cohort_sync.set_up", connection), ("cohort_sync.switched_off", connection),
            ("cohort_sync.switched_on", connection), (rotated, connection),
            ("secret.revoked", connection), (rotated, connection), (compared, audience),
            (compared, audience), ("reconciliation.repaired", audience),
        ]
        #expect(entries.map { $0["action"] as? String } == expected.map(\.0))
        #expect(entries.map { $0["target"] as? String } == expected.map(\.1))
        let actors = entries.map { $0["actor"] as? [String: Any] }
        #expect(actors.first??["type"] as? String == "command_line")
        for (entry, actor) in zip(entries, actors).dropFirst() {
            // A repair is what the server makes of a wish that was logged before.
            let isOwn = entry["action"] as? String == "reconciliation.repaired"
            #expect(actor?["type"] as? String == (isOwn ? "server" : "key"))
            #expect(isOwn || actor?["id"] as? String == admin.id)
            #expect(isOwn || entry["request_id"] is String)
        }
    }

    /// A backup beside the running server holds the same members.
    func backUp() async throws {
        let (file, bytes) = try await backup("life")
        #expect(bytes.holds(try #require(try await cohort().members.first)))
        keep("the backup", bytes)
        let other = try TestDirectory()
        let restored = try await Muster.run("restore", file, "--yes", in: other)
        #expect(restored.code == 0, "\(restored.errors)")
        let there = try await Muster.run("audience", "export", audience, in: other)
        let here = try await api("GET", "/audiences/\(audience)/export")
        #expect(there.output == here.body)
        keep("stderr of the restore", Data(restored.errors.utf8))
    }

    private func backup(_ name: String) async throws -> (file: String, bytes: Data) {
        let file = directory.path(name)
        let made = try await Muster.run("backup", file, "--force", "--json", in: directory)
        #expect(made.code == 0, "\(made.errors)")
        return (file, try Data(contentsOf: URL(filePath: file)))
    }

    func revokeReader() async throws {
        let revoked = try await api("DELETE", "/keys/\(reader.id)")
        #expect(try revoked.object()["revoked_at"] is String)
        try await api("GET", "/audiences", by: reader, answers: 401)
    }

    /// The connection goes, and everybody in it; its URL is 404 from then on.
    func delete() async throws {
        try keepFiles("before the deletion")
        let somebody = try #require(try await cohort().members.first)
        try await api("DELETE", "/connections/\(connection)", answers: 204)
        try await api("GET", "/connections/\(connection)", answers: 404)
        try await api("GET", "/audiences/\(audience)", answers: 404)
        let asked = try await api("GET", "/memberships?match_id=\(somebody)")
        #expect((try asked.object()["audiences"] as? [Any])?.isEmpty == true)
        #expect(try await list("/audit?action=connection.deleted").count == 1)
        try await move(entering: 1)
        #expect(try await sync(endsAs: "paused").map(\.status) == [404])
        try await expectNobodyIsLeft()
    }

    /// People are removed in small steps, and so looked for until they are gone.
    private func expectNobodyIsLeft() async throws {
        let deadline = ContinuousClock.now.advanced(by: .patience)
        var left = people
        while !left.isEmpty, ContinuousClock.now < deadline {
            left = people.intersection(try await backup("after").bytes.ids)
        }
        #expect(left.count == 0, "people of a deleted connection are kept")
        server.process.signal(SIGTERM)
        #expect(await server.process.exitCode() == 0)
        // Nor in pages that are free, nor in the log.
        for file in try dataFiles(in: directory) {
            let left = people.intersection(file.bytes.ids).count
            #expect(left == 0, "\(left) of a deleted connection are in \(file.name)")
        }
    }

    private func keepFiles(_ when: String) throws {
        for file in try dataFiles(in: directory) {
            if file.name == "encryption.key" {
                // The one place of the key; it is searched for everywhere else.
                let text = String(decoding: file.bytes, as: UTF8.self)
                let key = text.trimmingCharacters(in: .whitespacesAndNewlines)
                hide("the encryption key", try #require(Data(base64Encoded: key)))
                continue
            }
            keep("\(file.name) \(when)", file.bytes)
        }
    }

    // MARK: - The search

    /// Nothing secret is in any file, log, output or answer, and nobody in a log or an output.
    func search() async throws {
        try keepFiles("at the end")
        await keepOutputs(of: server.process, "the last server")
        mixpanel.process.signal(SIGTERM)
        #expect(await mixpanel.process.exitCode() == 0)
        // It introduces itself with the account's secret on stdout.
        keep("stderr of Mixpanel", await mixpanel.process.errors.complete())
        #expect(secrets.count >= 12 && people.count > Self.members)
        let logs = transcripts.filter { $0.name.hasPrefix("std") }
        #expect(logs.count >= 5)
        #expect(logs.contains { $0.bytes.holds("page recorded") }, "the search works")
        let stored = transcripts.filter { $0.name.hasSuffix("before the deletion") }
        #expect(stored.contains { !$0.bytes.ids.isDisjoint(with: people) }, "the search works")

        for (name, bytes) in transcripts {
            for secret in secrets {
                #expect(!secret.isIn(bytes), "\(secret.name) is in \(name)")
            }
            // Nobody allowed a trait.
            #expect(!bytes.holds("@example.com"), "an e-mail address is in \(name)")
        }
        let somebody = HiddenText("somebody", try #require(people.first))
        for (name, bytes) in logs {
            #expect(people.intersection(bytes.ids).count == 0, "somebody's id is in \(name)")
            #expect(!somebody.isIn(bytes), "somebody's id is in \(name)")
            #expect(!bytes.holds("stranger"), "a stranger's id is in \(name)")
        }
    }
}
