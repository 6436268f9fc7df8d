import Foundation
import Testing

extension EndToEndTests {
    @Suite struct BackupTests {
        /// One page of a cohort of its own, by the running server.
        private func send(
            _ cohort: String, members: Int, to server: MusterServer, _ webhook: Webhook
        ) async throws {
            let ids = (0..<members).map { "\(cohort)-\(UUID().uuidString)-\($0)" }
            let answer = try await server.call(
                "POST", webhook.path, [webhook.header], body: page("members", cohort: cohort, ids))
            #expect(answer.status == 200)
        }

        private func cohorts(in directory: TestDirectory) async throws -> [String] {
            let list = try await Muster.run("audience", "list", "--json", in: directory)
            #expect(list.code == 0, "\(list.errors)")
            let audiences =
                try JSONSerialization.jsonObject(with: list.output) as? [[String: Any]] ?? []
            return audiences.compactMap { $0["mixpanel_cohort_id"] as? String }.sorted()
        }

        @Test func aBackupBesideTheServerIsWhatARestoreBringsBack() async throws {
            let directory = try TestDirectory()
            let file = directory.path("muster.backup")
            try await withServer(in: directory) { server in
                let webhook = try await server.connect()
                try await send("before", members: 3, to: server, webhook)
                let made = try await Muster.run("backup", file, "--json", in: directory)
                #expect(made.code == 0, "\(made.errors)")
                let attributes = try FileManager.default.attributesOfItem(atPath: file)
                #expect(attributes[.posixPermissions] as? Int == 0o600)
                let told = try made.object()
                #expect(told["bytes"] as? Int == attributes[.size] as? Int)
                #expect(told["has_encryption_key"] as? Bool == false)

                let again = try await Muster.run("backup", file, in: directory)
                #expect(again.code == 73)
                #expect(again.errors.contains("--force"))

                try await send("after", members: 3, to: server, webhook)
                let refused = try await Muster.run("restore", file, "--yes", in: directory)
                #expect(refused.code == 73)
                #expect(refused.errors.contains("Another server uses this data directory"))
                #expect(try await cohorts(in: directory) == ["after", "before"])
            }
            let unasked = try await Muster.run("restore", file, in: directory)
            #expect(unasked.code == 64)
            #expect(unasked.errors.contains("say --yes"))
            #expect(try await cohorts(in: directory) == ["after", "before"])
            let restored = try await Muster.run("restore", file, "--yes", in: directory)
            #expect(restored.code == 0, "\(restored.errors)")
            #expect(try await cohorts(in: directory) == ["before"])
            let names = try FileManager.default.contentsOfDirectory(atPath: directory.path(""))
            #expect(names.sorted() == ["data", "muster.backup"])
        }

        /// Runs a command whose files can't grow past `kibibytes`, which ends it at a chosen point
        /// of its work: by SIGXFSZ, or with a failure where that signal is ignored.
        private func isCutOff(
            _ arguments: [String], at kibibytes: Int, in directory: TestDirectory
        ) async throws -> Bool {
            let script = "ulimit -c 0; ulimit -f \(2 * kibibytes); exec \"$0\" \"$@\""
            let process = try ChildProcess(
                "/bin/sh", ["-c", script, Muster.path] + arguments,
                environment: ["MUSTER_DATA_DIR": directory.data])
            let code = await process.exitCode()
            #expect([0, 69, 128 + SIGXFSZ].contains(code))
            return code != 0
        }

        /// A directory with a store of two cohorts, and a backup of when it had one.
        private func largeStore() async throws -> (TestDirectory, file: String) {
            let directory = try TestDirectory()
            let file = directory.path("muster.backup")
            try await withServer(in: directory) { server in
                let webhook = try await server.connect()
                for _ in 0..<3 { try await send("before", members: 5000, to: server, webhook) }
                let made = try await Muster.run("backup", file, in: directory)
                #expect(made.code == 0, "\(made.errors)")
                for _ in 0..<3 { try await send("after", members: 5000, to: server, webhook) }
                server.process.signal(SIGTERM)
                #expect(await server.process.exitCode() == 0)
            }
            return (directory, file)
        }

        @Test func aRestoreThatIsCutOffLeavesTheOldStore() async throws {
            let (directory, file) = try await largeStore()
            var cuts = 0
            for kibibytes in stride(from: 20, through: 12_000, by: 160) {
                let restore = ["restore", file, "--yes"]
                guard try await isCutOff(restore, at: kibibytes, in: directory) else { break }
                cuts += 1
                #expect(try await cohorts(in: directory) == ["after", "before"], "\(kibibytes)")
            }
            #expect(cuts > 3)
            let restored = try await Muster.run("restore", file, "--yes", in: directory)
            #expect(restored.code == 0, "\(restored.errors)")
            #expect(try await cohorts(in: directory) == ["before"])
        }

        @Test func aRestoreThatIsKilledLeavesOneGoodStore() async throws {
            let (directory, file) = try await largeStore()
            let process = try ChildProcess(
                Muster.path, ["restore", file, "--yes", "--data-dir", directory.data])
            await process.errors.contains(" pages\n")
            process.signal(SIGKILL)
            let wasKilled = await process.exitCode() == 128 + SIGKILL
            let left = try await cohorts(in: directory)
            #expect(left == ["before"] || wasKilled && left == ["after", "before"], "\(left)")
        }

        @Test func aBackupThatIsCutOffLeavesTheOneBefore() async throws {
            let (directory, file) = try await largeStore()
            let before = try Data(contentsOf: URL(filePath: file))
            #expect(try await isCutOff(["backup", file, "--force"], at: 500, in: directory))
            #expect(try Data(contentsOf: URL(filePath: file)) == before)
            let whole = try await Muster.run("backup", file, "--force", in: directory)
            #expect(whole.code == 0, "\(whole.errors)")
            #expect(try Data(contentsOf: URL(filePath: file)) != before)
        }
    }
}
