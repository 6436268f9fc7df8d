import Foundation
import TestSupport
import Testing

@testable import muster

@Suite(.timeLimit(.minutes(30))) struct SimulateExchangeTests {
    @Test func aRequestArrivesAndItsAnswerComesBack() async throws {
        let receiver = try LoopbackReceiver { _ in
            LoopbackReceiver.reply(201, "hello", headers: ["X-Extra: yes"])
        }
        defer { receiver.stop() }
        let exchange = HTTPExchange(connectionsMax: 1)
        let body = Array(repeating: UInt8(ascii: "x"), count: 300_000)
        let answer = try await exchange(
            "POST", receiver.url, headers: [("Authorization", "Basic abc")], body: body,
            timeout: .patience)
        #expect(answer.status == 201)
        #expect(answer.body == Array("hello".utf8))
        #expect(answer.headers.contains { $0.name == "X-Extra" && $0.value == "yes" })
        let request = try #require(receiver.requests.first)
        #expect(request.head.hasPrefix("POST /hook?key=1 HTTP/1.1\r\n"))
        #expect(request.head.contains("\r\nAuthorization: Basic abc\r\n"))
        #expect(request.body == body)
    }

    @Test func aConnectionIsUsedAgain() async throws {
        let receiver = try LoopbackReceiver { _ in LoopbackReceiver.reply(200) }
        defer { receiver.stop() }
        let exchange = HTTPExchange(connectionsMax: 1)
        for _ in 0..<5 {
            _ = try await exchange("GET", receiver.url, timeout: .patience)
        }
        #expect(receiver.requests.count == 5)
        #expect(receiver.connectionCount == 1)
    }

    @Test func aRedirectIsAnAnswer() async throws {
        let receiver = try LoopbackReceiver { request in
            request.head.hasPrefix("GET /elsewhere")
                ? LoopbackReceiver.reply(200)
                : LoopbackReceiver.reply(302, headers: ["Location: /elsewhere"])
        }
        defer { receiver.stop() }
        let answer = try await HTTPExchange(connectionsMax: 1)(
            "GET", receiver.url, timeout: .patience)
        #expect(answer.status == 302)
        #expect(receiver.requests.count == 1)
    }

    @Test(arguments: [
        #"Basic realm="a", charset="UTF-8""#, "Basic", #"Digest realm="a", nonce="b""#, "Bearer",
    ])
    func anUnauthorizedIsAnAnswerAndNoQuestion(challenge: String) async throws {
        let receiver = try LoopbackReceiver { _ in
            LoopbackReceiver.reply(401, "no", headers: ["WWW-Authenticate: \(challenge)"])
        }
        defer { receiver.stop() }
        let exchange = HTTPExchange(connectionsMax: 1)
        for _ in 0..<2 {
            let answer = try await exchange(
                "POST", receiver.url, headers: [("Authorization", "Basic abc")], body: [1],
                timeout: .patience)
            #expect(answer.status == 401)
            #expect(answer.body == Array("no".utf8))
        }
        #expect(receiver.requests.count == 2)
    }

    @Test func cookiesAreNotKept() async throws {
        let receiver = try LoopbackReceiver { _ in
            LoopbackReceiver.reply(200, headers: ["Set-Cookie: a=b; Path=/"])
        }
        defer { receiver.stop() }
        let exchange = HTTPExchange(connectionsMax: 1)
        _ = try await exchange("GET", receiver.url, timeout: .patience)
        _ = try await exchange("GET", receiver.url, timeout: .patience)
        #expect(receiver.requests.count == 2)
        #expect(!receiver.requests.contains { $0.head.contains("Cookie") })
    }

    @Test(arguments: [(100, true), (101, false)])
    func anAnswerHasALimit(length: Int, fits: Bool) async throws {
        let receiver = try LoopbackReceiver { _ in
            LoopbackReceiver.reply(200, String(repeating: "x", count: length))
        }
        defer { receiver.stop() }
        let exchange = HTTPExchange(connectionsMax: 1, responseBytesMax: 100)
        await expect(fits ? nil : .responseTooLarge) {
            _ = try await exchange("GET", receiver.url, timeout: .patience)
        }
    }

    @Test func silenceEndsAtTheTimeout() async throws {
        let receiver = try LoopbackReceiver { _ in nil }
        defer { receiver.stop() }
        let exchange = HTTPExchange(connectionsMax: 1)
        await expect(.timedOut) {
            _ = try await exchange("GET", receiver.url, timeout: .milliseconds(50))
        }
    }

    @Test(arguments: [true, false])
    func aCancelledExchangeEnds(whileItWaits: Bool) async throws {
        let (arrivals, arrived) = AsyncStream.makeStream(of: Void.self)
        let receiver = try LoopbackReceiver { _ in
            arrived.yield()
            return nil
        }
        defer { receiver.stop() }
        let url = try receiver.url
        let exchange = HTTPExchange(connectionsMax: 1)
        let task = Task { try await exchange("GET", url, timeout: .never) }
        if whileItWaits {
            for await _ in arrivals { break }
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func aRefusedConnectionSaysSo() async throws {
        let deaf = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(deaf) }
        // It is held, or another test might listen there.
        let port = try #require(bindToLoopback(deaf))
        let url = try #require(URL(string: "http://127.0.0.1:\(port)/"))
        let exchange = HTTPExchange(connectionsMax: 1)
        let error = await #expect(throws: HTTPExchangeError.self) {
            _ = try await exchange("GET", url, timeout: .patience)
        }
        #expect(error?.description == "the connection was refused")
    }

    @Test(arguments: ["http://u:p@127.0.0.1:1/", "http://u@127.0.0.1:1/"])
    func aPasswordInAURLIsRefused(text: String) async throws {
        let url = try #require(URL(string: text))
        await expect(.credentialsInURL) {
            _ = try await HTTPExchange(connectionsMax: 1)("GET", url, timeout: .patience)
        }
    }

    private func expect(
        _ expected: HTTPExchangeError?, _ body: () async throws -> Void
    ) async {
        do {
            try await body()
            #expect(expected == nil)
        } catch {
            #expect(error as? HTTPExchangeError == expected)
        }
    }
}
