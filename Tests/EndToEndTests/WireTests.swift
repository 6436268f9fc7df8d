import Foundation
import Testing

extension EndToEndTests {
    /// The protocol itself, by an independent client and by hand.
    @Suite struct WireTests {
        @Test func curlGetsWhatItAsksFor() async throws {
            try await withServer { server in
                let url = "http://\(server.address)/livez"
                let head = try await Muster.curl(["-I", url])
                #expect(head.text.hasPrefix("HTTP/1.1 200 OK\r\n"))
                #expect(head.text.contains("\r\nContent-Length: 18\r\n"))
                let old = try await Muster.curl(["--http1.0", "-w", "|%{http_code}", url])
                #expect(old.text == #"{"status":"alive"}|200"#)
                // One connection for both.
                let twice = try await Muster.curl(["-w", "|%{num_connects}|", url, url])
                #expect(twice.text == #"{"status":"alive"}|1|{"status":"alive"}|0|"#)
                let missing = try await Muster.curl(
                    ["-o", "/dev/null", "-w", "%{http_code}", url + "x"])
                #expect(missing.text == "404")
            }
        }

        @Test func aConnectionOfHTTP10EndsWithItsAnswer() async throws {
            try await withServer { server in
                let connection = try await HTTPConnection(to: server.address)
                try await connection.send("GET /livez HTTP/1.0\r\n\r\n")
                let answer = try await connection.answer()
                #expect(answer.status == 200)
                #expect(answer.text == #"{"status":"alive"}"#)
                #expect(try await connection.rest().isEmpty)
                await connection.close()
            }
        }

        @Test func pipelinedRequestsAreAnsweredInTheirOrder() async throws {
            try await withServer { server in
                let webhook = try await server.connect()
                let key = try await server.operatorKey()
                let connection = try await HTTPConnection(to: server.address)
                let ask = server.request("GET", "/v1/memberships?match_id=ana", [key.header])
                let post = server.request(
                    "POST", webhook.path, [webhook.header], body: page("members", ["ana"]))
                let head = server.request("HEAD", "/livez")
                try await connection.send(ask + post + head + ask)
                let before = try await connection.answer()
                #expect(before.text == #"{"match_id":"ana","audiences":[]}"#)
                #expect(try await connection.answer().status == 200)
                #expect(try await connection.answer(isBodyless: true).status == 200)
                let after = try await connection.answer().object()["audiences"] as? [Any]
                #expect(after?.count == 1)
                await connection.close()
            }
        }

        @Test(arguments: [
            "GET /livez HTTP/1.1\r\n\r\n",
            "GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            "GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n",
            "\u{16}\u{03}\u{01}\u{02}\r\n\r\n",
        ])
        func whatIsNoHTTPIsRefusedInTheFormatOfTheAPI(bytes: String) async throws {
            try await withServer { server in
                let connection = try await HTTPConnection(to: server.address)
                try await connection.send(bytes)
                let answer = try await connection.answer()
                #expect(answer.status == 400)
                #expect(answer.headers["connection"] == "close")
                let error = try answer.object()["error"] as? [String: Any]
                #expect(error?["code"] as? String == "malformed")
                #expect(try await connection.rest().isEmpty)
                await connection.close()
            }
        }
    }
}
