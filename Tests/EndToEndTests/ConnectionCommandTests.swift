import Foundation
import Testing

extension EndToEndTests {
    @Suite struct ConnectionCommandTests {
        /// Nothing listens there.
        private static let nowhere = Dictionary(
            uniqueKeysWithValues: ["US", "EU", "IN"].map {
                ("MUSTER_MIXPANEL_\($0)_URL", "http://127.0.0.1:1")
            })

        private func run(
            _ arguments: [String], saying line: String, in directory: TestDirectory
        ) async throws -> (code: Int32, output: Data) {
            let input = Pipe()
            let process = try ChildProcess(
                Muster.path, arguments,
                environment: Self.nowhere.merging(["MUSTER_DATA_DIR": directory.data]) { $1 },
                input: input)
            try input.fileHandleForWriting.write(contentsOf: Data(line.utf8))
            try input.fileHandleForWriting.close()
            return (await process.exitCode(), await process.output.complete())
        }

        private func shown(_ id: String, in directory: TestDirectory) async throws -> [String: Any]
        {
            let shown = try await Muster.run("connection", "show", id, "--json", in: directory)
            #expect(shown.code == 0, "\(shown.errors)")
            return try shown.object()
        }

        @Test func aServiceAccountIsKeptWhateverMixpanelSays() async throws {
            let directory = try TestDirectory()
            let (code, output) = try await run(
                [
                    "connection", "create", "--name", "Shop", "--username",
                    "robot.1a2b3c.mp-service-account",
                ]
                    + ["--secret-stdin", "--json"], saying: "not-to-be-found\n", in: directory)
            #expect(code == 0)
            let made = try #require(
                try JSONSerialization.jsonObject(with: output) as? [String: Any])
            #expect(made["status"] as? String == "unreachable")
            #expect((made["message"] as? String)?.isEmpty == false)
            let id = try #require(made["connection_id"] as? String)
            let account = try await shown(id, in: directory)["service_account"] as? [String: Any]
            #expect(account?["username"] as? String == "robot.1a2b3c.mp-service-account")
            #expect(account?["secret"] == nil)

            let unasked = try await Muster.run(
                "connection", "edit", id, "--username", "other", in: directory)
            #expect(unasked.code == 64)
            #expect(unasked.errors.contains("--secret-stdin"))
            let verified = try await Muster.run(
                "connection", "verify", id, in: directory, environment: Self.nowhere)
            #expect(verified.code == 69)
            let taken = try await Muster.run(
                "connection", "edit", id, "--no-service-account", in: directory)
            #expect(taken.code == 0, "\(taken.errors)")
            #expect(try await shown(id, in: directory)["service_account"] is NSNull)
        }

        @Test func whatCanNotBeUndoneIsAskedAndTheServerHonoursIt() async throws {
            try await withServer { server in
                let webhook = try await server.connect()
                let id = try #require(webhook.path.split(separator: "/").last.map(String.init))
                let unasked = try await Muster.run(
                    "connection", "delete", id, in: server.directory)
                #expect(unasked.code == 64)
                let body = page("members", ["ana"])
                let taken = try await server.call(
                    "POST", webhook.path, [webhook.header], body: body)
                #expect(taken.status == 200)
                let deleted = try await Muster.run(
                    "connection", "delete", id, "--yes", in: server.directory)
                #expect(deleted.code == 0, "\(deleted.errors)")
                let refused = try await server.call(
                    "POST", webhook.path, [webhook.header], body: body)
                #expect(refused.status == 404)
                let again = try await Muster.run(
                    "connection", "delete", id, "--yes", in: server.directory)
                #expect(again.code == 66)
            }
        }

        @Test func aReadKeyMayAskAndNotChange() async throws {
            try await withServer { server in
                let made = try await Muster.run(
                    "key", "create", "--name", "app", "--scope", "read", "--json",
                    in: server.directory)
                let key = try #require(try made.object()["key"] as? String)
                let header = "Authorization: Bearer \(key)"
                #expect(try await server.call("GET", "/v1/audiences", [header]).status == 200)
                let refused = try await server.call(
                    "POST", "/v1/keys", [header, "Content-Type: application/json"],
                    body: Data(#"{"name":"more"}"#.utf8))
                #expect(refused.status == 403)
            }
        }
    }
}
