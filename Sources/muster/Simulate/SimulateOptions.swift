internal import ArgumentParser
internal import Foundation
internal import Mixpanel

/// Who the simulator says it is: Basic credentials, or none (RFC 7617).
struct SimulateCredentials: ParsableArguments {
    @Option(help: "The Basic username of the cohort sync; without it no credentials are sent.")
    var username: String?
    @Option(help: "The secret of the cohort sync.")
    var secret: String?
    @Option(help: ArgumentHelp("A file that holds the secret.", valueName: "file"))
    var secretFile: String?

    func validate() throws {
        guard let username else {
            guard secret == nil, secretFile == nil else {
                throw ValidationError("A secret needs a --username.")
            }
            return
        }
        guard secret == nil || secretFile == nil else {
            throw ValidationError("Give either --secret or --secret-file.")
        }
        guard !username.utf8.contains(UInt8(ascii: ":")) else {
            throw ValidationError("A Basic username has no colon.")
        }
    }

    /// The value of `Authorization`; `nil` if none is to be sent.
    ///
    /// - Parameter environment: where `MUSTER_SIMULATE_SECRET` may be.
    /// - Returns: `Basic` and base64.
    /// - Throws: `ValidationError` if there is a username and no secret.
    func authorization(environment: [String: String]) throws -> String? {
        guard let username, let password = try password(environment: environment) else {
            return nil
        }
        return "Basic " + Data("\(username):\(password)".utf8).base64EncodedString()
    }

    /// The secret; `nil` without a username, and never without a secret for one.
    func password(environment: [String: String]) throws -> String? {
        guard username != nil else { return nil }
        guard let password = try fileSecret() ?? secret ?? environment["MUSTER_SIMULATE_SECRET"]
        else {
            throw ValidationError(
                "Give the secret: --secret-file, MUSTER_SIMULATE_SECRET or --secret.")
        }
        return password
    }

    /// The first line of the file, since editors put a line end behind it.
    private func fileSecret() throws -> String? {
        guard let secretFile else { return nil }
        guard let bytes = FileManager.default.contents(atPath: secretFile) else {
            throw ValidationError("The secret file can't be read.")
        }
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        return String(decoding: line, as: UTF8.self)
    }
}

/// Whom the simulator sends.
struct SimulateCohortOptions: ParsableArguments {
    @Option(help: "How many people the full sync has.")
    var members = 20_000
    @Option(help: "People a page.")
    var pageSize = 1000
    @Option(help: "Syncs after the full one in which people enter and leave.")
    var diffs = 3
    @Option(help: "Which share of the cohort enters, and leaves, with each diff.")
    var diffShare = 0.01
    @Option(help: "Syncs at the end in which nothing changed.")
    var emptyDiffs = 1
    @Option(help: "Which share of the people has a reference_id.")
    var referenceShare = 0.8
    @Option(help: "Leave this page of the full sync out, so that it never completes.")
    var missingPage: Int?
    @Option(help: "The same seed invents the same people; without it they are others each time.")
    var seed: UInt64?
    @Option(help: "mixpanel_project_id")
    var projectId = "1000001"
    @Option(help: "mixpanel_cohort_id")
    var cohortId = "2000001"
    @Option(help: "mixpanel_cohort_name")
    var cohortName = "Simulated cohort"

    func plan(seed: UInt64) -> SimulationPlan {
        var plan = SimulationPlan(seed: seed)
        plan.memberCount = members
        plan.pageSize = pageSize
        plan.diffCount = diffs
        plan.diffShare = diffShare
        plan.emptyDiffCount = emptyDiffs
        plan.referenceShare = referenceShare
        plan.missingPage = missingPage
        return plan
    }

    var name: SimulatedCohortName {
        SimulatedCohortName(projectID: projectId, cohortID: cohortId, name: cohortName)
    }

    func validate() throws {
        if let problem = plan(seed: 0).problem { throw ValidationError(problem) }
    }
}

/// How the simulator sends.
struct SimulateDeliveryOptions: ParsableArguments {
    @Option(help: "How many pages are under way at once.")
    var parallel = 4
    @Option(help: "The order of the pages of an export.")
    var order = Delivery.Order.shuffled
    @Option(help: "Which share of the pages is sent twice.")
    var repeatShare = 0.1
    @Option(help: "How long to wait for an answer, in seconds.")
    var timeout = 30
    @Option(help: "Multiplies the waits between retries, which are a minute together.")
    var retryScale = 1.0

    /// Above this, the simulator measures itself.
    static let parallelMax = 256
    /// Longer than any receiver may take, and no overflow.
    static let timeoutSecondsMax = 3600

    var delivery: Delivery { Delivery(order: order, repeatShare: repeatShare) }

    func validate() throws {
        guard (1...Self.parallelMax).contains(parallel) else {
            throw ValidationError("1 to \(Self.parallelMax) pages can be under way at once.")
        }
        guard (1...Self.timeoutSecondsMax).contains(timeout) else {
            throw ValidationError("The timeout is 1 to \(Self.timeoutSecondsMax) seconds.")
        }
        guard (0...1).contains(repeatShare), (0...1).contains(retryScale) else {
            throw ValidationError("A share or a scale is a number from 0 to 1.")
        }
    }
}

extension Delivery.Order: ExpressibleByArgument {}
