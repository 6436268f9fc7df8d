import Foundation
import Testing

extension EndToEndTests {
    @Suite struct DoctorTests {
        /// What it finds, by the name of the check: the worst of each.
        private func findings(
            in directory: TestDirectory, _ environment: [String: String] = [:]
        ) async throws -> (code: Int32, status: [String: String]) {
            let run = try await Muster.run(
                "doctor", "--json", in: directory, environment: environment)
            let list =
                try JSONSerialization.jsonObject(with: run.output) as? [[String: Any]] ?? []
            var status: [String: String] = [:]
            for finding in list {
                guard let check = finding["check"] as? String,
                    let found = finding["status"] as? String
                else { continue }
                let order = ["ok", "warn", "fail"]
                let before = order.firstIndex(of: status[check] ?? "ok") ?? 0
                status[check] = order[max(before, order.firstIndex(of: found) ?? 0)]
            }
            return (run.code, status)
        }

        @Test func besideARunningServerItFindsEverythingWell() async throws {
            try await withServer { server in
                let webhook = try await server.connect()
                let taken = try await server.call(
                    "POST", webhook.path, [webhook.header], body: page("members", ["ana"]))
                #expect(taken.status == 200)
                let port = String(server.address.split(separator: ":").last ?? "")
                let (code, status) = try await findings(
                    in: server.directory,
                    ["MUSTER_PORT": port, "MUSTER_PUBLIC_URL": "https://hooks.example.com"])
                #expect(code == 0)
                for check in ["settings", "store", "time", "clock", "port", "audiences"] {
                    #expect(status[check] == "ok", "\(check): \(status)")
                }
                #expect(status["permissions"] == "ok")
                #expect(try await server.call("GET", "/readyz").status == 200)
            }
        }

        @Test func withoutAStoreNothingIsMade() async throws {
            let directory = try TestDirectory()
            let (code, status) = try await findings(in: directory, ["MUSTER_PORT": "0"])
            #expect(code == 0)
            #expect(status["store"] == "ok")
            #expect(!FileManager.default.fileExists(atPath: directory.data))
        }

        @Test func settingsThatCanNotBeUsedAreAllTold() async throws {
            let run = try await Muster.run(
                "doctor", environment: ["MUSTER_PORT": "70000", "MUSTER_PROT": "1"])
            #expect(run.code == 78)
            #expect(run.text.split(separator: "\n").count == 2, "\(run.text)")
            #expect(run.text.hasPrefix("fail  settings: "))
        }

        @Test func aDamagedStoreAndAnOpenDirectoryFail() async throws {
            let directory = try TestDirectory()
            try await withServer(in: directory) { server in
                _ = try await server.connect()
                server.process.signal(SIGTERM)
                #expect(await server.process.exitCode() == 0)
            }
            let database = directory.data + "/muster.sqlite"
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o644], ofItemAtPath: database)
            try Data(repeating: 7, count: 5000).write(to: URL(filePath: database))
            let (code, status) = try await findings(in: directory, ["MUSTER_PORT": "0"])
            #expect(code == 69)
            #expect(status["store"] == "fail")
            #expect(status["permissions"] == "fail")
        }

        @Test func anotherProgramOnThePortIsToldOf() async throws {
            // The database of the server is another one's, and so is the scheme it is asked in.
            try await withServer { server in
                let port = String(server.address.split(separator: ":").last ?? "")
                let (code, status) = try await findings(
                    in: try TestDirectory(),
                    [
                        "MUSTER_PORT": port, "MUSTER_PROXY_PROTOCOL": "v2",
                        "MUSTER_PROXY_TRUSTED_ADDRESSES": "127.0.0.1",
                    ])
                #expect(code == 69)
                #expect(status["port"] == "fail")
            }
        }
    }
}
