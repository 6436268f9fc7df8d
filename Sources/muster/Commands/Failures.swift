import ArgumentParser
import Audiences

/// How a command ends, by sysexits(3); docs/cli.md lists them.
enum Ending {
    static let usage = ExitCode(64)
    static let noInput = ExitCode(66)
    static let unavailable = ExitCode(69)
    static let software = ExitCode(70)
    static let cantCreate = ExitCode(73)
    static let configuration = ExitCode(78)
    /// What a shell reports of a process that SIGINT ended.
    static let interrupted = ExitCode(130)
}

/// Runs `body`; a `Failure` becomes one line on stderr and an exit code of sysexits, and what is
/// wrong with the configuration a line each.
func explainingFailures<Value>(_ body: () async throws -> Value) async throws -> Value {
    do {
        return try await body()
    } catch let wrong as ConfigurationProblems {
        for problem in wrong.problems { Terminal.error("muster: \(problem)") }
        throw Ending.configuration
    } catch let failure as Failure {
        let detail = failure.detail.isEmpty ? "" : " (\(failure.detail))"
        Terminal.error("muster: \(failure.message)\(detail)")
        throw failure.exitCode
    }
}

extension Failure {
    var exitCode: ExitCode {
        switch code {
        case .invalid: Ending.usage
        case .notFound, .gone: Ending.noInput
        case .conflict: Ending.cantCreate
        case .unavailable: Ending.unavailable
        case .internal: Ending.software
        }
    }
}
