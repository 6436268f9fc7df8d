import Foundation
import Testing

/// `muster simulate --serve-mixpanel`: a Mixpanel that syncs when it is told to.
struct MixpanelProcess: HTTPPeer {
    let process: ChildProcess
    let address: String
    let introduction: Introduction

    /// What it says of itself at the start.
    struct Introduction: Decodable, Sendable {
        let us: String
        let eu: String
        let `in`: String
        let username: String
        let secret: String
        let project: String
        let cohort: String
        let projectSecret: String
        let projectToken: String

        enum CodingKeys: String, CodingKey {
            case us, eu, `in`, username, secret, project, cohort
            case projectSecret = "project_secret"
            case projectToken = "project_token"
        }
    }

    static func start(members: Int, pageSize: Int) async throws -> MixpanelProcess {
        let process = try ChildProcess(
            Muster.path,
            [
                "simulate", "--serve-mixpanel", "--json", "--cycle", "0", "--region", "eu",
                "--members", "\(members)", "--page-size", "\(pageSize)",
                // All retries of a page take three seconds.
                "--retry-scale", "0.05", "--cohort-name", "Checkout abandoners",
            ])
        let words = "listening on "
        guard let line = await process.output.line(beginningWith: "{"),
            let place = await process.errors.line(beginningWith: words)
        else {
            Issue.record("Mixpanel did not start: \(await process.errors.text())")
            throw CancellationError()
        }
        return MixpanelProcess(
            process: process, address: String(place.dropFirst(words.count)),
            introduction: try JSONDecoder().decode(Introduction.self, from: Data(line.utf8)))
    }

    /// The settings that let a Muster ask here.
    var settings: [String: String] {
        [
            "MUSTER_MIXPANEL_US_URL": introduction.us, "MUSTER_MIXPANEL_EU_URL": introduction.eu,
            "MUSTER_MIXPANEL_IN_URL": introduction.in,
        ]
    }

    /// Has a command obeyed; for a sync, when it is over.
    @discardableResult
    func control(_ command: [String: any Sendable]) async throws -> State {
        let body = try JSONSerialization.data(withJSONObject: command)
        return try state(await call("POST", "/control", body: body))
    }

    func state() async throws -> State {
        try state(await call("GET", "/control"))
    }

    private func state(_ answer: Answer) throws -> State {
        #expect(answer.status == 200, "\(answer.text)")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(State.self, from: answer.body)
    }

    /// What `/control` answers, as far as tests ask.
    struct State: Decodable, Sendable {
        struct Cohort: Decodable, Sendable {
            let cohort: String
            /// Whom the webhook is sent, those who have been there longest first.
            let members: [String]
            let withoutProfile: [String]
        }

        struct Destination: Decodable, Sendable {
            let syncs: [Sync]
        }

        struct Sync: Decodable, Sendable {
            let state: String
            let reason: String?
        }

        struct Delivery: Decodable, Sendable {
            let number: Int
            let action: String
            let members: Int
            /// `nil` if there was no answer.
            let status: Int?
            let verdict: String
        }

        let cohorts: [Cohort]
        let destinations: [Destination]
        let deliveries: [Delivery]
    }
}
