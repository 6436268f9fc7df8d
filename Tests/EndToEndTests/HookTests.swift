import Foundation
import Synchronization
import TestSupport
import Testing

extension EndToEndTests {
    /// What is sent to hooks by the built binary, to receivers on loopback.
    @Suite struct HookTests {
        private static let environment = [
            "MUSTER_HOOKS_PRIVATE_ADDRESSES": "127.0.0.0/8", "MUSTER_HOOKS_TIMEOUT_SECONDS": "2",
        ]

        @Test func theReceiversExamplesOfTheDocumentVerifyWhatComes() async throws {
            let receiver = try LoopbackReceiver { _ in LoopbackReceiver.reply(204) }
            defer { receiver.stop() }
            let directory = try TestDirectory()
            try await withServer(in: directory, environment: Self.environment) { server in
                let key = try await server.operatorKey()
                let webhook = try await server.connect()
                let made = try await hook(webhook, to: receiver, ["invite.started"], in: directory)
                let first = try #require(try made.object()["secret"] as? String)
                let renewed = try await Muster.run(
                    "hook", "secret", webhook.connection, "--overlap-seconds", "60", "--json",
                    in: directory)
                let second = try #require(try renewed.object()["secret"] as? String)
                try await Muster.run("hook", "test", webhook.connection, in: directory)
                try await wait(for: "delivered", 1, of: webhook, on: server, key)
                let metrics = try await server.call("GET", "/metrics").text
                #expect(
                    metrics.contains(#"muster_hook_attempts_total{outcome="delivered"} 1"# + "\n"))
                let request = try #require(receiver.requests.first)
                for secret in [first, second] {
                    #expect(try await shellVerifies(request, secret, in: directory) == 0)
                    #expect(try await pythonVerifies(request, secret, in: directory) == 0)
                }
                let other = "whsec_" + Data(repeating: 7, count: 32).base64EncodedString()
                #expect(try await shellVerifies(request, other, in: directory) == 1)
                #expect(try await pythonVerifies(request, other, in: directory) == 1)
            }
        }

        @Test func whatAKilledServerHadOnItsWayIsSentAgainAndNothingIsLost() async throws {
            let receiver = try LoopbackReceiver { _ in LoopbackReceiver.reply(200) }
            defer { receiver.stop() }
            let directory = try TestDirectory()
            let people = (0..<300).map { "person-\($0)" }
            var webhook: Webhook?
            for kill in 0..<4 {
                try await withServer(in: directory, environment: Self.environment) { server in
                    if webhook == nil {
                        let made = try await server.connect()
                        webhook = made
                        try await hook(made, to: receiver, ["audience.entered"], in: directory)
                        let answer = try await server.call(
                            "POST", made.path, [made.header], body: page("add_members", people))
                        #expect(answer.status == 200)
                    }
                    let key = try await server.operatorKey()
                    guard kill < 3 else {
                        let webhook = try #require(webhook)
                        return try await wait(
                            for: "delivered", people.count, of: webhook, on: server, key)
                    }
                    // In the midst of it, wherever that is.
                    let goal = receiver.requests.count + 20
                    while receiver.requests.count < goal {
                        _ = try await server.call("GET", "/livez")
                    }
                }
            }
            var told: [String: Set<String>] = [:]
            for request in receiver.requests {
                let object = try JSONSerialization.jsonObject(with: Data(request.body))
                let data = (object as? [String: Any])?["data"] as? [String: Any]
                let person = try #require(data?["mixpanel_distinct_id"] as? String)
                told[person, default: []].insert(request.field("webhook-id"))
            }
            #expect(Set(told.keys) == Set(people))
            #expect(told.values.allSatisfy { $0.count == 1 }, "an id is the same each time")
        }

        @Test func aReceiverThatIsSilentHoldsUpNeitherAnotherNorTheEnd() async throws {
            let silent = try LoopbackReceiver { _ in nil }
            let good = try LoopbackReceiver { _ in LoopbackReceiver.reply(200) }
            defer {
                silent.stop()
                good.stop()
            }
            let directory = try TestDirectory()
            var environment = Self.environment
            environment["MUSTER_HOOKS_TIMEOUT_SECONDS"] = "60"
            try await withServer(in: directory, environment: environment) { server in
                let key = try await server.operatorKey()
                let webhooks = [try await server.connect("One"), try await server.connect("Two")]
                for (webhook, receiver) in zip(webhooks, [silent, good]) {
                    try await hook(webhook, to: receiver, ["invite.started"], in: directory)
                    for _ in 0..<6 {
                        try await Muster.run("hook", "test", webhook.connection, in: directory)
                    }
                }
                try await wait(for: "delivered", 6, of: webhooks[1], on: server, key)
                while silent.requests.count < 4 { _ = try await server.call("GET", "/livez") }
                #expect(good.requests.count == 6)
                server.process.signal(SIGTERM)
                #expect(await server.process.exitCode() == 0)
                let left = try await Muster.run(
                    "hook", "deliveries", webhooks[0].connection, "--status", "waiting", "--json",
                    in: directory)
                let all = try JSONSerialization.jsonObject(with: left.output) as? [Any]
                #expect(all?.count == 6)
            }
        }

        @Test func whatIsOnItsWayAtSIGTERMMayEnd() async throws {
            let isEnding = Mutex(false)
            let receiver = try LoopbackReceiver { _ in
                while !isEnding.withLock({ $0 }) { Thread.sleep(forTimeInterval: 0.01) }
                return LoopbackReceiver.reply(200)
            }
            defer { receiver.stop() }
            let directory = try TestDirectory()
            var environment = Self.environment
            environment["MUSTER_HOOKS_TIMEOUT_SECONDS"] = "60"
            try await withServer(in: directory, environment: environment) { server in
                let webhook = try await server.connect()
                try await hook(webhook, to: receiver, ["invite.started"], in: directory)
                try await Muster.run("hook", "test", webhook.connection, in: directory)
                while receiver.requests.isEmpty { _ = try await server.call("GET", "/livez") }
                server.process.signal(SIGTERM)
                await server.process.errors.contains("draining")
                isEnding.withLock { $0 = true }
                #expect(await server.process.exitCode() == 0)
                let listed = try await Muster.run(
                    "hook", "deliveries", webhook.connection, "--json", in: directory)
                let all =
                    try JSONSerialization.jsonObject(with: listed.output) as? [[String: Any]]
                #expect(all?.map { $0["status"] as? String } == ["delivered"])
            }
        }

        @Test func goneSwitchesTheHookOffAndTheDoctorTells() async throws {
            let receiver = try LoopbackReceiver { _ in LoopbackReceiver.reply(410) }
            defer { receiver.stop() }
            let directory = try TestDirectory()
            try await withServer(in: directory, environment: Self.environment) { server in
                let key = try await server.operatorKey()
                let webhook = try await server.connect()
                try await hook(webhook, to: receiver, ["invite.started"], in: directory)
                try await Muster.run("hook", "test", webhook.connection, in: directory)
                try await wait(for: "failed", 1, of: webhook, on: server, key)
                let shown = try await Muster.run(
                    "hook", "show", webhook.connection, in: directory)
                #expect(shown.text.contains("switched off"))
                let doctor = try await Muster.run("doctor", in: directory)
                #expect(doctor.text.contains("muster hook edit \(webhook.connection) --on"))
                let again = try await Muster.run(
                    "hook", "test", webhook.connection, in: directory)
                #expect(again.code == 73)
                let on = try await Muster.run(
                    "hook", "edit", webhook.connection, "--on", "--json", in: directory)
                #expect(try on.object()["enabled"] as? Bool == true)
            }
        }

        @Test func withoutLeaveNothingIsSentToThisMachine() async throws {
            let receiver = try LoopbackReceiver { _ in LoopbackReceiver.reply(200) }
            defer { receiver.stop() }
            let directory = try TestDirectory()
            try await withServer(in: directory) { server in
                let webhook = try await server.connect()
                try await hook(webhook, to: receiver, ["invite.started"], in: directory)
                try await Muster.run("hook", "test", webhook.connection, in: directory)
                #expect(await server.process.errors.contains("hooks.private_addresses"))
                #expect(receiver.connectionCount == 0)
            }
        }

        // MARK: - Words

        /// Makes a hook, and returns what the command said.
        @discardableResult
        private func hook(
            _ webhook: Webhook, to receiver: LoopbackReceiver, _ events: [String],
            in directory: TestDirectory
        ) async throws -> Muster.Result {
            let made = try await Muster.run(
                [
                    "hook", "create", webhook.connection, "--url",
                    "http://127.0.0.1:\(receiver.port)/hook", "--json",
                ] + events.flatMap { ["--event", $0] }, in: directory)
            #expect(made.code == 0, "\(made.errors)")
            return made
        }

        /// Returns when so many deliveries have the status.
        private func wait(
            for status: String, _ count: Int, of webhook: Webhook, on server: MusterServer,
            _ key: OperatorKey
        ) async throws {
            let path = "/v1/connections/\(webhook.connection)/hook/deliveries"
            while true {
                let answer = try await server.call(
                    "GET", "\(path)?status=\(status)&limit=1000", [key.header])
                #expect(answer.status == 200)
                let data = try answer.object()["data"] as? [Any]
                guard data?.count != count else { return }
            }
        }

        private func example(_ language: String) throws -> String {
            let document = try String(
                contentsOf: URL(filePath: #filePath).deletingLastPathComponent()
                    .deletingLastPathComponent().deletingLastPathComponent()
                    .appending(path: "docs/hooks.md"), encoding: .utf8)
            let blocks = document.components(separatedBy: "```\(language)\n").dropFirst()
                .compactMap { $0.components(separatedBy: "```").first }
            return try #require(blocks.first { $0.contains("whsec_") })
        }

        private func shellVerifies(
            _ request: LoopbackReceiver.Request, _ secret: String, in directory: TestDirectory
        ) async throws -> Int32 {
            let body = try directory.write(
                String(decoding: request.body, as: UTF8.self), to: "body.json")
            let process = try ChildProcess(
                "/bin/sh", ["-c", try example("sh"), "verify", body],
                environment: [
                    "WEBHOOK_SECRET": secret, "WEBHOOK_ID": request.field("webhook-id"),
                    "WEBHOOK_TIMESTAMP": request.field("webhook-timestamp"),
                    "WEBHOOK_SIGNATURE": request.field("webhook-signature"),
                ])
            return await process.exitCode()
        }

        private func pythonVerifies(
            _ request: LoopbackReceiver.Request, _ secret: String, in directory: TestDirectory
        ) async throws -> Int32 {
            let names = ["webhook-id", "webhook-timestamp", "webhook-signature"]
            let headers = try JSONSerialization.data(
                withJSONObject: Dictionary(
                    uniqueKeysWithValues: names.map { ($0, request.field($0)) }))
            let body = try directory.write(
                String(decoding: request.body, as: UTF8.self), to: "body.json")
            let call = """

                import json, sys
                body = open(sys.argv[3], "rb").read()
                sys.exit(0 if verify(sys.argv[1], json.loads(sys.argv[2]), body) else 1)
                """
            let process = try ChildProcess(
                "/usr/bin/env",
                [
                    "python3", "-c", try example("python") + call, secret,
                    String(decoding: headers, as: UTF8.self), body,
                ])
            return await process.exitCode()
        }
    }
}

extension LoopbackReceiver.Request {
    /// The value of a field; empty without.
    fileprivate func field(_ name: String) -> String {
        let line = head.components(separatedBy: "\r\n").first { $0.hasPrefix(name + ": ") }
        return line.map { String($0.dropFirst(name.utf8.count + 2)) } ?? ""
    }
}
