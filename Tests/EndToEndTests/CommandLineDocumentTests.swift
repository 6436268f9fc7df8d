import Foundation
import Testing

extension EndToEndTests {
    /// docs/cli.md shows each command with its output, and docs/launch-rules.md a way from nothing
    /// to an invitation: this runs them all, in their order, and compares.
    ///
    /// Ids, times, secrets and sizes differ from run to run; what stands for them in the document
    /// is paired with what the program printed, so that later commands may name it.
    /// `MUSTER_WRITE_DOCS=1` writes the document anew.
    @Suite struct CommandLineDocumentTests {
        private static let documents = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs")

        /// What is different each time.
        nonisolated(unsafe) private static let changing =
            #/
            (conn|aud|key|sec|rec|msg|study|rule|euser|org)_[0-9a-z]{16}\b | mixpanel_[0-9a-z]{10}
            | muster_(secret|key|pk|id|user|org)_\w+ | whsec_[A-Za-z0-9+/]+=*
            | [1-9A-HJ-NP-Za-km-z]{20}\b | \d{4}-\d\d-\d\dT[0-9:.]+Z
            | [0-9]+\ (bytes|KiB|MiB|may\ be) | [0-9]+\ of\ [0-9]+\ pages
            | step\ [0-9]{4}[^\n]* | key\ [0-9a-f]{8}
            /#

        @Test func everyExampleIsWhatTheProgramPrints() async throws {
            // Diffs, for what a full sync changes is told in the feed a moment later.
            try await play(
                "cli.md",
                after: [
                    page("add_members", cohort: "5540912", ["ana", "bo"]),
                    page("add_members", cohort: "77", ["ana"]),
                ])
        }

        @Test func theWayToAnInvitationIsAsItIsShown() async throws {
            try await play(
                "launch-rules.md",
                after: [
                    page(
                        "add_members", cohort: "5540912", name: "Checkout abandoners",
                        ["user-41", "user-42", "user-43"])
                ])
        }

        private func play(_ name: String, after pages: [Data]) async throws {
            let file = Self.documents.appending(path: name)
            let text = try String(contentsOf: file, encoding: .utf8)
            let directory = try TestDirectory()
            let written = try await withServer(in: directory) { server in
                let webhook = try await server.connect("Shop")
                for page in pages {
                    let answer = try await server.call(
                        "POST", webhook.path, [webhook.header], body: page)
                    #expect(answer.status == 200)
                }
                return try await played(text, in: directory, of: server)
            }
            if ProcessInfo.processInfo.environment["MUSTER_WRITE_DOCS"] != nil {
                try Data(written.utf8).write(to: file)
            }
        }

        /// The document with the outputs of this run.
        private func played(
            _ text: String, in directory: TestDirectory, of server: MusterServer
        ) async throws -> String {
            var names: [String: String] = ["/backups": directory.path("")]
            var parts = text.components(separatedBy: "```console\n")
            for index in parts.indices.dropFirst() {
                let end = try #require(parts[index].range(of: "```\n"))
                let shown = String(parts[index][..<end.lowerBound])
                let lines = shown.split(separator: "\n", maxSplits: 1)
                let command = String(try #require(lines.first))
                let words = names.reduce(String(command.dropFirst(2))) { words, name in
                    words.replacingOccurrences(of: name.key, with: name.value)
                }
                let both = try await output(of: words, in: directory, server)
                let printed = both.replacingOccurrences(
                    of: directory.data, with: "/var/lib/muster"
                ).replacingOccurrences(of: directory.path(""), with: "/backups/")
                    .replacingOccurrences(of: "/backups//", with: "/backups/")
                    .replacingOccurrences(of: "http://\(server.address)", with: "$API")
                    .replacing("\r\n", with: "\n")
                // Ids keep the names they have in the document, so that it can be written anew.
                let expected = lines.count > 1 ? String(lines[1]) : ""
                pair(expected, printed, &names)
                #expect(Self.steady(printed) == Self.steady(expected), "\(command)")
                let renamed = names.reduce(printed) { text, name in
                    text.replacingOccurrences(of: name.value, with: name.key)
                }
                // An answer over HTTP has no line end.
                let ended = renamed.hasSuffix("\n") ? renamed : renamed + "\n"
                parts[index] = command + "\n" + ended + parts[index][end.lowerBound...]
            }
            return parts.joined(separator: "```console\n")
        }

        /// What a shell prints, stdout first.
        private func output(
            of command: String, in directory: TestDirectory, _ server: MusterServer
        ) async throws -> String {
            let program = Muster.path.replacingOccurrences(of: "'", with: "")
            let process = try ChildProcess(
                "/bin/sh", ["-c", "muster() { '\(program)' \"$@\"; }; \(command)"],
                environment: [
                    "MUSTER_DATA_DIR": directory.data, "MUSTER_PORT": "0",
                    "API": "http://\(server.address)",
                ])
            _ = await process.exitCode()
            return await process.output.text() + process.errors.text()
        }

        private func pair(
            _ shown: String, _ printed: String, _ names: inout [String: String]
        ) {
            let tokens = [shown, printed].map { text in
                text.matches(of: Self.changing).map { String($0.output.0) }
            }
            // Sizes and times are no names; ids and the codes of invites are.
            for (shown, real) in zip(tokens[0], tokens[1])
            where real.contains("_") || real.wholeMatch(of: /\w{20}/) != nil {
                names[shown] = real
            }
        }

        /// Without what changes, the spaces that line it up, and the line ends of CSV.
        private static func steady(_ text: String) -> String {
            text.replacing("\r\n", with: "\n").replacing(changing, with: "…").replacing(
                #/ +/#, with: " "
            )
            .replacing(#/ \n/#, with: "\n").trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }
}
