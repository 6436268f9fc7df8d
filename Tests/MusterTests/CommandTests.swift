import ArgumentParser
import Audiences
import Foundation
import Testing

@testable import muster

@Suite struct CommandTests {
    @Test func theRootNamesEveryCommand() {
        let help = Muster.helpMessage(columns: 80)
        #expect(
            help == """
                OVERVIEW: Receives Mixpanel cohorts and answers who is in them.

                USAGE: muster <subcommand>

                OPTIONS:
                  --version               Show the version.
                  -h, --help              Show help information.

                SUBCOMMANDS:
                  serve                   Receives pages and answers questions until it is told
                                          to stop.
                  connection              Links to Mixpanel projects.
                  secret                  Secrets with which Mixpanel opens a webhook.
                  key                     Keys that open the API.
                  audience                Cohorts as received.
                  reconciliation          Comparisons of audiences with Mixpanel's own lists.
                  changes                 Shows who entered and left, oldest first.
                  person                  People, whatever audience they are in.
                  study                   What people are invited to.
                  rule                    Launch rules: who is offered a study, when, and how
                                          often.
                  invite                  Who was invited, where from, and what became of it.
                  sdk                     What your apps may ask: their key, and who their
                                          users are.
                  hook                    Where a connection's events are posted to.
                  secrets                 Secrets that are kept encrypted.
                  elements-user           Who may use the element API.
                  audit                   Who changed what.
                  config                  The settings in effect, and where each was said.
                  backup                  Copies the whole store into one file.
                  restore                 Makes the store what a backup holds.
                  doctor                  Looks for what is wrong or soon will be, and says how
                                          to mend it.
                  simulate                Plays Mixpanel against a webhook: a full sync in
                                          pages, then diffs.
                  healthcheck             Asks a running server whether it is ready; for a
                                          container's HEALTHCHECK.

                  See 'muster help <subcommand>' for detailed help.
                """)
    }

    @Test func theDocumentNamesEveryCommandAndEveryEnding() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/cli.md")
        let text = try String(contentsOf: file, encoding: .utf8)
        func check(_ command: any ParsableCommand.Type, _ path: [String]) {
            for next in command.configuration.subcommands {
                let path = path + [next._commandName]
                let name = path.joined(separator: " ")
                if next.configuration.subcommands.isEmpty {
                    let isNamed = ["`\(name)", "muster \(name)"].contains { text.contains($0) }
                    #expect(isNamed, "\(name)")
                }
                check(next, path)
            }
        }
        check(Muster.self, [])
        for ending in [
            Ending.usage, Ending.noInput, Ending.unavailable, Ending.software, Ending.cantCreate,
            Ending.configuration,
        ] {
            let row = "\n| \(ending.rawValue) | `EX_"
            #expect(text.contains(row))
        }
    }

    /// The commands that scripts rely on.
    @Test(arguments: [
        ["serve", "--port", "0", "--data-dir", "d"],
        ["connection", "create", "--name", "X", "--cohort-sync", "--json", "--data-dir", "d"],
        ["connection", "list", "--json"], ["connection", "show", "conn_x", "--json"],
        ["connection", "switch-off", "conn_x"], ["connection", "switch-on", "conn_x"],
        ["connection", "id"], ["secret", "regenerate", "conn_x", "--json"],
        ["secret", "regenerate", "conn_x", "--overlap-seconds", "604800"],
        ["secret", "revoke", "conn_x"], ["secret", "revoke", "conn_x", "--id", "sec_x"],
        ["secret", "hash"], ["secret", "hash", "--stdin"], ["secrets", "rekey"],
        ["key", "create", "--name", "X", "--json", "--data-dir", "d"],
        ["hook", "create", "conn_x", "--url", "https://a.example/", "--event", "audience.left"],
        ["hook", "edit", "conn_x", "--off"], ["hook", "deliveries", "conn_x", "--json"],
        ["key", "list"], ["key", "revoke", "key_x"], ["audience", "list", "--json"],
        ["audience", "members", "aud_x", "--limit", "1000"],
        ["audience", "export", "aud_x", "--format", "csv"], ["healthcheck"],
        ["config", "show", "--json"], ["config", "check"], ["doctor", "--json"],
        ["backup", "f", "--force"], ["restore", "f", "--yes"], ["audit", "list", "--json"],
        ["connection", "create", "--name", "X", "--username", "u", "--secret-stdin"],
        ["connection", "edit", "conn_x", "--no-service-account"],
        ["connection", "edit", "conn_x", "--project", "3012457"],
        ["connection", "set-up", "conn_x", "--json"], ["connection", "verify", "conn_x"],
        ["connection", "delete", "conn_x", "--yes"], ["connection", "cohorts", "conn_x"],
        ["key", "create", "--name", "X", "--scope", "read"], ["audience", "show", "aud_x"],
        ["audience", "syncs", "aud_x"], ["audience", "shared-references", "aud_x"],
        ["person", "audiences", "ana", "--at", "2026-11-22T04:00:00Z"],
        ["person", "eligibility", "ana"],
        ["study", "create", "--name", "X", "--url", "https://ask.example/s", "--json"],
        ["study", "edit", "X", "--weekly-max", "none", "--opens-in", "external_browser"],
        ["study", "activate", "X"], ["study", "pause", "X"], ["study", "close", "X", "--yes"],
        ["rule", "create", "--name", "X", "--study", "S", "--audience", "A", "--active"],
        ["rule", "create", "--name", "X", "--study", "S", "--event", "e", "--direct-link"],
        [
            "rule", "edit", "X", "--cooldown-hours", "8760", "--per-person", "none", "--total",
            "1000000000", "--percent", "12.34", "--from", "2026-12-01T08:00:00Z", "--until",
            "none", "--except", "A", "--except", "B", "--priority=-5",
        ],
        ["rule", "activate", "X"], ["rule", "pause", "X"], ["rule", "archive", "X", "--yes"],
        ["rule", "funnel", "X", "--json"], ["rule", "list", "--study", "S"],
        ["invite", "list", "--person", "ana", "--rule", "X"],
        ["invite", "export", "--format", "csv"], ["sdk", "set-up"], ["sdk", "show", "conn_x"],
        ["sdk", "edit", "--cooldown-hours", "24", "--no-require-identity"],
        ["sdk", "new-key", "--yes"], ["sdk", "new-secret", "--json"],
    ])
    func aStableCommandIsUnderstood(words: [String]) throws {
        _ = try Muster.parseAsRoot(words)
    }

    @Test(arguments: [
        ["serve", "--port", "x"], ["connection", "create"], ["nothing"],
        ["secret", "regenerate", "conn_x", "--overlap-seconds", "604801"],
        ["secret", "regenerate", "conn_x", "--overlap-seconds", "-1"], ["secret", "revoke"],
        ["audience", "members", "a", "--limit", "0"],
        ["audience", "members", "a", "--limit", "1001"],
        ["audience", "export", "a", "--format", "xml"], ["key", "create", "--scope", "all"],
        ["connection", "create", "--name", "X", "--secret-stdin"],
        ["connection", "create", "--name", "X", "--project", "1"],
        ["connection", "edit", "c", "--username", "u", "--no-service-account"],
        ["connection", "create", "--name", "X", "--username", "u", "--secret", "s"],
        ["connection", "edit", "c", "--name", ""], ["connection", "edit", "c", "--trait", ""],
        ["connection", "edit", "c", "--reference-property", ""],
        ["audit", "list", "--action", "nothing"], ["study", "create", "--name", "X"],
        ["study", "create", "--name", "", "--url", "https://ask.example/s"],
        ["study", "create", "--name", "X", "--url", "http://ask.example/s"],
        ["study", "edit", "X", "--weekly-max", "0"], ["study", "edit", "X", "--name", ""],
        ["study", "edit", "X", "--monthly-max", "1000000001"],
        ["rule", "create", "--name", "X", "--study", "S"],
        ["rule", "create", "--name", "X", "--study", "S", "--event", "e", "--audience", "A"],
        ["rule", "edit", "X", "--cooldown-hours", "8761"], ["rule", "edit", "X", "--total", "x"],
        ["rule", "edit", "X", "--percent", "100.01"], ["rule", "edit", "X", "--event", ""],
        ["rule", "edit", "X", "--priority", "1000001"], ["rule", "edit", "X", "--from", "today"],
        ["rule", "edit", "X", "--except", "A", "--no-exceptions"],
        ["invite", "list", "--limit", "0"], ["invite", "list", "--person", ""],
        ["sdk", "edit", "--cooldown-hours", "8761"],
    ])
    func aCommandThatCannotBeMeantIsUsage(words: [String]) {
        let error = #expect(throws: (any Error).self) { try Muster.parseAsRoot(words) }
        if let error { #expect(Muster.exitCode(for: error).rawValue == 64) }
    }

    @Test(
        arguments: [
            (.invalid, 64), (.notFound, 66), (.conflict, 73), (.unavailable, 69),
            (.internal, 70),
        ] as [(Failure.Code, Int32)])
    func aFailureEndsWithACodeOfSysexits(code: Failure.Code, expected: Int32) {
        #expect(Failure(code, "x").exitCode.rawValue == expected)
    }

    @Test(arguments: [
        ("Buyers", "Buyers"), ("Žluťoučký 👩‍🚀", "Žluťoučký 👩‍🚀"), ("a\nb", "a\u{FFFD}b"),
        ("\u{1B}[2Ja", "\u{FFFD}[2Ja"),
        ("a\u{9B}31m\u{7F}\0\t", "a\u{FFFD}31m\u{FFFD}\u{FFFD}\u{FFFD}"),
    ])
    func aNameCannotDrawOnTheTerminal(name: String, shown: String) {
        #expect(Terminal.table(["NAME"], [[name]]).split(separator: "\n") == ["NAME", shown[...]])
        #expect(Terminal.harmless(name) == shown.replacing("a\u{FFFD}b", with: "a\nb"))
    }

    @Test func aTableLinesUpItsColumns() {
        let table = Terminal.table(["A", "LONGER"], [["1", "x"], ["234", "y"]])
        #expect(table == "A    LONGER\n1    x\n234  y")
    }
}
