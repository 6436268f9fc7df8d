import Foundation
import Testing

/// Rows 64 to 74: what Mixpanel answers when Muster asks.
extension AcceptanceRow {
    static let accounts = [
        AcceptanceRow(
            64, "an account of the EU, of one project",
            also: ["func theFirstRegionThatKnowsTheAccountCounts"]
        ) { bench in
            try await withMixpanel(bench) { mixpanel, bench in
                let made = try await bench.connect(mixpanel)
                #expect(made.status == "connected")
                #expect(made.account["project"] as? [String: String] == project(of: mixpanel))
                mixpanel.process.signal(SIGTERM)
                let asked = await mixpanel.process.errors.text().split(separator: "\n").dropFirst()
                #expect(
                    asked == [
                        "asked for /us/api/app/me: 401", "asked for /eu/api/app/me: 200",
                    ])
            }
        },
        AcceptanceRow(
            65, "projects of every domain",
            .elsewhere([
                "func theRegionOfAProjectIsThatOfItsDomain",
                "func theRegionOfAnUnknownDomainIsTried",
            ])),
        AcceptanceRow(
            66, "an account that may not list its projects",
            also: ["func anAccountThatMayNotListItsProjectsIsToldOne"]
        ) { bench in
            try await withMixpanel(bench) { mixpanel, bench in
                try await mixpanel.control(["do": "account", "lists_projects": false])
                let made = try await bench.connect(mixpanel)
                #expect(made.status == "needs_project")
                #expect(made.message.contains("enter the project id"))
                let chosen = try await bench.api(
                    "PATCH", "/connections/\(made.id)",
                    ["project_id": mixpanel.introduction.project])
                #expect(try chosen.object()["status"] as? String == "connected")
            }
        },
        AcceptanceRow(
            67, "bad credentials, no network, and some of both",
            also: ["func whyAnAccountIsNotFoundIsToldApart"]
        ) { bench in
            try await withMixpanel(bench) { mixpanel, bench in
                let bad = try await bench.connect(mixpanel, secret: "another")
                #expect(bad.status == "rejected")
                #expect(bad.message.contains("copy both again"))
                try await mixpanel.control(
                    ["do": "fault", "kind": "status", "status": 503, "region": "in"])
                let mixed = try await bench.connect(mixpanel, secret: "another")
                #expect(mixed.status == "unreachable")
                #expect(mixed.message.contains("and others did not"))
                try await mixpanel.control(["do": "fault", "kind": "status", "status": 503])
                let silent = try await bench.connect(mixpanel)
                #expect(silent.status == "unreachable")
                #expect(silent.message.contains("check the network"))
            }
        },
        AcceptanceRow(
            68, "an answer of other fields, or of no project",
            .elsewhere([
                "func oddFieldsAreAsGoodAsMissing", "func noProjectsAreNoError",
                #"([.me("{}")], .rejected, "no project")"#,
            ])),
        AcceptanceRow(
            69, "a proxy that answers for Mixpanel", also: ["func aPageOfAProxyIsNoAccount"]
        ) { bench in
            try await withMixpanel(bench) { mixpanel, bench in
                for kind in ["web_page", "redirect"] {
                    try await mixpanel.control(["do": "fault", "kind": kind])
                    let made = try await bench.connect(mixpanel)
                    #expect(made.status == "unreachable")
                    #expect(made.message.contains("answered with"), "\(made.message)")
                    try await mixpanel.control(["do": "clear_faults"])
                }
                #expect(try await bench.connect(mixpanel).status == "connected")
            }
        },
        AcceptanceRow(
            70, "a project of another region",
            .elsewhere(["func aWrongRegionIsOfferedToBeSwitched", "func aRefusalIsClassified"])),
        AcceptanceRow(
            71, "refusals of the Query API",
            also: ["func aRefusalIsClassified", "func mixpanelBusyTellsWhenToComeBack"]
        ) { bench in
            try await withMixpanel(bench) { mixpanel, bench in
                let id = try await bench.connect(mixpanel).id
                // The last of them pauses the project.
                for (status, retryAfter, answered, word) in [
                    (402, nil, 409, "plan"), (500, nil, 503, "Mixpanel"), (429, "7", 503, "7"),
                ] as [(Int, String?, Int, String)] {
                    var fault: [String: any Sendable] = [
                        "do": "fault", "kind": "status", "status": status, "times": 1,
                    ]
                    fault["retry_after"] = retryAfter
                    try await mixpanel.control(fault)
                    let answer = try await bench.api(
                        "GET", "/connections/\(id)/cohorts", answers: answered)
                    let wait = answer.headers["retry-after"]
                    #expect((wait != nil) == (answered == 503))
                    #expect(retryAfter == nil || wait == retryAfter)
                    #expect(answer.text.contains(word) || wait == word, "\(answer.text)")
                }
            }
        },
        AcceptanceRow(
            72, "lists of people that end, or don't",
            .elsewhere([
                "func theLastPageIsTheOneThatIsNotFull", "func idsAreKeptAsTheyAreWritten",
                "func aListOfAnyLengthIsReadToItsEnd",
                "a person who comes twice counts once, on one page or on two",
            ])),
        AcceptanceRow(
            73, "three missing, two extra, five without a profile",
            .elsewhere([
                "func whoIsMissingIsAddedAndWhoIsExtraRemoved", "func mendADrift",
            ])),
        AcceptanceRow(
            74, "the 61st query within an hour",
            .elsewhere(["func theQuotaIsWaitedFor", "func theQuotaOfTheProjectIsKept"])),
    ]

    /// A Mixpanel, and a server of its own that asks it.
    private static func withMixpanel(
        _ bench: AcceptanceBench,
        _ body: (MixpanelProcess, AcceptanceBench) async throws -> Void
    ) async throws {
        let mixpanel = try await MixpanelProcess.start(members: 3, pageSize: 1000)
        defer { mixpanel.process.signal(SIGKILL) }
        try await withServer(environment: mixpanel.settings) { server in
            try await body(mixpanel, try await .make(on: server, cohort: bench.cohort))
        }
    }

    private static func project(of mixpanel: MixpanelProcess) -> [String: String] {
        ["id": mixpanel.introduction.project, "name": "Simulated project", "region": "eu"]
    }
}

extension AcceptanceBench {
    /// A connection as it was made with a service account.
    fileprivate struct Connected {
        let id: String
        let status: String
        let message: String
        let account: [String: Any]
    }

    fileprivate func connect(
        _ mixpanel: MixpanelProcess, secret: String? = nil
    ) async throws -> Connected {
        let made = try await api(
            "POST", "/connections",
            [
                "name": "Lumen", "username": mixpanel.introduction.username,
                "secret": secret ?? mixpanel.introduction.secret,
            ], answers: 201)
        let object = try made.object()
        let account = try #require(object["service_account"] as? [String: Any])
        return Connected(
            id: try #require(object["id"] as? String),
            status: try #require(object["status"] as? String),
            message: account["message"] as? String ?? "", account: account)
    }
}
