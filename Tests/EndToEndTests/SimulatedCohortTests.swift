import Foundation
import Testing

extension EndToEndTests {
    @Suite struct SimulatedCohortTests {
        private let file = "expected.ndjson"

        @Test func aSimulatedCohortIsHeldMemberForMember() async throws {
            try await withServer { server in
                let webhook = try await server.connect()
                let key = try await server.operatorKey()
                let expected = try await simulate(webhook, on: server)
                let audience = try #require(try await server.audience(ofCohort: "2000001", key))
                let id = try #require(audience["id"] as? String)
                #expect(audience["member_count"] as? Int == expected.count)
                #expect(audience["status"] as? String == "live")

                let exported = try await Muster.curl(
                    ["-H", key.header, "http://\(server.address)/v1/audiences/\(id)/export"])
                let members = try Self.members(exported.output)
                #expect(members.count == exported.output.count { $0 == 0x0A }, "nobody twice")
                // Counted, because a failure would print both.
                let wrong = expected.count { members[$0.key] != .some($0.value) }
                #expect(wrong == 0, "members that are missing or have another reference id")
                #expect(members.count == expected.count)

                try await lookUp(expected, in: id, on: server, key)
                try await compareCommands(with: exported.output, of: id, on: server, expected.count)
            }
        }

        /// Plays Mixpanel; returns who must be in the cohort afterwards.
        private func simulate(
            _ webhook: Webhook, on server: MusterServer
        ) async throws -> [Data: Data?] {
            let path = server.directory.path(file)
            let run = try await Muster.run(
                "simulate", "http://\(server.address)\(webhook.path)", "--username", webhook.user,
                "--members", "20000", "--page-size", "1000", "--parallel", "4",
                "--order", "shuffled", "--repeat-share", "0.3", "--diffs", "3", "--seed", "4711",
                "--expected-file", path, "--json",
                environment: ["MUSTER_SIMULATE_SECRET": webhook.secret])
            #expect(run.code == 0, "\(run.errors)\(run.text)")
            let summary = try run.object()
            #expect(summary["pages_failed"] as? Int == 0)
            #expect(summary["retries"] as? Int == 0)
            print("simulate: \(summary["pages_per_second"] ?? "?") pages/s")
            let expected = try Self.members(Data(contentsOf: URL(filePath: path)))
            #expect(expected.count == 20_000)
            return expected
        }

        /// Distinct id and reference id of each line, as bytes: `String` would compare by meaning.
        private static func members(_ lines: Data) throws -> [Data: Data?] {
            var members: [Data: Data?] = [:]
            for line in lines.split(separator: 0x0A) {
                let object = try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any]
                let id = try #require(object?["mixpanel_distinct_id"] as? String)
                let reference = object?["reference_id"] as? String
                members.updateValue(reference.map { Data($0.utf8) }, forKey: Data(id.utf8))
            }
            return members
        }

        /// Members are found by their match id, and nobody else is.
        private func lookUp(
            _ expected: [Data: Data?], in audience: String, on server: MusterServer,
            _ key: OperatorKey
        ) async throws {
            var members: [String] = []
            // Somebody with a reference id is not found by the distinct id.
            var strangers = ["nobody", "user-", "null"]
            for (distinctID, referenceID) in expected {
                let distinctID = String(decoding: distinctID, as: UTF8.self)
                guard let referenceID else {
                    members.append(distinctID)
                    continue
                }
                members.append(String(decoding: referenceID, as: UTF8.self))
                if strangers.count < 100 { strangers.append(distinctID) }
            }
            members = Array(members.prefix(1000 - strangers.count))

            let body = try JSONSerialization.data(
                withJSONObject: ["match_ids": members + strangers, "audience_ids": [audience]])
            let answer = try await server.call(
                "POST", "/v1/memberships/query", [key.header], body: body)
            let rows = try #require(try answer.object()["data"] as? [[String: Any]])
            #expect(rows.map { $0["match_id"] as? String } == members + strangers)
            let isFound = rows.map { $0["audience_ids"] as? [String] == [audience] }
            let isNotFound = rows.map { $0["audience_ids"] as? [String] == [] }
            #expect(isFound.prefix(members.count).allSatisfy { $0 })
            #expect(isNotFound.suffix(strangers.count).allSatisfy { $0 })

            for (ids, audiences) in [(members, [audience]), (strangers, [])] {
                for id in ids.prefix(20) {
                    let query = id.addingPercentEncoding(withAllowedCharacters: .alphanumerics)
                    let answer = try await server.call(
                        "GET", "/v1/memberships?match_id=\(query ?? "")", [key.header])
                    let found = try answer.object()["audiences"] as? [[String: Any]]
                    #expect(found?.map { $0["id"] as? String } == audiences, "\(id)")
                }
            }
        }

        /// The command line reads beside the running server, and says the same.
        private func compareCommands(
            with exported: Data, of id: String, on server: MusterServer, _ count: Int
        ) async throws {
            let export = try await Muster.run("audience", "export", id, in: server.directory)
            #expect(export.code == 0)
            #expect(export.output == exported)
            let list = try await Muster.run("audience", "list", "--json", in: server.directory)
            let audiences = try JSONSerialization.jsonObject(with: list.output) as? [[String: Any]]
            #expect(audiences?.count == 1)
            #expect(audiences?.first?["id"] as? String == id)
            #expect(audiences?.first?["member_count"] as? Int == count)
        }
    }
}
