import HTTPTransport
import HTTPWire
import Testing

/// Answers that are there at once, without a task, among those that are not.
@Suite(.timeLimit(.minutes(30)))
struct ImmediateTests {
    /// Answers `/now` and whatever begins with it; `echo` does the rest.
    private let now: ImmediateHandler = { head, _ in
        guard head.target.segments.first == "now" else { return nil }
        return Response(.ok, body: .bytes(Array("now".utf8)))
    }

    private func request(_ path: String, _ extra: String = "") -> String {
        "GET \(path) HTTP/1.1\r\nHost: x\r\n\(extra)\r\n"
    }

    @Test func theHandlerIsNotAskedForWhatIsThereAtOnce() async throws {
        try await withServer(immediate: now) { server in
            let client = try await Client(to: server.address)
            for _ in 0..<3 {
                try await client.send(request("/now"))
                #expect(try await client.read(through: "now") == ok("now"))
            }
            await client.close()
        }
    }

    @Test(arguments: [1, 2, 4000])
    func answersOfBothKindsKeepTheirOrder(rounds: Int) async throws {
        try await withServer(immediate: now) { server in
            let client = try await Client(to: server.address)
            let once = request("/now") + request("/a") + request("/now") + request("/now")
            try await client.send(String(repeating: once, count: rounds))
            let answers = String(
                repeating: ok("now") + ok("get /a ") + ok("now") + ok("now"), count: rounds)
            #expect(try await client.read(count: answers.utf8.count) == answers)
            await client.close()
        }
    }

    /// What has come of the second head must outlive the scratch memory that others use.
    @Test func aHeadMayBeCutAfterAnAnswerThatWasThereAtOnce() async throws {
        try await withServer(immediate: now) { server in
            let client = try await Client(to: server.address)
            let other = try await Client(to: server.address)
            for cut in 1..<request("/now").utf8.count {
                let second = Array(request("/now").utf8)
                try await client.send(Array(request("/now").utf8) + second[..<cut])
                #expect(try await client.read(through: "now") == ok("now"))
                try await other.send(request("/other"))
                #expect(try await other.read(through: "/other ") == ok("get /other "))
                try await client.send(Array(second[cut...]))
                #expect(try await client.read(through: "now") == ok("now"))
            }
            await client.close()
            await other.close()
        }
    }

    @Test func aRequestWithABodyGoesToTheHandler() async throws {
        try await withServer(immediate: now) { server in
            let client = try await Client(to: server.address)
            try await client.send(
                "POST /now HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi" + request("/now"))
            let answers = ok("post /now hi") + ok("now")
            #expect(try await client.read(count: answers.utf8.count) == answers)
            await client.close()
        }
    }

    @Test(arguments: ["", "GET /later HTTP/1.1\r\nHost: x\r\n\r\n"])
    func whoAsksToCloseIsToldSoAndClosed(rest: String) async throws {
        try await withServer(immediate: now) { server in
            let client = try await Client(to: server.address)
            try await client.send(request("/now", "Connection: close\r\n") + rest)
            if !rest.isEmpty { try await client.finish() }
            #expect(try await client.readToEnd() == ok("now", extra: "Connection: close\r\n"))
            await client.close()
        }
    }

    /// More answers than the socket holds, for a peer that reads late: the rest needs a task.
    @Test func answersThatAreNotTakenWait() async throws {
        let long: ImmediateHandler = { _, _ in
            Response(.ok, body: .bytes([UInt8](repeating: 0x61, count: 15_000)))
        }
        try await withServer(immediate: long) { server in
            let client = try await Client(to: server.address)
            let count = 1000
            async let sent: Void = client.send(
                String(repeating: request("/now"), count: count))
            let bytes = ok(String(repeating: "a", count: 15_000)).utf8.count * count
            #expect(try await client.read(count: bytes).utf8.count == bytes)
            try await sent
            await client.close()
        }
    }

    @Test func aLongAnswerThatIsThereAtOnceIsSentAsAnyOther() async throws {
        let body = String(repeating: "b", count: 3_000_000)
        try await withServer(immediate: { _, _ in Response(.ok, body: .bytes(Array(body.utf8))) }) {
            server in
            let client = try await Client(to: server.address)
            try await client.send(request("/now") + request("/now"))
            let answers = ok(body) + ok(body)
            #expect(try await client.read(count: answers.utf8.count) == answers)
            await client.close()
        }
    }
}
