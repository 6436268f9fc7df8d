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
            try await withServer { server in
                let webhook = try await server.connect()
                let (sender, _) = try await beginPage(webhook, on: server)
                server.process.signal(SIGTERM)
                await server.process.errors.contains("draining")
                server.process.signal(second)
                let start = ContinuousClock.now
                #expect(await server.process.exitCode() == 130)
                // Without the second signal the page would be waited for, for 25 s.
                #expect(start.duration(to: .now) < .seconds(5))
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
