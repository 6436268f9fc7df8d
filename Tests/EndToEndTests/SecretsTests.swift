import Foundation
import Testing

extension EndToEndTests {
    @Suite struct SecretsTests {
        private static let email = "rosa.lind@example.com"

        @Test func noSecretIsWrittenAnywhereAndNobodysEmailIsLogged() async throws {
            let directory = try TestDirectory()
            let declared = try await EndToEndTests.declare("Lumen", in: directory)
            let key32 = Data((0..<32).map { _ in UInt8.random(in: 0...255) })
            let environment = [
                "MUSTER_LOG_LEVEL": "trace", "MUSTER_CONFIG": directory.path("declared.json"),
                "MUSTER_ENCRYPTION_KEY": key32.base64EncodedString(),
            ]
            try await withServer(in: directory, environment: environment) { server in
                let webhook = try await server.connect()
                let key = try await server.operatorKey()
                let regenerated = try await Muster.run(
                    "secret", "regenerate", webhook.connection, "--json", "--overlap-seconds",
                    "60", in: directory)
                let second = try #require(try regenerated.object()["secret"] as? String)
                try await talk(to: server, webhook, key)
                try await talk(to: server, declared, key)
                try await talk(
                    to: server, Webhook(path: webhook.path, user: webhook.user, secret: second), key
                )
                let rekeyed = try await Muster.run(
                    "secrets", "rekey", in: directory, environment: environment)
                #expect(rekeyed.code == 0, "\(rekeyed.errors)")
                // With the log of the database, and again when it has been moved into it.
                let during = try dataFiles(in: directory)
                server.process.signal(SIGTERM)
                #expect(await server.process.exitCode() == 0)
                let stored = try during + dataFiles(in: directory)
                let logs = await [
                    ("stdout", server.process.output.complete()),
                    ("stderr", server.process.errors.complete()),
                    ("rekey", Data(rekeyed.errors.utf8)),
                ]
                #expect(stored.contains { $0.bytes.holds("rosa-distinct") }, "the search works")
                #expect(logs.contains { $0.1.holds("page recorded") }, "the search works")
                for secret in [
                    webhook.secret, webhook.credentials, second, declared.secret,
                    declared.credentials, key.key,
                ].map({ Data($0.utf8) }) + [key32] {
                    let hidden = HiddenText("a secret", secret)
                    for (name, bytes) in stored + logs {
                        #expect(!hidden.isIn(bytes), "a secret is in \(name)")
                    }
                }
                for (name, bytes) in logs {
                    #expect(!bytes.holds(Self.email), "an e-mail address is in \(name)")
                    #expect(!bytes.holds("rosa"), "an id is in \(name)")
                }
                // Nor is it kept: no property is, unless the connection allows it by name.
                #expect(!stored.contains { $0.bytes.holds(Self.email) })
            }
        }

        /// What works, what is refused, and what is broken, all with something to hide.
        private func talk(
            to server: MusterServer, _ webhook: Webhook, _ key: OperatorKey
        ) async throws {
            let member = #"{"mixpanel_distinct_id":"rosa-distinct","email":"\#(Self.email)"}"#
            let good = """
                {"action":"members","parameters":{"mixpanel_cohort_id":"5","members":[\(member)]}}
                """
            let bad = """
                {"action":"members","parameters":{"members":[\(member)]}}
                """
            let wrong = Data("\(webhook.user):\(webhook.secret)x".utf8).base64EncodedString()
            for (header, body, status) in [
                (webhook.header, good, 200), (webhook.header, bad, 400),
                (webhook.header, "\(Self.email) {", 400),
                ("Authorization: Basic \(wrong)", good, 401),
                ("Authorization: \(webhook.secret)", good, 401),
            ] {
                let answer = try await server.call(
                    "POST", webhook.path, [header], body: Data(body.utf8))
                #expect(answer.status == status)
                for hidden in [webhook.secret, webhook.credentials, Self.email] {
                    #expect(!answer.body.holds(hidden))
                }
            }
            for (path, header, status) in [
                ("/v1/memberships?match_id=\(Self.email)", key.header, 200),
                ("/v1/memberships?match_id=rosa-distinct", key.header, 200),
                ("/v1/nothing/\(Self.email)?key=\(key.key)", key.header, 404),
                ("/v1/audiences?limit=\(Self.email)", key.header, 400),
                ("/v1/audiences", "Authorization: Bearer \(key.key)x", 401),
            ] {
                #expect(try await server.call("GET", path, [header]).status == status, "\(path)")
            }
        }
    }
}
