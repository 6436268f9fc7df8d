import ArgumentParser
import Audiences
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
                  changes                 Shows who entered and left, oldest first.
                  person                  People, whatever audience they are in.
                  secrets                 Secrets that are kept encrypted.
                  simulate                Plays Mixpanel against a webhook: a full sync in
                                          pages, then diffs.
                  healthcheck             Asks a running server whether it is ready; for a
                                          container's HEALTHCHECK.

                  See 'muster help <subcommand>' for detailed help.
                """)
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
        ["key", "list"], ["key", "revoke", "key_x"], ["audience", "list", "--json"],
        ["audience", "members", "aud_x", "--limit", "1000"],
        ["audience", "export", "aud_x", "--format", "csv"], ["healthcheck"],
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
        ["audience", "export", "a", "--format", "xml"],
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

    @Test func aTableLinesUpItsColumns() {
        let table = Terminal.table(["A", "LONGER"], [["1", "x"], ["234", "y"]])
        #expect(table == "A    LONGER\n1    x\n234  y")
    }
}
