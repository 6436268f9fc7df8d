import TestSupport
import Testing

@testable import Platform

/// Over Unix socket pairs, with our own client; strangers are in the end-to-end tests.
@Suite(.timeLimit(.minutes(30)))
struct TLSStreamTests {
    @Test func bytesComeOutAsTheyWentIn() async throws {
        try await withTLSPair { server, client in
            try await client.write(Array("question".utf8), patience: .patience)
            #expect(try await server.read() == Array("question".utf8))
            try await server.write(Array("answer".utf8), patience: .patience)
            #expect(try await client.read() == Array("answer".utf8))
        }
    }

    @Test func whatLiesDecryptedInsideWakesItsReader() async throws {
        try await withTLSPair { server, client in
            let sent = (0..<1000).map { UInt8($0 % 251) }
            try await client.write(sent, patience: .patience)
            var received: [UInt8] = []
            // The socket is empty after the first of these.
            while received.count < sent.count { received += try await server.read(16) }
            #expect(received == sent)
        }
    }

    @Test func manyRecordsComeInOneReceive() async throws {
        try await withTLSPair { server, client in
            let sent = (0..<200).map { UInt8($0) }
            for byte in sent { try await client.write([byte], patience: .patience) }
            #expect(try await server.read() == sent)
        }
    }

    @Test func recordsThatDoNotFitTheReaderAreKept() async throws {
        try await withTLSPair { server, client in
            let sent = (0..<100_000).map { UInt8($0 % 251) }
            async let written: Void = client.write(sent, patience: .patience)
            var received: [UInt8] = []
            while received.count < sent.count { received += try await server.read(700) }
            try await written
            #expect(received == sent)
        }
    }

    @Test(arguments: [true, false])
    func muchGoesThroughASmallSocket(fromServer: Bool) async throws {
        try await withTLSPair(socketBytes: 4096) { server, client in
            let (sender, receiver) = fromServer ? (server, client) : (client, server)
            let sent = (0..<2_000_003).map { UInt8(truncatingIfNeeded: $0 &* 7 / 3) }
            async let written: Void = sender.write(sent, patience: .patience)
            var received: [UInt8] = []
            while received.count < sent.count { received += try await receiver.read() }
            try await written
            #expect(received == sent)
        }
    }

    /// Whoever sends must learn that it has to come again.
    @Test func theLastByteIsNotTakenBeforeTheSocketHasIt() async throws {
        try await withTLSPair(socketBytes: 4096) { server, client in
            let sent = [UInt8](repeating: 9, count: 60_000)
            let taken = try server.sendNow(sent)
            #expect(taken < sent.count)
            #expect(try server.sendNow(Array(sent[taken...])) == 0)
            let left = Array(sent[taken...])
            async let written: Void = server.write(left, patience: .patience)
            var received = 0
            while received < sent.count { received += try await client.read().count }
            try await written
            #expect(received == sent.count)
        }
    }

