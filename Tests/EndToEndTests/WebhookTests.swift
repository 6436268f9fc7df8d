import Foundation
import Testing

extension EndToEndTests {
    @Suite struct WebhookTests {
        private static let bodyBytesMax = 4096
        private static let members = ["ana", "boris"]

        /// A request to the webhook, and what must come back.
        private struct Case {
            let name: String
            var method = "POST"
            var path: String?
            /// Instead of the right credentials.
            var authorization: String?
            var headers: [String] = []
            var body: Data?
            let status: Int
            /// The `action` that is echoed.
            var action: String?
        }

        @Test func badInputIsRefusedInMixpanelsWordsAndChangesNothing() async throws {
            try await withServer(
                environment: ["MUSTER_WEBHOOK_BODY_BYTES_MAX": "\(Self.bodyBytesMax)"]
            ) { server in
                let webhook = try await server.connect()
                let key = try await server.operatorKey()
                let first = try await server.call(
                    "POST", webhook.path, [webhook.header], body: page("members", Self.members))
                #expect(first.text == #"{"action":"members","status":"success"}"#)
                let before = try await exported(from: server, key)

                for refused in Self.strangers(webhook) + Self.bodies() {
                    let answer = try await server.call(
                        refused.method, refused.path ?? webhook.path,
                        [refused.authorization ?? webhook.header] + refused.headers,
                        body: refused.body)
                    try expectFailure(answer, refused)
                }

                #expect(try await exported(from: server, key) == before)
                #expect(try await server.call("GET", "/readyz").status == 200)
                let last = try await server.call(
                    "POST", webhook.path, [webhook.header], body: page("add_members", ["clara"]))
                #expect(last.status == 200)
            }
        }

        private func expectFailure(_ answer: Answer, _ refused: Case) throws {
            #expect(answer.status == refused.status, "\(refused.name): \(answer.text)")
            #expect(answer.headers["content-type"] == "application/json", "\(refused.name)")
            let object = try answer.object()
            #expect(object["action"] as? String == refused.action, "\(refused.name)")
            #expect(object.keys.contains("action"), "\(refused.name)")
            #expect(object["status"] as? String == "failure", "\(refused.name)")
            let error = try #require(object["error"] as? [String: Any], "\(refused.name)")
            #expect(error["code"] as? Int == refused.status, "\(refused.name)")
            #expect((error["message"] as? String)?.hasSuffix(".") == true, "\(refused.name)")
            let challenge = answer.headers["www-authenticate"]
            #expect(
                challenge
                    == (refused.status == 401 ? #"Basic realm="muster", charset="UTF-8""# : nil),
                "\(refused.name)")
        }

        private static func strangers(_ webhook: Webhook) -> [Case] {
            let good = page("members", ["mallory"])
            func basic(_ text: String) -> String {
                "Authorization: Basic \(Data(text.utf8).base64EncodedString())"
            }
            return [
                Case(
                    name: "an unknown connection", path: "/webhooks/mixpanel/conn_0123456789abcdef",
                    body: good, status: 404),
                Case(
                    name: "no credentials", authorization: "Accept: */*", body: good, status: 401),
                Case(
                    name: "a wrong secret", authorization: basic("\(webhook.user):wrong"),
                    body: good, status: 401),
                Case(
                    name: "a wrong username", authorization: basic("mixpanel:\(webhook.secret)"),
                    body: good, status: 401),
                Case(
                    name: "another scheme",
                    authorization: "Authorization: Bearer \(webhook.secret)",
                    body: good, status: 401),
                Case(
                    name: "no base64", authorization: "Authorization: Basic %%%", body: good,
                    status: 401),
            ]
        }

