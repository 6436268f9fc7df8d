import Foundation
import Testing

extension EndToEndTests {
    @Suite struct CommandTests {
        @Test func aSecondServerOnTheSameDirectoryIsRefusedInOneLine() async throws {
            try await withServer { server in
                let second = try await Muster.run("serve", "--port", "0", in: server.directory)
                #expect(second.code == 73)
                #expect(second.output.isEmpty)
                #expect(second.errors.contains("Another server uses this data directory"))
                #expect(second.errors.split(separator: "\n").count == 1, "\(second.errors)")
                #expect(try await server.call("GET", "/readyz").status == 200)
            }
        }

        @Test func whatCommandsChangeTheRunningServerHonoursAtOnce() async throws {
            try await withServer { server in
                let key = try await server.operatorKey()
                #expect(try await server.call("GET", "/v1/audiences", [key.header]).status == 200)

                let webhook = try await server.connect("Made while it runs")
                let answer = try await server.call(
                    "POST", webhook.path, [webhook.header], body: page("members", ["ana"]))
                #expect(answer.status == 200)
                let listed = try await Muster.run(
                    "connection", "list", "--json", in: server.directory)
                #expect(listed.text.contains("Made while it runs"))

                let revoked = try await Muster.run("key", "revoke", key.id, in: server.directory)
                #expect(revoked.code == 0)
                let refused = try await server.call("GET", "/v1/audiences", [key.header])
                #expect(refused.status == 401)
                #expect(refused.headers["www-authenticate"] == #"Bearer realm="muster""#)
            }
        }

        @Test func healthcheckTellsARunningServerFromNone() async throws {
            let url = try await withServer { server in
                let url = "http://\(server.address)"
                let running = try await Muster.run("healthcheck", "--url", url)
                #expect(running.code == 0, "\(running.errors)")
                return url
            }
            let without = try await Muster.run("healthcheck", "--url", url)
            #expect(without.code == 69)
            #expect(without.errors.contains("no answer"))
        }

        @Test func helpNamesTheCommandsAndTheirOptions() async throws {
            let root = try await Muster.run("--help")
            #expect(root.code == 0)
            for command in ["serve", "connection", "key", "audience", "simulate", "healthcheck"] {
                #expect(root.text.contains("\n  \(command)"), "\(command)")
            }
            let serve = try await Muster.run("serve", "--help")
            #expect(serve.code == 0)
            for option in ["--port", "--data-dir", "--config", "MUSTER_PORT", "SIGTERM"] {
                #expect(serve.text.contains(option), "\(option)")
            }
        }

        @Test func whatCannotBePrintedIsNoSuccess() async throws {
            let directory = try TestDirectory()
            let run = try await Muster.runOnFullOutput(
                ["key", "create", "--name", "app", "--json"], in: directory)
            #expect(run.code == 69)
            #expect(run.errors.contains("can't be written"), "\(run.errors)")
        }

        @Test func aMisspeltKeyInTheFileStopsTheStart() async throws {
            let directory = try TestDirectory()
            let file = try directory.write(#"{"http": {"conections_max": 10}}"#, to: "c.json")
            let run = try await Muster.run(
                "serve", "--port", "0", "--config", file, in: directory)
            #expect(run.code == 78)
            #expect(
                run.errors.hasSuffix(
                    "unknown key http.conections_max; did you mean http.connections_max?\n"),
                "\(run.errors)")
            #expect(!FileManager.default.fileExists(atPath: directory.data))
        }

        @Test(arguments: ["abc", "-1", "65536"])
        func aPortThatIsNoneStopsTheStart(port: String) async throws {
            let directory = try TestDirectory()
            let run = try await Muster.run(
                "serve", in: directory, environment: ["MUSTER_PORT": port])
            #expect(run.code == 78)
            #expect(run.errors.hasPrefix("muster: port "), "\(run.errors)")
            #expect(run.errors.split(separator: "\n").count == 1)
        }
    }
}