    @Test func aPeerThatDoesNotReadHoldsLittleMemory() async throws {
        try await withTLSPair(socketBytes: 4096) { server, _ in
            let sent = [UInt8](repeating: 9, count: 1_000_000)
            var taken = 0
            for _ in 0..<100 { taken += try server.sendNow(Array(sent[taken...])) }
            // One lot beyond what the kernel has taken, and that is a few KiB here.
            #expect(taken < TLSStream.unsentBytesMax)
            await #expect(throws: PlatformError.timedOut) {
                try await server.write(Array(sent[taken...]), patience: .milliseconds(20))
            }
        }
    }

    // MARK: Handshake

    @Test func aClientThatSaysNothingIsGivenUpAtTheDeadline() async throws {
        try await withTLSPair(shakingHands: false) { pair in
            await #expect(throws: PlatformError.timedOut) {
                try await pair.server.shakeHands(by: .now().advanced(by: .milliseconds(30)))
            }
        }
    }

    /// The deadline is for all of it: a byte now and then earns nothing.
    @Test func aClientThatDripsIsGivenUpAtTheDeadline() async throws {
        try await withTLSPair(shakingHands: false) { pair in
            let hello: [UInt8] = [22, 3, 1, 2, 0] + [UInt8](repeating: 1, count: 512)
            let drip = Task(executorPreference: pair.clientSocket.loop) {
                for (sent, byte) in hello.enumerated() {
                    guard (try? pair.clientSocket.sendNow([byte])) == 1 else { return sent }
                    _ = try? await pair.clientSocket.waitUntilReadable(
                        by: .now().advanced(by: .milliseconds(20)))
                }
                return hello.count
            }
            await #expect(throws: PlatformError.timedOut) {
                try await pair.server.shakeHands(by: .now().advanced(by: .milliseconds(200)))
            }
            pair.clientSocket.close()
            // All of it takes ten seconds to drip.
            #expect(await drip.value < hello.count / 2)
        }
    }

    @Test(arguments: ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\u{16}\u{3}\u{1}", "\0\0\0\0\0\0\0"])
    func bytesThatAreNoHandshakeFailIt(text: String) async throws {
        try await withTLSPair(shakingHands: false) { pair in
            try await pair.clientSocket.write(Array(text.utf8), patience: .patience)
            try pair.clientSocket.finish()
            await #expect(throws: PlatformError.closed) {
                try await pair.server.shakeHands(by: soon())
            }
            #expect(throws: PlatformError.closed) { try pair.server.sendNow([1]) }
        }
    }

    @Test func closingEndsAHandshake() async throws {
        try await withTLSPair(shakingHands: false) { pair in
            let loop = pair.clientSocket.loop
            loop.post {
                loop.schedule(at: .now().advanced(by: .milliseconds(5))) { pair.server.close() }
            }
            await #expect(throws: PlatformError.closed) {
                try await pair.server.shakeHands(by: soon())
            }
        }
    }

    // MARK: Endings

    @Test func aHalfClosedStreamStillWrites() async throws {
        try await withTLSPair { server, client in
            try client.finish()
            #expect(try await server.read() == [])
            #expect(try await server.read() == [])
            try await server.write([1, 2, 3], patience: .patience)
            #expect(try await client.read() == [1, 2, 3])
            #expect(throws: PlatformError.closed) { try client.sendNow([1]) }
        }
    }

    @Test func closingSaysSo() async throws {
        try await withTLSPair { server, client in
            server.close()
            let end = try await client.read()
            #expect(end == [])
            #expect(throws: PlatformError.closed) { try server.sendNow([1]) }
            await #expect(throws: PlatformError.closed) { try await server.read() }
        }
    }

    /// Anybody on the way can close a socket; only the peer can say that it has ended.
    @Test func aSocketThatJustEndsIsACutAndNoEnd() async throws {
        try await withTLSPair(shakingHands: true) { pair in
            try await pair.client.write([1], patience: .patience)
            pair.clientSocket.close()
            #expect(try await pair.server.read() == [1])
            await #expect(throws: PlatformError.closed) { try await pair.server.read() }
        }
    }

    @Test func junkBehindGenuineBytesEndsTheStreamBehindThem() async throws {
        try await withTLSPair(shakingHands: true) { pair in
            try await pair.client.write([1, 2], patience: .patience)
            try await pair.clientSocket.write(
                [23, 3, 3, 0, 30] + [UInt8](repeating: 5, count: 30), patience: .patience)
            #expect(try await pair.server.read() == [1, 2])
            await #expect(throws: PlatformError.closed) { try await pair.server.read() }
            #expect(throws: PlatformError.closed) { try pair.server.sendNow([1]) }
        }
    }

    @Test func anAbortIsAResetAndNoEnd() async throws {
        try await withTLSPair { server, client in
            server.abort()
            await #expect(throws: PlatformError.closed) { try await client.read() }
        }
    }

    /// All connections of a loop use the same memory for ciphertext, one after the other.
    @Test func connectionsThatShareMemoryDoNotHearEachOther() async throws {
        let context = try TLSPair.context.get()
        let loop = try EventLoop(label: "test")
        try await Task(executorPreference: loop) {
            let memory = TLSMemory()
            let pairs = try (0..<20).map { _ in
                try TLSPair(context, on: loop, socketBytes: 4096, memory: memory)
            }
            for pair in pairs { try await pair.shakeHands() }
            try await withThrowingTaskGroup { group in
                for (number, pair) in pairs.enumerated() {
                    let sent = [UInt8](repeating: UInt8(number), count: 100_000)
                    group.addTask { try await pair.server.write(sent, patience: .patience) }
                    group.addTask {
                        var received: [UInt8] = []
                        while received.count < sent.count {
                            received += try await pair.client.read(5000)
                        }
                        #expect(received == sent)
                    }
                }
                try await group.waitForAll()
            }
            for pair in pairs {
                pair.server.close()
                pair.client.close()
            }
        }.value
        await loop.shutDown()
    }
}
