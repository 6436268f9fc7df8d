import Foundation
import HTTPTransport
import HTTPWire
import Platform
import TestSupport
import Testing

@testable import muster

/// Only the server that was meant is spoken with.
@Suite(.timeLimit(.minutes(30))) struct HTTPExchangeTLSTests {
    @Test(arguments: ["localhost", "127.0.0.1"])
    func aTrustedCertificateWithTheRightNameIsBelieved(host: String) async throws {
        try await withServer { port, made in
            let exchange = HTTPExchange(connectionsMax: 1, trust: .file(made.certificateFile))
            let url = try #require(URL(string: "https://\(host):\(port)/me?x=1"))
            for _ in 0..<2 {
                let answer = try await exchange(
                    "POST", url, body: Array(repeating: 7, count: 300_000), timeout: .patience)
                #expect(answer.status == 200 && answer.body == Array("300000".utf8))
            }
        }
    }

    @Test func aStrangersCertificateIsNot() async throws {
        try await withServer { port, _ in
            let stranger = try MadeUpCertificate("Stranger")
            for trust in [TLSTrust.system, .file(stranger.certificateFile)] {
                try await expectTLSFailure(at: "https://localhost:\(port)/", trust)
            }
        }
    }

    @Test func anotherNameIsNot() async throws {
        try await withServer { port, made in
            let trust = TLSTrust.file(made.certificateFile)
            try await expectTLSFailure(at: "https://127.0.0.2:\(port)/", trust)
        }
    }

    @Test func aTrustFileThatIsMissingFailsTheCall() async throws {
        let exchange = HTTPExchange(connectionsMax: 1, trust: .file("/nowhere/roots.pem"))
        let url = try #require(URL(string: "http://127.0.0.1:1/"))
        await #expect(throws: HTTPExchangeError.failed) {
            try await exchange("GET", url, timeout: .zero)
        }
    }

    @Test func aServerThatSpeaksNoTLSIsNone() async throws {
        let receiver = try LoopbackReceiver { _ in LoopbackReceiver.reply(200) }
        defer { receiver.stop() }
        let exchange = HTTPExchange(connectionsMax: 1)
        let url = try #require(URL(string: "https://127.0.0.1:\(receiver.port)/"))
        // The receiver waits for the end of a head, so nobody says anything.
        await #expect(throws: HTTPExchangeError.timedOut) {
            try await exchange("GET", url, timeout: .milliseconds(100))
        }
    }

    @Test func aTunnelLeadsThroughAProxy() async throws {
        let receiver = try LoopbackReceiver { _ in LoopbackReceiver.reply(403, "no") }
        defer { receiver.stop() }
        let exchange = HTTPExchange(
            connectionsMax: 1,
            environment: ["https_proxy": "http://u:p@127.0.0.1:\(receiver.port)"])
        let url = try #require(URL(string: "https://mixpanel.example/"))
        await #expect(throws: HTTPExchangeError.proxy) {
            try await exchange(
                "GET", url,
                headers: [("Authorization", "Basic c2VjcmV0")], timeout: .patience)
        }
        let head = try #require(receiver.requests.first?.head)
        #expect(head.hasPrefix("CONNECT mixpanel.example:443 HTTP/1.1\r\n"))
        #expect(head.contains("Proxy-Authorization: Basic dTpw\r\n"))
        #expect(!head.contains("c2VjcmV0"))
    }

    @Test func aProxyIsAskedForPlainHTTPInFull() async throws {
        let receiver = try LoopbackReceiver { _ in LoopbackReceiver.reply(200, "ok") }
        defer { receiver.stop() }
        let exchange = HTTPExchange(
            connectionsMax: 1, environment: ["http_proxy": "127.0.0.1:\(receiver.port)"])
        let url = try #require(URL(string: "http://mixpanel.example/a?b=c"))
        #expect(try await exchange("GET", url, timeout: .patience).status == 200)
        #expect(
            receiver.requests[0].head.hasPrefix("GET http://mixpanel.example/a?b=c HTTP/1.1\r\n"))
    }

    private func expectTLSFailure(at text: String, _ trust: TLSTrust) async throws {
        let exchange = HTTPExchange(connectionsMax: 1, trust: trust)
        let url = try #require(URL(string: text))
        await #expect(throws: HTTPExchangeError.tls) {
            try await exchange("GET", url, timeout: .patience)
        }
    }

    /// A server on every loopback address that answers with the length of the body.
    private func withServer(
        _ body: (UInt16, MadeUpCertificate) async throws -> Void
    ) async throws {
        let made = try MadeUpCertificate()
        var limits = TransportLimits()
        limits.drainAcceptDelay = .zero
        let server = try Server(
            address: SocketAddress(parsing: "0.0.0.0:0"), loopCount: 1, limits: limits,
            tls: TLSContext(
                certificateFile: made.certificateFile, privateKeyFile: made.privateKeyFile),
            handler: { _, body, _ in
                let count = (try? await body.collect(upTo: 1 << 20))?.count ?? -1
                return Response(.ok, body: .bytes(Array("\(count)".utf8)))
            })
        let run = Task { try await server.run() }
        do {
            try await body(try #require(server.address.port), made)
        } catch {
            await server.drain(within: .zero)
            throw error
        }
        await server.drain(within: .zero)
        try await run.value
    }
}
