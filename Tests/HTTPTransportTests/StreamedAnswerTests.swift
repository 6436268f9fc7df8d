import HTTPTransport
import HTTPWire
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(30)))
struct StreamedAnswerTests {
    private let head = "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"

    private func streaming(
        _ produce: @escaping @Sendable (any BodyWriter) async throws -> Void
    ) -> Handler {
        { _, _, _ in Response(.ok, body: .stream(produce)) }
    }

    @Test func piecesBecomeChunks() async throws {
        let handler = streaming { writer in
            try await writer.write(Array("first".utf8))
            try await writer.write([])
            try await writer.write(Array("second!".utf8))
        }
        try await withServer(handler: handler) { server in
            let client = try await Client(to: server.address)
            let request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
            try await client.send(request + request)
            let answer =
                head + "Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n7\r\nsecond!\r\n0\r\n\r\n"
            #expect(try await client.read(count: 2 * answer.utf8.count) == answer + answer)
            await client.close()
        }
    }

    @Test func anOldClientReadsUntilTheEnd() async throws {
        try await withServer(handler: streaming { try await $0.write(Array("all".utf8)) }) {
            let client = try await Client(to: $0.address)
            try await client.send("GET / HTTP/1.0\r\n\r\n")
            #expect(try await client.readToEnd() == head + "Connection: close\r\n\r\nall")
            await client.close()
        }
    }

    @Test func aHeadRequestStartsNoProducer() async throws {
        let started = Mutex(false)
        let handler = streaming { _ in started.withLock { $0 = true } }
        try await withServer(handler: handler) { server in
            let client = try await Client(to: server.address)
            try await client.send("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            #expect(try await client.readToEnd().hasSuffix("\r\n\r\n"))
            #expect(started.withLock { $0 } == false)
            await client.close()
        }
    }

    /// The producer is held back by a reader that reads nothing, and goes on when it reads.
    @Test func aSlowReaderHoldsTheProducerBack() async throws {
        let produced = Mutex(0)
        let piece = [UInt8](repeating: 7, count: 64 * 1024)
        let handler = streaming { writer in
            for _ in 0..<1024 {
                try await writer.write(piece)
                produced.withLock { $0 += 1 }
            }
        }
        try await withServer(handler: handler) { server in
            let client = try await Client(to: server.address)
            try await client.send("GET / HTTP/1.0\r\n\r\n")
            _ = try await client.readSome(1)
            // Another connection of the same loop is served meanwhile: the loop is not blocked.
            let other = try await Client(to: server.address)
            try await other.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = try await other.read(through: "\r\n\r\n")
            await other.close()
            #expect(produced.withLock { $0 } < 512)
            let all = try await client.readToEnd()
            #expect(all.utf8.count > 1024 * piece.count)
            await client.close()
        }
        #expect(produced.withLock { $0 } == 1024)
    }

    @Test func aReaderThatReadsNothingIsCut() async throws {
        var limits = TransportLimits.forTests
        limits.writeTimeout = .milliseconds(100)
        let failure = Mutex<WireError?>(nil)
        let isCut = Gate()
        let handler = streaming { writer in
            do {
                while true { try await writer.write([UInt8](repeating: 7, count: 65_536)) }
            } catch {
                failure.withLock { $0 = error as? WireError }
                isCut.open()
                throw error
            }
        }
        try await withServer(limits: limits, handler: handler) { server in
            let client = try await Client(to: server.address)
            try await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await isCut.wait()
            #expect(failure.withLock { $0 } == .timedOut)
            await client.close()
        }
    }

    @Test func aProducerThatFailsLeavesTheAnswerVisiblyCut() async throws {
        struct Failure: Error {}
        let handler = streaming { writer in
            try await writer.write(Array("half".utf8))
            throw Failure()
        }
        try await withServer(handler: handler) { server in
            let client = try await Client(to: server.address)
            try await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            let answer = try await client.readToEnd()
            #expect(answer.hasSuffix("4\r\nhalf\r\n"))
            await client.close()
        }
    }
}
