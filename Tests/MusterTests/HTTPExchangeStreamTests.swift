import Foundation
import Mixpanel
import Synchronization
import TestSupport
import Testing

@testable import muster

/// Answers that are handed over while they come.
@Suite(.timeLimit(.minutes(30))) struct HTTPExchangeStreamTests {
    /// What was handed over: how much, and in which pieces.
    final class Taken: Sendable {
        private let pieces = Mutex<[[UInt8]]>([])

        func take(_ piece: [UInt8]) { pieces.withLock { $0.append(piece) } }
        var all: [[UInt8]] { pieces.withLock { $0 } }
        var text: String { String(decoding: all.joined(), as: UTF8.self) }
    }

    @Test func aLongBodyComesInSmallPieces() async throws {
        let body = String(repeating: "0123456789", count: 1_000_000)
        let receiver = try LoopbackReceiver { _ in LoopbackReceiver.reply(200, body) }
        defer { receiver.stop() }
        // The limit is that of answers which are kept.
        let exchange = HTTPExchange(connectionsMax: 1, responseBytesMax: 100)
        let taken = Taken()
        let answer = try await stream(exchange, receiver) { taken.take($0) }
        #expect(answer.status == 200 && answer.body.isEmpty)
        #expect(taken.text == body)
        #expect(taken.all.allSatisfy { (1...65_536).contains($0.count) })
        #expect(taken.all.count > 100)
    }

    @Test func chunksComeWithoutTheirSizes() async throws {
        let receiver = try LoopbackReceiver { _ in
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n"
        }
        defer { receiver.stop() }
        let exchange = HTTPExchange(connectionsMax: 1)
        let taken = Taken()
        for _ in 0..<2 { _ = try await stream(exchange, receiver) { taken.take($0) } }
        #expect(taken.text == "hello!hello!")
        #expect(receiver.connectionCount == 1)
    }

    @Test(arguments: [(100, true), (101, false)])
    func aRefusalIsReturnedWholeAndHasALimit(length: Int, fits: Bool) async throws {
        let body = String(repeating: "x", count: length)
        let receiver = try LoopbackReceiver { _ in LoopbackReceiver.reply(429, body) }
        defer { receiver.stop() }
        let exchange = HTTPExchange(connectionsMax: 1, responseBytesMax: 100)
        let taken = Taken()
        do {
            let answer = try await stream(exchange, receiver) { taken.take($0) }
            #expect(fits && answer.status == 429 && answer.body.count == length)
        } catch let error as HTTPExchangeError {
            #expect(!fits && error == .responseTooLarge)
        }
        #expect(taken.all.isEmpty)
    }

    @Test(arguments: [
        "HTTP/1.1 200 X\r\nConnection: close\r\nContent-Length: 9\r\n\r\nhello",
        "HTTP/1.1 200 X\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ])
    func aBodyThatBreaksOffIsAnError(reply: String) async throws {
        let receiver = try LoopbackReceiver { _ in reply }
        defer { receiver.stop() }
        let taken = Taken()
        await #expect(throws: HTTPExchangeError.lost) {
            _ = try await stream(HTTPExchange(connectionsMax: 1), receiver) { taken.take($0) }
        }
        #expect(taken.text == "hello")
    }

    @Test func silenceInTheMiddleEndsIt() async throws {
        let receiver = try LoopbackReceiver { _ in
            "HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\nhello"
        }
        defer { receiver.stop() }
        let url = try receiver.url
        await #expect(throws: HTTPExchangeError.timedOut) {
            _ = try await HTTPExchange(connectionsMax: 1).stream(
                "GET", url, timeout: .seconds(600), silenceMax: .milliseconds(100)
            ) { _ in }
        }
    }

    @Test func whoeverTakesMayEndIt() async throws {
        struct Enough: Error {}
        let body = String(repeating: "x", count: 1_000_000)
        let receiver = try LoopbackReceiver { _ in LoopbackReceiver.reply(200, body) }
        defer { receiver.stop() }
        let exchange = HTTPExchange(connectionsMax: 1)
        for _ in 0..<2 {
            await #expect(throws: Enough.self) {
                _ = try await stream(exchange, receiver) { _ in throw Enough() }
            }
        }
        #expect(receiver.connectionCount == 2, "what is left of a body is nobody's answer")
    }

    @Test func aSlowTakerIsWaitedFor() async throws {
        let body = String(repeating: "x", count: 1_000_000)
        let receiver = try LoopbackReceiver { _ in LoopbackReceiver.reply(200, body) }
        defer { receiver.stop() }
        let isBusy = Mutex(false)
        let total = Mutex(0)
        _ = try await stream(HTTPExchange(connectionsMax: 1), receiver) { piece in
            let wasBusy = isBusy.withLock { busy in
                defer { busy = true }
                return busy
            }
            #expect(!wasBusy, "one piece after the other")
            await Task.yield()
            total.withLock { $0 += piece.count }
            isBusy.withLock { $0 = false }
        }
        #expect(total.withLock { $0 } == body.utf8.count)
    }

    @Test func aCancelledTaskEndsIt() async throws {
        let receiver = try LoopbackReceiver { _ in
            "HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\nhello"
        }
        defer { receiver.stop() }
        let url = try receiver.url
        let (pieces, piece) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            try await HTTPExchange(connectionsMax: 1).stream(
                "GET", url, timeout: .seconds(600), silenceMax: .seconds(600)
            ) { _ in piece.yield() }
        }
        for await _ in pieces { break }
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
    }

    @Test func mixpanelHearsOfALossInItsOwnWords() async throws {
        let receiver = try LoopbackReceiver { _ in
            "HTTP/1.1 200 X\r\nConnection: close\r\nContent-Length: 9\r\n\r\nhello"
        }
        defer { receiver.stop() }
        let request = MixpanelRequest(
            method: .get, url: try receiver.url.absoluteString, timeout: .seconds(600))
        let exchange = HTTPExchange(connectionsMax: 1)
        await #expect(throws: MixpanelUnreachable.connectionLost) {
            _ = try await exchange.mixpanelStream(request) { _ in }
        }
    }

    private func stream(
        _ exchange: HTTPExchange, _ receiver: LoopbackReceiver,
        _ take: @escaping @Sendable ([UInt8]) async throws -> Void
    ) async throws -> HTTPExchange.Response {
        try await exchange.stream(
            "GET", try receiver.url, timeout: .seconds(600), silenceMax: .seconds(600), take: take)
    }
}
