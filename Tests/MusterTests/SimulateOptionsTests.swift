import ArgumentParser
import Foundation
import Testing

@testable import muster

@Suite struct SimulateOptionsTests {
    @Test func withoutAUsernameNoCredentialsAreSent() throws {
        let credentials = try SimulateCredentials.parse([])
        let environment = ["MUSTER_SIMULATE_SECRET": "s"]
        #expect(try credentials.authorization(environment: environment) == nil)
    }

    @Test(arguments: [
        (["--username", "u", "--secret", "s:t"], [:], "u:s:t"),
        (["--username", "u"], ["MUSTER_SIMULATE_SECRET": "env"], "u:env"),
        (["--username", "u", "--secret", "s"], ["MUSTER_SIMULATE_SECRET": "env"], "u:s"),
        (["--username", "", "--secret", ""], [:], ":"),
    ])
    func theCredentialsAreBasic(
        arguments: [String], environment: [String: String], pair: String
    ) throws {
        let credentials = try SimulateCredentials.parse(arguments)
        let expected = "Basic " + Data(pair.utf8).base64EncodedString()
        #expect(try credentials.authorization(environment: environment) == expected)
    }

    @Test(arguments: ["word", "word\n", "word\r\n", "word\nmore\n"])
    func theSecretIsTheFirstLineOfItsFile(content: String) throws {
        let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try Data(content.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let credentials = try SimulateCredentials.parse([
            "--username", "u", "--secret-file", file.path,
        ])
        let expected = "Basic " + Data("u:word".utf8).base64EncodedString()
        #expect(try credentials.authorization(environment: [:]) == expected)
    }

    @Test(arguments: [
        ["--username", "u"], ["--username", "u", "--secret-file", "/nowhere/at/all"],
    ])
    func aUsernameNeedsASecret(arguments: [String]) throws {
        let credentials = try SimulateCredentials.parse(arguments)
        #expect(throws: ValidationError.self) {
            try credentials.authorization(environment: [:])
        }
    }

    @Test(arguments: [
        ["http://localhost:1/x", "--secret", "s"], ["http://localhost:1/x", "--secret-file", "f"],
        ["http://localhost:1/x", "--username", "a:b", "--secret", "s"],
        ["http://localhost:1/x", "--username", "u", "--secret", "s", "--secret-file", "f"],
        ["ftp://localhost/x"], ["localhost:1"], ["http://"], [""],
        ["http://u:p@localhost/"], ["http://u@localhost/"],
        ["http://localhost/", "--parallel", "0"], ["http://localhost/", "--parallel", "257"],
        ["http://localhost/", "--timeout", "0"], ["http://localhost/", "--timeout", "3601"],
        ["http://localhost/", "--repeat-share", "1.1"],
        ["http://localhost/", "--retry-scale", "-1"],
        ["http://localhost/", "--members", "-1"], ["http://localhost/", "--order", "any"],
    ])
    func whatCannotBeDoneIsAUsageError(arguments: [String]) {
        let error = #expect(throws: (any Error).self) { try SimulateCommand.parse(arguments) }
        #expect(error.map { SimulateCommand.exitCode(for: $0).rawValue } == 64)
    }

    @Test(arguments: [
        ["http://localhost/"], ["https://[::1]:8443/webhooks/mixpanel/c1?key=1"],
        ["http://localhost/", "--parallel", "256", "--timeout", "3600", "--order", "reversed"],
        ["http://localhost/", "--seed", "18446744073709551615"],
    ])
    func whatCanBeDoneIsParsed(arguments: [String]) throws {
        #expect(throws: Never.self) { try SimulateCommand.parse(arguments) }
    }
}
