import Audiences
import Foundation
import HTTPTransport
import Logging
import TestSupport
import Testing

@testable import muster

/// The joints that only the whole program has.
@Suite(.timeLimit(.minutes(30)))
struct CompositionTests {
    @Test(arguments: [
        ("GET / HTTP/1.1\r\n\r\n", 400, "malformed"),
        ("GET / HTTP/3.1\r\n\r\n", 505, "unsupported"),
        (
            "GET / HTTP/1.1\r\nHost: a\r\n\(String(repeating: "a:\r\n", count: 100))\r\n", 431,
            "too_large"
        ),
    ])
    func aMessageThatIsNoRequestIsRefusedInJSON(
        message: String, status: Int, code: String
    ) async throws {
        try await withServer { port in
            let answer = try await RawConnection(to: port).answer(to: message)
            #expect(answer.status == status)
            #expect(answer.head.contains("\r\nContent-Type: application/json\r\n"))
            #expect(answer.head.contains("\r\nConnection: close\r\n"))
            #expect(answer.error["code"] as? String == code)
            #expect(answer.error["message"] as? String != nil)
            #expect(answer.error["request_id"] is NSNull)
        }
    }

    // printf %s user-42 | openssl dgst -sha256 -hmac muster_id_…
    @Test(arguments: [
        ("user-42", "3c2b528fda1015a17e980315d200d9be7b1857bad56e18cfbfda4954a696466f"),
        ("žluť 😀", "dc2388c73d73e5549a95c2b9914dd6d14f6ee1a50d9845ec23b50e063a870d9d"),
    ])
    func aReferenceIDIsSignedAsOpenSSLSignsIt(person: String, identity: String) throws {
        let secret = "muster_id_cvMisOzDLAPFTq9bBWRysSkFhW2kP0aZt3Yq7LmN8eXuJ1dG4"
        let signed = try Composition.secrets.identity(
            of: .make(person), secret: Array(secret.utf8))
        #expect(signed == identity)
        #expect(try Composition.secrets.makeIdentitySecret().utf8.count == secret.utf8.count)
    }

    @Test func aConnectionTooManyIsRefusedInJSON() async throws {
        try await withServer(connectionsMax: 1) { port in
            let busy = try RawConnection(to: port)
            // Answered, so it is served; and with another head begun, it is not idle.
            try busy.send("GET /livez HTTP/1.1\r\nHost: a\r\n\r\nGET /livez HT")
            #expect(await busy.receive()?.isEmpty == false)
            let answer = try await RawConnection(to: port).answer(to: "")
            #expect(answer.status == 503)
            #expect(answer.head.contains("\r\nContent-Type: application/json\r\n"))
            #expect(answer.head.contains("\r\nRetry-After: 1\r\n"))
            #expect(answer.error["code"] as? String == "unavailable")
            #expect(answer.error["request_id"] is NSNull)
        }
    }

    private func withServer(
        connectionsMax: Int = 100, _ body: (UInt16) async throws -> Void
    ) async throws {
        var configuration = MusterConfiguration()
        configuration.port = 0
        configuration.transport.connectionsMax = connectionsMax
        configuration.transport.drainAcceptDelay = .zero
        configuration.transport.headerTimeout = .never
        configuration.transport.idleTimeout = .never
        configuration.dataDirectory = NSTemporaryDirectory() + "muster-\(UUID())"
        defer { try? FileManager.default.removeItem(atPath: configuration.dataDirectory) }
        let parts = try Composition(
            configuration, Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let run = Task { try await parts.server.run() }
        let port = "\(parts.server.address)".split(separator: ":").last.flatMap { UInt16($0) }
        try await body(try #require(port))
        await parts.server.drain(within: .zero)
        try await run.value
    }
}

/// A client that sends what no HTTP client would.
private final class RawConnection: Sendable {
    struct Answer {
        let head: String
        let status: Int?
        /// The object under `error`; empty if there is none.
        let error: [String: Any]
    }

    private let connection: Int32

    init(to port: UInt16) throws {
        connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let isConnected = withUnsafePointer(to: address) { [connection] pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(connection, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else { throw CocoaError(.fileNoSuchFile) }
    }

    deinit {
        close(connection)
    }

    func send(_ text: String) throws {
        let bytes = Array(text.utf8)
        guard Foundation.send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
        else { throw CocoaError(.fileWriteUnknown) }
    }

    /// What has arrived, as soon as there is something; `nil` at the end.
    ///
    /// Waits on a thread of its own: those of the pool are few, and the server needs them.
    func receive() async -> [UInt8]? {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { [self] in
                var piece = [UInt8](repeating: 0, count: 4096)
                let count = recv(connection, &piece, piece.count, 0)
                continuation.resume(returning: count > 0 ? Array(piece.prefix(count)) : nil)
            }
        }
    }

    /// Sends a message, and reads until the other side closes.
    func answer(to message: String) async throws -> Answer {
        try send(message)
        var bytes: [UInt8] = []
        while let piece = await receive() { bytes += piece }
        let text = String(decoding: bytes, as: UTF8.self)
        let end = text.range(of: "\r\n\r\n")?.upperBound ?? text.endIndex
        let json = try? JSONSerialization.jsonObject(with: Data(text[end...].utf8))
        return Answer(
            head: String(text[..<end]), status: Int(text.dropFirst(9).prefix(3)),
            error: (json as? [String: Any])?["error"] as? [String: Any] ?? [:])
    }
}
