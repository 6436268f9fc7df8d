internal import ArgumentParser
internal import Foundation
internal import Mixpanel

/// `muster simulate`: plays Mixpanel's cohort sync against a webhook.
struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Plays Mixpanel against a webhook: a full sync in pages, then diffs.",
        discussion: """
            Pages that are answered with 429 or 5xx, or not at all, are sent again 5 times \
            within a minute; any other refusal ends the run, as it would pause the sync at \
            Mixpanel.

            The secret is read from --secret-file, from the environment variable \
            MUSTER_SIMULATE_SECRET, or from --secret, which others may see in the list of \
            processes.

            Exit codes: 0 all pages taken; 65 refused with 400; 69 refused otherwise, or \
            retries used up; 73 the expected file can't be written; 76 an answer Mixpanel \
            would not understand; 77 refused with 401 or 403.

            With --serve-mixpanel it is a whole Mixpanel to test against, on 127.0.0.1: it \
            prints the addresses of its three regions and a service account, answers who that \
            is, which cohorts there are and who is in them, and syncs its cohort to the URL, if \
            one is given, as often as --cycle says. GET /control shows its state as JSON, POST \
            /control obeys one of these commands, or a list of them, and so does --scenario:

            \(SimulatedMixpanel.commandHelp)
            """)

    @Argument(help: "The URL of the webhook, http or https.")
    var url: String?
    @OptionGroup(title: "Serving")
    var server: SimulateServerOptions
    @OptionGroup(title: "Credentials")
    var credentials: SimulateCredentials
    @OptionGroup(title: "Cohort")
    var cohort: SimulateCohortOptions
    @OptionGroup(title: "Delivery")
    var delivery: SimulateDeliveryOptions
    @Option(
        help: ArgumentHelp(
            "Write who must be in the audience afterwards, one JSON object a line.",
            valueName: "file"))
    var expectedFile: String?
    @Flag(help: "Print the summary as JSON.")
    var json = false

    func validate() throws {
        if url != nil || !server.serveMixpanel { _ = try target() }
    }

    func run() async throws {
        if server.serveMixpanel { return try await serveMixpanel() }
        let target = try target()
        let authorization = try credentials.authorization(
            environment: ProcessInfo.processInfo.environment)
        let plan = cohort.plan(seed: cohort.seed ?? .random(in: 0...UInt64(UInt32.max)))
        let simulated = SimulatedCohort(plan)
        if let expectedFile {
            try write(simulated.expectedMembers(), to: expectedFile)
        }
        let exchange = HTTPExchange(connectionsMax: delivery.parallel)
        defer { exchange.finish() }
        let run = SimulationRun(
            cohort: simulated, name: cohort.name, delivery: delivery.delivery,
            parallel: delivery.parallel,
            sender: sender(to: target, authorization, through: exchange))
        var bar = ProgressBar.forStandardError()
        let tally = try await run.play { tally in
            if let text = bar.update(done: tally.pagesSent, of: tally.pagesPlanned) {
                FileHandle.standardError.write(Data(text.utf8))
            }
        }
        if tally.isStopped, let text = bar.interruption {
            FileHandle.standardError.write(Data(text.utf8))
        }
        let summary = Summary(
            tally: tally, seed: plan.seed, membersExpected: simulated.expectedMemberCount)
        print(json ? summary.json : summary.text)
        if tally.exitCode != 0 { throw ExitCode(tally.exitCode) }
    }

    private func target() throws -> URL {
        guard let url = url.flatMap(URL.init(string:)), let host = url.host(percentEncoded: true),
            !host.isEmpty, let scheme = url.scheme, scheme == "http" || scheme == "https"
        else { throw ValidationError("The URL must begin with http:// or https:// and a host.") }
        guard url.user(percentEncoded: true) == nil, url.password(percentEncoded: true) == nil
        else { throw ValidationError("Give the credentials with --username, not in the URL.") }
        return url
    }

    private func sender(
        to url: URL, _ authorization: String?, through exchange: HTTPExchange
    ) -> Sender {
        var headers = [(name: "Content-Type", value: "application/json")]
        if let authorization { headers.append(("Authorization", authorization)) }
        let timeout = Duration.seconds(delivery.timeout)
        return Sender(retries: RetrySchedule(scale: delivery.retryScale)) { [headers] body in
            let answer = try await exchange(
                "POST", url, headers: headers, body: body, timeout: timeout)
            return (answer.status, answer.body)
        }
    }

    private func write(_ members: [ExpectedMember], to path: String) throws {
        do {
            let lines = members.reduce(into: Data()) { $0 += $1.line }
            try lines.write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            FileHandle.standardError.write(Data("Error: \(path) can't be written.\n".utf8))
            throw ExitCode(73)
        }
    }
}
