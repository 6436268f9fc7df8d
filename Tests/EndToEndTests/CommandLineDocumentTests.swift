import Foundation
import Testing

extension EndToEndTests {
    /// docs/cli.md shows each command with its output: this runs them all, in their order, and
    /// compares.
    ///
    /// Ids, times, secrets and sizes differ from run to run; what stands for them in the document
    /// is paired with what the program printed, so that later commands may name it.
    /// `MUSTER_WRITE_DOCS=1` writes the document anew.
    @Suite struct CommandLineDocumentTests {
        private static let file = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/cli.md")

        /// What is different each time.
        nonisolated(unsafe) private static let changing =
            #/
            (conn|aud|key|sec|rec|msg)_[0-9a-z]{16} | mixpanel_[0-9a-z]{10}
            | muster_(secret|key)_\w+ | whsec_[A-Za-z0-9+/]+=* | \d{4}-\d\d-\d\dT[0-9:.]+Z
            | [0-9]+\ (bytes|KiB|MiB|may\ be) | [0-9]+\ of\ [0-9]+\ pages
            | step\ [0-9]{4}[^\n]* | key\ [0-9a-f]{8}
            /#

        @Test func everyExampleIsWhatTheProgramPrints() async throws {
            let text = try String(contentsOf: Self.file, encoding: .utf8)
            let directory = try TestDirectory()
            let written = try await withServer(in: directory) { server in
                let webhook = try await server.connect("Shop")
                // Diffs, for what a full sync changes is told in the feed a moment later.
                for (cohort, members) in [("5540912", ["ana", "bo"]), ("77", ["ana"])] {
                    let answer = try await server.call(
                        "POST", webhook.path, [webhook.header],
                        body: page("add_members", cohort: cohort, members))
                    #expect(answer.status == 200)
                }
                return try await played(text, in: directory)
            }
            if ProcessInfo.processInfo.environment["MUSTER_WRITE_DOCS"] != nil {
                try Data(written.utf8).write(to: Self.file)
            }
        }

        /// The document with the outputs of this run.
        private func played(_ text: String, in directory: TestDirectory) async throws -> String {
            var names: [String: String] = ["/backups": directory.path("")]
            var parts = text.components(separatedBy: "```console\n")
            for index in parts.indices.dropFirst() {
                let end = try #require(parts[index].range(of: "```\n"))
                let shown = String(parts[index][..<end.lowerBound])
                let lines = shown.split(separator: "\n", maxSplits: 1)
                let command = String(try #require(lines.first))
                var words = try #require(
                    command.hasPrefix("$ muster ")
                        ? command.split(separator: " ").dropFirst(2) : nil
                ).map(String.init)
                for (shown, real) in names {
                    words = words.map { $0.replacingOccurrences(of: shown, with: real) }
                }
                let process = try ChildProcess(
                    Muster.path, words,
                    environment: ["MUSTER_DATA_DIR": directory.data, "MUSTER_PORT": "0"])
                _ = await process.exitCode()
                let both = await process.output.text() + process.errors.text()
                let printed = both.replacingOccurrences(
                    of: directory.data, with: "/var/lib/muster"
                ).replacingOccurrences(of: directory.path(""), with: "/backups/")
                    .replacingOccurrences(of: "/backups//", with: "/backups/")
                // Ids keep the names they have in the document, so that it can be written anew.
                let expected = lines.count > 1 ? String(lines[1]) : ""
                pair(expected, printed, &names)
                #expect(Self.steady(printed) == Self.steady(expected), "\(command)")
                let renamed = names.reduce(printed) { text, name in
                    text.replacingOccurrences(of: name.value, with: name.key)
                }
                parts[index] = command + "\n" + renamed + parts[index][end.lowerBound...]
            }
            return parts.joined(separator: "```console\n")
        }

        private func pair(
            _ shown: String, _ printed: String, _ names: inout [String: String]
        ) {
            let tokens = [shown, printed].map { text in
                text.matches(of: Self.changing).map { String($0.output.0) }
            }
            // Sizes and times are no names.
            for (shown, real) in zip(tokens[0], tokens[1]) where real.contains("_") {
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
