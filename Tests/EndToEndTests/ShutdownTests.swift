import Foundation
import Testing

extension EndToEndTests {
    @Suite struct ShutdownTests {
        @Test func aPageThatIsUnderWayAtSIGTERMIsTakenAndAnswered() async throws {
            let directory = try TestDirectory()
            // The delay is part of the subject: while it lasts, probes can still be answered.
            let delay = ["MUSTER_HTTP_DRAIN_ACCEPT_DELAY_SECONDS": "4"]
            try await withServer(in: directory, environment: delay) { server in
                let webhook = try await server.connect()
                let (sender, rest) = try await beginPage(webhook, on: server)
                server.process.signal(SIGTERM)
                await server.process.errors.contains("draining")
                // The line is written just before the server begins to drain.
                var probe = try await server.call("GET", "/readyz")
                while probe.status == 200 { probe = try await server.call("GET", "/readyz") }
                #expect(probe.status == 503)
                #expect(probe.text == #"{"status":"draining"}"#)
                #expect(try await server.call("GET", "/livez").status == 200)

                try await sender.send(rest)
                let answer = try await sender.answer()
                #expect(answer.status == 200)
                #expect(answer.headers["connection"] == "close")
                #expect(try await sender.rest().isEmpty)
                await sender.close()
                #expect(await server.process.exitCode() == 0)
            }
            let log = try Data(contentsOf: URL(filePath: directory.data + "/muster.sqlite-wal"))
            #expect(log.isEmpty, "everything has been moved into the database")
            try await withServer(in: directory) { server in
                let key = try await server.operatorKey()
                let audience = try await server.audience(ofCohort: "77", key)
                #expect(audience?["member_count"] as? Int == 2)
            }
        }

        @Test(arguments: [SIGTERM, SIGINT])
        func aSecondSignalDoesNotWaitForAnybody(second: Int32) async throws {
            // Without the second signal the page would be waited for until the process is killed.
            let patient = ["MUSTER_HTTP_DRAIN_TIMEOUT_SECONDS": "600"]
            try await withServer(environment: patient) { server in
                let webhook = try await server.connect()
                let (sender, _) = try await beginPage(webhook, on: server)
                server.process.signal(SIGTERM)
                await server.process.errors.contains("draining")
                server.process.signal(second)
                #expect(await server.process.exitCode() == 130)
                await sender.close()
            }
        }

        @Test(arguments: [SIGTERM, SIGINT])
        func aSignalRightAfterTheStartIsAnOrderlyEndToo(signal: Int32) async throws {
            try await withServer { server in
                server.process.signal(signal)
                #expect(await server.process.exitCode() == 0)
            }
        }

        /// As in a container: the kernel keeps from PID 1 every signal it does not handle itself.
        @Test(.enabled(if: Namespace.isPossible, Namespace.reason))
        func theFirstProcessOfAContainerObeysSIGTERM() async throws {
            try await withServer(under: Namespace.launcher) { server in
                #expect(try await server.call("GET", "/livez").status == 200)
                try server.process.signalChild(SIGTERM)
                await server.process.errors.contains("draining")
                #expect(await server.process.exitCode() == 0)
            }
        }

        @Test func aReaderThatWaitsForChangesDoesNotHoldUpTheStop() async throws {
            // Should the request be read after the signal only, there is time to answer it.
            let patient = [
                "MUSTER_HTTP_DRAIN_ACCEPT_DELAY_SECONDS": "1",
                "MUSTER_HTTP_DRAIN_TIMEOUT_SECONDS": "600",
            ]
            try await withServer(environment: patient) { server in
                let key = try await server.operatorKey()
                let reader = try await HTTPConnection(to: server.address)
                // When the first is answered, the second is being read.
                try await reader.send(
                    server.request("GET", "/v1/changes", [key.header])
                        + server.request("GET", "/v1/changes?wait=60", [key.header]))
                #expect(try await reader.answer().status == 200)
                let start = ContinuousClock.now
                server.process.signal(SIGTERM)
                let answer = try await reader.answer()
                #expect(answer.status == 200)
                #expect((try answer.object()["data"] as? [Any])?.isEmpty == true)
                #expect(await server.process.exitCode() == 0)
                // Without care it would be waited for until its time is up.
                #expect(start.duration(to: .now) < .seconds(50))
                await reader.close()
            }
        }

        /// Where a process can be made the first one.
        private enum Namespace {
            static let launcher = ["/usr/bin/unshare", "--pid", "--fork", "--kill-child"]
            static let isPossible: Bool = {
                guard
                    let process = try? Process.run(
                        URL(filePath: launcher[0]), arguments: launcher.dropFirst() + ["true"])
                else { return false }
                process.waitUntilExit()
                return process.terminationStatus == 0
            }()
            static let reason: Comment = "a PID namespace needs root and util-linux"
        }

        /// Sends the head of a page, and waits until the server asks for the body.
        private func beginPage(
            _ webhook: Webhook, on server: MusterServer
        ) async throws -> (sender: HTTPConnection, rest: Data) {
            let body = page("members", ["ana", "boris"])
            let sender = try await HTTPConnection(to: server.address)
            let request = server.request(
                "POST", webhook.path, [webhook.header, "Expect: 100-continue"], body: body)
            try await sender.send(request.dropLast(body.count))
            #expect(try await sender.answer().status == 100)
            try await sender.send(body.prefix(20))
            return (sender, Data(body.dropFirst(20)))
        }
    }
}
