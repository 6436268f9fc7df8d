import HTTPTransport
import HTTPWire
import Synchronization
import Testing

/// Requests that are known byte for byte, among those that are not.
@Suite(.timeLimit(.minutes(30)))
struct RepeatedRequestTests {
    /// Answers GET of `/same…` with the path and a number that is new each time.
    private final class Application: Sendable {
        private let asked = Atomic<Int>(0)
        private let answered = Atomic<Int>(0)

        /// How many heads were asked about.
        var askedCount: Int { asked.load(ordering: .relaxed) }

        var constant: ConstantHandler {
            { [self] head in
                guard let path = head.target.segments.first, path.hasPrefix("same") else {
                    return nil
                }
                asked.add(1, ordering: .relaxed)
                return PreparedAnswer(
                    Response(.ok, body: .bytes(Array(path.utf8))), freshField: "Number"
                ) { [self] room in
                    let number = answered.add(1, ordering: .relaxed).newValue
                    return room.update(fromContentsOf: "\(number)".utf8)
                }
            }
        }
    }

    private let application = Application()

    private func request(_ path: String, _ extra: String = "") -> String {
        "GET /\(path) HTTP/1.1\r\nHost: x\r\n\(extra)\r\n"
    }

    /// The answer from memory; number 1 was made to see whether it can be sent.
    private func prepared(_ body: String, _ number: Int) -> String {
        "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nNumber: \(number)\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    private func withServer(_ body: (Server, Client) async throws -> Void) async throws {
        try await HTTPTransportTests.withServer(constant: application.constant) { server in
            let client = try await Client(to: server.address)
            try await body(server, client)
            await client.close()
        }
    }

    private func expect(
        _ client: Client, _ text: String, _ answers: String,
        location: SourceLocation = #_sourceLocation
    ) async throws {
        try await client.send(text)
        let found = try await client.read(count: answers.utf8.count)
        #expect(found == answers, sourceLocation: location)
    }

    @Test func aHeadIsAskedAboutOnce() async throws {
        try await withServer { _, client in
            try await expect(client, request("same"), ok("get /same "))
            for number in 2...6 {
                try await expect(client, request("same"), prepared("same", number))
            }
            #expect(application.askedCount == 1)
        }
    }

    @Test func answersOfAllKindsKeepTheirOrder() async throws {
        try await withServer { _, client in
            try await expect(client, request("same"), ok("get /same "))
            let once = request("same") + request("a") + request("same") + request("same")
            for number in stride(from: 2, to: 152, by: 3) {
                let answers =
                    prepared("same", number) + ok("get /a ") + prepared("same", number + 1)
                    + prepared("same", number + 2)
                try await expect(client, once, answers)
            }
        }
    }

    @Test func aHeadMayBeCutAnywhere() async throws {
        try await withServer { server, client in
            try await expect(client, request("same"), ok("get /same "))
            let other = try await Client(to: server.address)
            let text = Array(request("same").utf8)
            var number = 2
            for cut in 1..<text.count {
                try await client.send(text + text[..<cut])
                let first = prepared("same", number)
                #expect(try await client.read(count: first.utf8.count) == first)
                // The other uses the memory that the two share.
                try await expect(other, request("b"), ok("get /b "))
                try await client.send(Array(text[cut...]))
                // The rest of a head is read as any other, and answered by the handler.
                let second = ok("get /same ")
                #expect(try await client.read(count: second.utf8.count) == second)
                number += 1
            }
            #expect(application.askedCount == 1)
            await other.close()
        }
    }

    /// The empty line was judged before the rest came, and is part of what was remembered.
    @Test func anEmptyLineMayBeCutOffAKnownHead() async throws {
        try await withServer { server, client in
            let other = try await Client(to: server.address)
            let bytes = Array(("\r\n" + request("same")).utf8)
            try await expect(client, "\r\n" + request("same"), ok("get /same "))
            for cut in 1..<bytes.count {
                try await client.send(Array(bytes[..<cut]))
                // The other's answer shows that the first bytes have been read.
                try await expect(other, request("b"), ok("get /b "))
                try await client.send(Array(bytes[cut...]) + Array(request("a").utf8))
                let answers = ok("get /same ") + ok("get /a ")
                #expect(try await client.read(count: answers.utf8.count) == answers)
            }
            await other.close()
        }
    }

    /// They differ in what the answer, or the connection, is to be.
    @Test(arguments: [
        "HEAD /same HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /same HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "GET /same HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi",
        "GET /same HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ])
    func whatIsNotAlikeIsNotRemembered(text: String) async throws {
        try await HTTPTransportTests.withServer(constant: application.constant) { server in
            for _ in 0..<3 {
                let client = try await Client(to: server.address)
                try await client.send(text + request("end", "Connection: close\r\n"))
                let answers = try await client.readToEnd()
                #expect(!answers.contains("Number: "))
                #expect(!answers.contains("\r\n\r\nsame"))
                await client.close()
            }
            #expect(application.askedCount == 0)
        }
    }

    @Test func ofMoreHeadsThanAreRememberedTheOldestGo() async throws {
        try await withServer { _, client in
            let paths = (0..<RepeatedRequests.headsMax + 2).map { "same\($0)" }
            for path in paths {
                try await expect(client, request(path), ok("get /\(path) "))
            }
            for (index, path) in paths.dropFirst(2).enumerated() {
                let number = paths.count + 1 + index
                try await expect(client, request(path), prepared(path, number))
            }
            try await expect(client, request(paths[0]), ok("get /\(paths[0]) "))
        }
    }

    @Test(arguments: [0, 1])
    func aHeadThatIsTooLongIsNotRemembered(excess: Int) async throws {
        try await withServer { _, client in
            let bare = request("same", "X: \r\n").utf8.count
            let filling = RepeatedRequests.headBytesMax - bare + excess
            let text = request("same", "X: \(String(repeating: "x", count: filling))\r\n")
            try await expect(client, text, ok("get /same "))
            try await expect(
                client, text, excess == 0 ? prepared("same", 2) : ok("get /same "))
        }
    }
}
