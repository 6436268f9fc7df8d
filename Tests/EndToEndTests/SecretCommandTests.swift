import Foundation
import Testing

extension EndToEndTests {
    /// The life of secrets on the command line, beside a running server.
    @Suite struct SecretCommandTests {
        private func status(_ server: MusterServer, _ webhook: Webhook) async throws -> Int {
            try await server.call(
                "POST", webhook.path, [webhook.header], body: page("add_members", ["ana"])
            ).status
        }

        private func regenerate(
            _ webhook: Webhook, overlap: Int = 0, in directory: TestDirectory
        ) async throws -> Webhook {
            let made = try await Muster.run(
                "secret", "regenerate", webhook.connection, "--json", "--overlap-seconds",
                "\(overlap)", in: directory)
            #expect(made.code == 0, "\(made.errors)")
            let object = try made.object()
            #expect(object["webhook_path"] as? String == webhook.path)
            #expect(object["username"] as? String == webhook.user)
            return Webhook(
                path: webhook.path, user: webhook.user,
                secret: try #require(object["secret"] as? String))
        }

        @Test func aRegeneratedSecretReplacesTheOldAtOnceOrAfterAnOverlap() async throws {
            try await withServer { server in
                let first = try await server.connect()
                #expect(try await status(server, first) == 200)
                let second = try await regenerate(first, in: server.directory)
                #expect(try await status(server, first) == 401)
                #expect(try await status(server, second) == 200)
                let third = try await regenerate(second, overlap: 600, in: server.directory)
                #expect(try await status(server, second) == 200)
                #expect(try await status(server, third) == 200)
                let revoked = try await Muster.run(
                    "secret", "revoke", first.connection, in: server.directory)
                #expect(revoked.code == 0, "\(revoked.errors)")
                #expect(try await status(server, second) == 401)
                #expect(try await status(server, third) == 401)
            }
        }

        @Test func aConnectionThatIsSwitchedOffAnswers503UntilItIsOnAgain() async throws {
            try await withServer { server in
                let webhook = try await server.connect()
                for (word, expected) in [("switch-off", 503), ("switch-on", 200)] {
                    let run = try await Muster.run(
                        "connection", word, webhook.connection, in: server.directory)
                    #expect(run.code == 0, "\(run.errors)")
                    #expect(try await status(server, webhook) == expected)
                }
            }
        }

        // MARK: - Who sees a secret

        @Test func secretsGoToATerminalOrIntoJSONAndNothingIsDoneOtherwise() async throws {
            let directory = try TestDirectory()
            for words in [
                ["connection", "create", "--name", "X", "--cohort-sync"],
                ["key", "create", "--name", "X"],
                ["secret", "regenerate", "conn_0123456789abcdef"],
            ] {
                let run = try await Muster.run(words, in: directory)
                #expect(run.code == 64)
                #expect(run.output.isEmpty)
                #expect(run.errors.contains("add --json"), "\(run.errors)")
            }
            #expect(!FileManager.default.fileExists(atPath: directory.data))
            let plain = try await Muster.run("connection", "create", "--name", "X", in: directory)
            #expect(plain.code == 0, "there is no secret in it")

            let terminal = try PseudoTerminal(
                Muster.path, ["key", "create", "--name", "X", "--data-dir", directory.data])
            #expect(await terminal.exitCode() == 0)
            #expect(try await terminal.shows("muster_key_"))
        }

        @Test func aDemoIsShownOnceWhereverItIsAskedFor() async throws {
            let directory = try TestDirectory()
            let process = try ChildProcess(
                Muster.path, ["serve", "--demo", "--port", "0", "--data-dir", directory.data])
            #expect(await process.errors.line(beginningWith: "listening on ") != nil)
            process.signal(SIGTERM)
            _ = await process.exitCode()
            let shown = await process.errors.text()
            #expect(shown.contains("muster_secret_") && shown.contains("muster_key_"))
            let again = try ChildProcess(
                Muster.path, ["serve", "--demo", "--port", "0", "--data-dir", directory.data])
            #expect(await again.errors.line(beginningWith: "listening on ") != nil)
            again.signal(SIGTERM)
            _ = await again.exitCode()
            #expect(await !again.errors.text().contains("muster_secret_"))
        }

        @Test func aChosenSecretIsAskedForTwiceAndNotShown() async throws {
            let chosen = "an invented pass phrase"
            for (again, code, words) in [
                (chosen, 0, "$scrypt$ln=15,r=8,p=3$"), (chosen + "x", 64, "not the same"),
            ] as [(String, Int32, String)] {
                let terminal = try PseudoTerminal(Muster.path, ["secret", "hash"])
                #expect(try await terminal.shows("Secret: "))
                try terminal.type(chosen + "\n")
                #expect(try await terminal.shows("Again: "))
                try terminal.type(again + "\n")
                #expect(await terminal.exitCode() == code)
                #expect(try await terminal.shows(words), "\(terminal.shown)")
                #expect(!terminal.shown.contains(chosen))
            }
        }

        @Test func askingCanBeGivenUpAndNeedsATerminal() async throws {
            let terminal = try PseudoTerminal(Muster.path, ["secret", "hash"])
            #expect(try await terminal.shows("Secret: "))
            try terminal.type("half\u{3}")
            try terminal.type("\n")
            #expect(await terminal.exitCode() == 130)
            let without = try await Muster.run("secret", "hash")
            #expect(without.code == 64)
            #expect(without.errors.contains("--stdin"))
        }

        // MARK: - Declared connections

        @Test func aDeclaredConnectionOpensWithTheSecretItsHashIsOf() async throws {
            let directory = try TestDirectory()
            let webhook = try await EndToEndTests.declare("Lumen", in: directory)
            let file = directory.path("declared.json")
            try await withServer(in: directory, environment: ["MUSTER_CONFIG": file]) { server in
                #expect(try await status(server, webhook) == 200)
                #expect(try await status(server, webhook) == 200)
                let wrong = Webhook(path: webhook.path, user: "lumen", secret: "wrong")
                #expect(try await status(server, wrong) == 401)
                let edited = try await Muster.run(
                    "connection", "edit", webhook.connection, "--name", "Y", in: directory)
                #expect(edited.code == 73)
                #expect(edited.errors.contains("The configuration file declares"))
                let refused = try await Muster.run(
                    "secret", "regenerate", webhook.connection, "--json", in: directory)
                #expect(refused.code == 73)

                let text = try String(contentsOfFile: file, encoding: .utf8)
                _ = try directory.write(
                    text.replacing("Lumen", with: "Lumen 2"), to: "declared.json")
                server.process.signal(SIGHUP)
                #expect(await server.process.errors.contains("declared connections reloaded"))
                let list = try await Muster.run("connection", "list", in: directory)
                #expect(list.text.contains("Lumen 2"))
                _ = try directory.write("{", to: "declared.json")
                server.process.signal(SIGHUP)
                #expect(await server.process.errors.contains("declared connections not reloaded"))
                #expect(try await status(server, webhook) == 200)
            }
        }

        // MARK: - Keys

        @Test func keysAreRotatedBesideARunningServer() async throws {
            try await withServer { server in
                let file = server.directory.data + "/encryption.key"
                var keys: Set<String> = []
                for _ in 0..<2 {
                    let run = try await Muster.run("secrets", "rekey", in: server.directory)
                    #expect(run.code == 0, "\(run.errors)")
                    keys.insert(try String(contentsOfFile: file, encoding: .utf8))
                }
                #expect(keys.count == 2)
                try FileManager.default.setAttributes(
                    [.posixPermissions: 0o644], ofItemAtPath: file)
                let refused = try await Muster.run("secrets", "rekey", in: server.directory)
                #expect(refused.code == 69)
                #expect(refused.errors.contains("chmod 600 \(file)"), "\(refused.errors)")
            }
        }
    }

    /// A configuration file that declares a connection, and what opens it.
    static func declare(_ name: String, in directory: TestDirectory) async throws -> Webhook {
        let secret = "an invented pass phrase"
        let input = Pipe()
        let process = try ChildProcess(Muster.path, ["secret", "hash", "--stdin"], input: input)
        try input.fileHandleForWriting.write(contentsOf: Data("\(secret)\n".utf8))
        try input.fileHandleForWriting.close()
        #expect(await process.exitCode() == 0)
        let hash = await process.output.text().trimmingCharacters(in: .newlines)
        let made = try await Muster.run("connection", "id")
        let id = made.text.trimmingCharacters(in: .newlines)
        _ = try directory.write(
            """
            {"connections": [{"id": "\(id)", "name": "\(name)", "username": "lumen",
            "secret_hash": "\(hash)"}]}
            """, to: "declared.json")
        return Webhook(path: "/webhooks/mixpanel/\(id)", user: "lumen", secret: secret)
    }
}

extension Webhook {
    /// The connection's id: the last part of the path.
    var connection: String { path.split(separator: "/").last.map(String.init) ?? "" }
}