        private static func bodies() -> [Case] {
            func body(_ text: String) -> Data { Data(text.utf8) }
            let tooLong = page("members", [String(repeating: "m", count: bodyBytesMax)])
            return [
                Case(name: "nothing", body: body(""), status: 400),
                Case(name: "no JSON", body: body("hello"), status: 400),
                Case(name: "half a page", body: page("members", ["x"]).dropLast(2), status: 400),
                Case(name: "a list", body: body("[]"), status: 400),
                Case(
                    name: "another action", body: page("erase", ["mallory"]), status: 400,
                    action: "erase"),
                Case(name: "no action", body: body(#"{"parameters":{}}"#), status: 400),
                Case(
                    name: "no cohort",
                    body: body(#"{"action":"members","parameters":{"members":[]}}"#), status: 400,
                    action: "members"),
                Case(
                    name: "an empty cohort", body: page("members", cohort: "", []), status: 400,
                    action: "members"),
                Case(
                    name: "members that are no list",
                    body: body(
                        """
                        {"action":"members","parameters":{"mixpanel_cohort_id":"77",\
                        "members":{"a":1}}}
                        """), status: 400, action: "members"),
                Case(
                    name: "gzip that is none", headers: ["Content-Encoding: gzip"],
                    body: page("members", ["mallory"]), status: 400),
                Case(
                    name: "a coding nobody knows", headers: ["Content-Encoding: br"],
                    body: page("members", ["mallory"]), status: 400),
                Case(name: "a long body", body: tooLong, status: 400),
                Case(
                    name: "a long body in chunks", headers: ["Transfer-Encoding: chunked"],
                    body: tooLong, status: 400),
            ]
        }

        @Test func everyFormOfAGoodPageIsTaken() async throws {
            try await withServer { server in
                let webhook = try await server.connect()
                let key = try await server.operatorKey()
                let good = page("members", Self.members)
                let file = try server.directory.write(
                    String(decoding: good, as: UTF8.self), to: "page.json")
                let url = "http://\(server.address)\(webhook.path)"
                let zipped = try await Muster.gzip(file)
                try zipped.write(to: URL(filePath: file + ".gz"))
                let mark = try server.directory.write(
                    "\u{FEFF}" + String(decoding: good, as: UTF8.self), to: "marked.json")
                for options in [
                    ["--data-binary", "@\(file)"],
                    ["--data-binary", "@\(file).gz", "-H", "Content-Encoding: gzip"],
                    ["--data-binary", "@\(file)", "-H", "Transfer-Encoding: chunked"],
                    ["--data-binary", "@\(mark)"],
                    ["--data-binary", "@\(file)", "-H", "Expect: 100-continue"],
                    ["--data-binary", "@\(file)", "-H", "Content-Type:"],
                    ["--data-binary", "@\(file)", "--http1.0"],
                ] {
                    let answer = try await Muster.curl(
                        ["-u", "\(webhook.user):\(webhook.secret)", url] + options)
                    #expect(
                        answer.text == #"{"action":"members","status":"success"}"#, "\(options)")
                }
                let audience = try await server.audience(ofCohort: "77", key)
                #expect(audience?["member_count"] as? Int == 2)
            }
        }

        @Test func aBrowserIsGreetedAndOtherMethodsAreNamed() async throws {
            try await withServer { server in
                let webhook = try await server.connect()
                let get = try await server.call("GET", webhook.path)
                #expect(get.status == 200)
                #expect(get.text.hasPrefix("This is a Muster webhook."))
                let head = try await server.call("HEAD", webhook.path)
                #expect(head.status == 200)
                #expect(head.headers["content-length"] == "\(get.body.count)")
                for method in ["PUT", "DELETE", "PATCH"] {
                    let answer = try await server.call(method, webhook.path, [webhook.header])
                    #expect(answer.status == 405)
                    #expect(answer.headers["allow"] == "POST, GET, HEAD")
                }
            }
        }

        @Test func aStrangersBodyIsNotAskedFor() async throws {
            try await withServer { server in
                let webhook = try await server.connect()
                let connection = try await HTTPConnection(to: server.address)
                let head = server.request(
                    "POST", webhook.path,
                    ["Authorization: Basic eDp5", "Expect: 100-continue", "Content-Length: 1000"])
                try await connection.send(head)
                #expect(try await connection.answer().status == 401)
                #expect(try await connection.rest().isEmpty)
                await connection.close()
            }
        }

        private func exported(from server: MusterServer, _ key: OperatorKey) async throws -> Data {
            let audience = try await server.audience(ofCohort: "77", key)
            let id = try #require(audience?["id"] as? String)
            let answer = try await server.call("GET", "/v1/audiences/\(id)/export", [key.header])
            #expect(answer.body.count { $0 == 0x0A } == Self.members.count)
            return answer.body
        }
    }
}
