import Foundation
import Testing

/// Rows 43 to 63 and 75 to 77: strangers, broken calls, other forms of a call, and trouble.
extension AcceptanceRow {
    static let refusals = [
        AcceptanceRow(
            43, "credentials of every kind", also: ["func basicIsSplitAtTheFirstColon"]
        ) { bench in
            let webhook = bench.webhook
            func basic(_ text: String) -> String {
                "Authorization: Basic \(Data(text.utf8).base64EncodedString())"
            }
            let body = bench.body("members", AcceptanceBench.list(["mallory"]))
            for header in [
                "Accept: */*", basic("\(webhook.user):wrong"), "Authorization: Bearer x",
                "Authorization: Basic not-base64!!", basic("\(webhook.user):\0\(webhook.secret)"),
                basic("\(webhook.user):gëheim"), basic(webhook.user),
            ] {
                let answer = try await bench.server.call(
                    "POST", webhook.path, [header], body: body)
                try bench.expectRefusal(answer, 401, naming: "username or secret")
                #expect(
                    answer.headers["www-authenticate"]
                        == #"Basic realm="muster", charset="UTF-8""#)
            }
            #expect(try await bench.audience() == nil)
        },
        // Both halves are checked.
        AcceptanceRow(44, "the right password under another name") { bench in
            let other = Data("mixpanel:\(bench.webhook.secret)".utf8).base64EncodedString()
            let answer = try await bench.server.call(
                "POST", bench.webhook.path, ["Authorization: Basic \(other)"],
                body: bench.body("members"))
            try bench.expectRefusal(answer, 401)
            #expect(try await bench.audience() == nil)
        },
        AcceptanceRow(45, "bodies that are no call") { bench in
            let good = bench.body("members", AcceptanceBench.list(["a"]))
            let text = String(decoding: good, as: UTF8.self)
            for body in [
                Data("{not json".utf8), Data(), Data("[1]".utf8), Data(#""x""#.utf8),
                Data("null".utf8), try #require(text.data(using: .utf16)), good.dropLast(9),
            ] {
                try bench.expectRefusal(try await bench.post(body), 400, naming: "The body is")
            }
            #expect(try await bench.audience() == nil)
            #expect(try await bench.post(Data([0xEF, 0xBB, 0xBF]) + good).status == 200)
            #expect(try await bench.ids() == ["a"])
        },
        AcceptanceRow(46, "calls without a known action or without parameters") { bench in
            for (text, action, word) in [
                (#"{"action":"members"}"#, "members", "parameters"),
                (#"{"action":"members","parameters":[]}"#, "members", "parameters"),
                (#"{"action":7,"parameters":{}}"#, nil, "action"),
                (#"{"action":"MEMBERS","parameters":{}}"#, "MEMBERS", "action"),
                (#"{"action":"toString","parameters":{}}"#, "toString", "action"),
                (#"{"action":"delete","parameters":{}}"#, "delete", "action"),
            ] {
                let answer = try await bench.post(Data(text.utf8))
                try bench.expectRefusal(answer, 400, action: action, naming: word)
            }
        },
        AcceptanceRow(47, "no cohort id") { bench in
            for id in [
                "", #""mixpanel_cohort_id":"""#, #""mixpanel_cohort_id":null"#,
                #""mixpanel_cohort_id":{}"#,
            ] {
                let text = #"{"action":"add_members","parameters":{\#(id)}}"#
                let answer = try await bench.post(Data(text.utf8))
                try bench.expectRefusal(
                    answer, 400, action: "add_members", naming: "mixpanel_cohort_id")
            }
        },
        // Product: what an admitted connection sends too much of is 400, never 413.
        AcceptanceRow(49, "a body over the limit, declared or in chunks") { bench in
            try await withLimits(["MUSTER_WEBHOOK_BODY_BYTES_MAX": "4096"], bench) { bench in
                let long = bench.body("members", AcceptanceBench.list(numbered(0..<1000)))
                for headers in [[], ["Transfer-Encoding: chunked"]] {
                    let answer = try await bench.post(long, headers)
                    try bench.expectRefusal(answer, 400, naming: "4096 bytes")
                }
                #expect(try await bench.audience() == nil)
                try await bench.send("members", ids: ["a"])
            }
        },
        AcceptanceRow(50, "gzip: good, broken, and a bomb") { bench in
            let good = try await gzip(bench.body("members", AcceptanceBench.list(["a"])), bench)
            var broken = good
            broken[broken.count / 2] ^= 0xFF
            try bench.expectRefusal(
                try await bench.post(broken, ["Content-Encoding: gzip"]), 400,
                naming: "Content-Encoding")
            #expect(try await bench.audience() == nil)
            #expect(try await bench.post(good, ["Content-Encoding: gzip"]).status == 200)
            #expect(try await bench.ids() == ["a"])
            let limit = ["MUSTER_WEBHOOK_INFLATED_BYTES_MAX": "1000000"]
            try await withLimits(limit, bench) { bench in
                let bomb = try await gzip(Data(count: 20_000_000), bench)
                #expect(bomb.count < 100_000)
                let answer = try await bench.post(bomb, ["Content-Encoding: gzip"])
                try bench.expectRefusal(answer, 400)
                #expect(try await bench.server.call("GET", "/readyz").status == 200)
            }
        },
    ]

    /// A server of its own, for limits that are too small for the other rows.
    private static func withLimits(
        _ environment: [String: String], _ bench: AcceptanceBench,
        _ body: (AcceptanceBench) async throws -> Void
    ) async throws {
        try await withServer(environment: environment) { server in
            try await body(try await .make(on: server, cohort: bench.cohort))
        }
    }

    private static func gzip(_ bytes: Data, _ bench: AcceptanceBench) async throws -> Data {
        let file = bench.server.directory.path("body")
        try bytes.write(to: URL(filePath: file))
        return try await Muster.gzip(file)
    }

    static let requests = [
        AcceptanceRow(48, "more members than Mixpanel sends on a page") { bench in
            for count in [1001, 5000, 20_000] {
                let session = "S\(count)"
                try await bench.send("members", ids: numbered(0..<count), session: session)
                #expect(try await bench.ids().count == count)
            }
        },
        AcceptanceRow(51, "content types") { bench in
            for (index, type) in [
                "", "text/plain", "application/json; charset=UTF-8", "application/vnd.x+json",
            ].enumerated() {
                let body = bench.body(
                    "add_members", AcceptanceBench.list(["c\(index)"]), session: "S\(index)")
                let header = type.isEmpty ? [] : ["Content-Type: \(type)"]
                let answer = try await bench.post(body, header)
                #expect(answer.status == 200, "\(type)")
            }
            #expect(try await bench.ids() == ["c0", "c1", "c2", "c3"])
        },
        // Product: GET tells people that the URL is right.
        AcceptanceRow(52, "other methods") { bench in
            for (method, status) in [("GET", 200), ("HEAD", 200), ("PUT", 405), ("OPTIONS", 405)] {
                let answer = try await bench.server.call(
                    method, bench.webhook.path, [bench.webhook.header])
                #expect(answer.status == status, "\(method)")
            }
            #expect(try await bench.audience() == nil)
        },
        AcceptanceRow(53, "other spellings of the URL") { bench in
            let path = bench.webhook.path
            let escaped = path.replacingOccurrences(of: "/mixpanel/", with: "/%6Dixpanel/")
            for (index, spelling) in [path + "/", path + "?key=1&x", escaped].enumerated() {
                let body = bench.body(
                    "add_members", AcceptanceBench.list(["u\(index)"]), session: "S\(index)")
                let answer = try await bench.server.call(
                    "POST", spelling, [bench.webhook.header], body: body)
                #expect(answer.status == 200, "\(spelling)")
            }
            #expect(try await bench.ids() == ["u0", "u1", "u2"])
        },
        AcceptanceRow(61, "the URL of a connection that is gone") { bench in
            let answer = try await bench.server.call(
                "POST", "/webhooks/mixpanel/conn_0123456789abcdef", [bench.webhook.header],
                body: bench.body("members"))
            try bench.expectRefusal(answer, 404, naming: "URL")
        },
        AcceptanceRow(
            75, "slow, expectant, old and pipelined requests",
            .elsewhere([
                "func aSlowBodyIs503AndABrokenOne400",
                "func theClientIsToldToContinueOnlyWhenTheBodyIsWanted",
                "func aConnectionOfHTTP10EndsWithItsAnswer",
                "func pipelinedRequestsAreAnsweredInTheirOrder",
            ])),
    ]

    static let troubles = [
        AcceptanceRow(
            54, "a full disk or a locked store",
            .elsewhere([
                "func aFullDiskRefusesPagesUntilThereIsRoomAndLosesNothing",
                "func whatWasAcknowledgedIsThereAndTheRestWhollyOrNotAtAll",
            ])),
        AcceptanceRow(
            55, "a crash after the commit, and the page again",
            also: ["func whatWasAcknowledgedSurvivesAKillAndNothingElseAppears"]
        ) { bench in
            let directory = try TestDirectory()
            var mine = try await withServer(in: directory) { server in
                let mine = try await AcceptanceBench.make(on: server, cohort: bench.cohort)
                try await mine.send("members", ids: ["a", "b"])
                return mine
            }
            mine = try await withServer(in: directory) { server in
                let again = AcceptanceBench(
                    server: server, webhook: mine.webhook, key: mine.key, cohort: mine.cohort)
                try await again.send("members", ids: ["a", "b"])
                #expect(try await again.ids() == ["a", "b"])
                #expect(try await again.lastSync()["pages_repeated"] as? Int == 1)
                return again
            }
        },
        AcceptanceRow(56, "a run that fails, and the next from the top with one more") { bench in
            for number in 1...3 {
                try await bench.send(
                    "add_members", ids: ["m\(number)"], at: .page(number, of: 6))
            }
            for number in 1...6 {
                try await bench.send(
                    "add_members", ids: ["m\(number)"] + (number == 6 ? ["new"] : []),
                    session: "S2", at: .page(number, of: 6))
            }
            #expect(try await bench.ids() == ["m1", "m2", "m3", "m4", "m5", "m6", "new"])
        },
        AcceptanceRow(57, "a page five times while its first copy is being stored") { bench in
            let ids = numbered(0..<1000)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<5 {
                    group.addTask { try await bench.send("add_members", ids: ids) }
                }
                try await group.waitForAll()
            }
            #expect(try await bench.ids() == Set(ids))
            let sync = try await bench.lastSync()
            #expect(sync["pages_received"] as? Int == 1)
            #expect(sync["pages_repeated"] as? Int == 4)
        },
        AcceptanceRow(
            58, "days of silence, then everybody as a replacement",
            .elsewhere(["after days of silence a replacement still removes"])),
        AcceptanceRow(
            59, "days of silence, then everybody as a diff",
            .elsewhere(["an add after three days of silence raises a doubt"])),
        // Not 4xx, which would pause it at Mixpanel, too.
        AcceptanceRow(60, "a connection that is paused here") { bench in
            let path = "/connections/\(bench.webhook.connection)/cohort_sync"
            for (isOn, status) in [(false, 503), (true, 200)] {
                let state = try await bench.api("PATCH", path, ["enabled": isOn]).object()
                #expect((state["switched_off_at"] is String) == !isOn)
                let answer = try await bench.post(
                    bench.body("members", AcceptanceBench.list(["a"])))
                #expect(answer.status == status, "\(answer.text)")
                #expect(try await bench.ids() == (isOn ? ["a"] : []))
            }
        },
        AcceptanceRow(
            62, "a clock that goes back between pages",
            .elsewhere(["a clock that goes back does not matter"])),
        AcceptanceRow(
            63, "thousands of pages, four at a time",
            also: ["func aSimulatedCohortIsHeldMemberForMember"]
        ) { bench in try await fill(bench) },
        AcceptanceRow(
            76, "one sync, and then silence",
            .elsewhere(["func anAudienceGoesStaleWithoutASync"])),
        AcceptanceRow(
            77, "secrets in logs, messages and files",
            .elsewhere([
                "func noSecretIsWrittenAnywhereAndNobodysEmailIsLogged",
                "func nothingSecretOrPersonalIsLogged",
            ])),
    ]

    /// How long 19 of 20 pages may take; a sender that waits longer tries again.
    ///
    /// Not all: the machine may be busy with other tests for a moment.
    private static let answerTimeMax = Duration.seconds(5)

    /// 400 pages of 100 members; MUSTER_ACCEPTANCE_PAGES is another number, of 1000 each.
    private static func fill(_ bench: AcceptanceBench) async throws {
        let asked = ProcessInfo.processInfo.environment["MUSTER_ACCEPTANCE_PAGES"].flatMap(Int.init)
        let (total, size) = asked.map { ($0, 1000) } ?? (400, 100)
        let times = try await withThrowingTaskGroup(of: [Duration].self) { group in
            for sender in 1...4 {
                group.addTask {
                    var times: [Duration] = []
                    for number in stride(from: sender, through: total, by: 4) {
                        let start = ContinuousClock.now
                        try await bench.send(
                            "members", ids: numbered(number * size..<(number + 1) * size),
                            at: .page(number, of: total))
                        times.append(start.duration(to: .now))
                    }
                    return times
                }
            }
            return try await group.reduce([], +)
        }
        #expect(times.count { $0 >= answerTimeMax } <= total / 20)
        #expect(try await bench.audience()?["member_count"] as? Int == total * size)
        #expect(try await bench.outcomes() == ["S1": "committed"])
    }
}
