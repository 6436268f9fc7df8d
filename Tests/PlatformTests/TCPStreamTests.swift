import Platform
import TestSupport
import Testing

/// Over Unix socket pairs; a real port is in ListenerTests.
@Suite(.timeLimit(.minutes(30)))
struct TCPStreamTests {
    @Test func bytesWrittenAtOneEndAreReadAtTheOther() async throws {
        try await withPair { near, far in
            try await near.write(Array("first".utf8), patience: .patience)
            #expect(try await far.read() == Array("first".utf8))
            #expect(try far.receiveNow() == .nothing)
        }
    }

    @Test func aHalfClosedStreamStillWrites() async throws {
        try await withPair { near, far in
            try near.finish()
            try await far.waitUntilReadable(by: soon())
            #expect(try far.receiveNow() == .end)
            try await far.write([1, 2, 3], patience: .patience)
            #expect(try await near.read() == [1, 2, 3])
        }
    }

    @Test func aWriterWaitsForTheReader() async throws {
        try await withPair { near, far in
            let sent = [UInt8](repeating: 7, count: 4 * 1024 * 1024)
            async let written: Void = near.write(sent, patience: .patience)
            var received = 0
            while received < sent.count { received += try await far.read().count }
            try await written
            #expect(received == sent.count)
        }
    }

    @Test func waitingEndsAtTheDeadline() async throws {
        try await withPair { near, _ in
            await #expect(throws: PlatformError.timedOut) {
                try await near.waitUntilReadable(by: .now().advanced(by: .milliseconds(20)))
            }
            let received = try near.receiveNow()
            #expect(received == .nothing)
        }
    }

    @Test func aFullPipeTimesOut() async throws {
        try await withPair { near, _ in
            await #expect(throws: PlatformError.timedOut) {
                try await near.write(
                    [UInt8](repeating: 7, count: 4 * 1024 * 1024), patience: .milliseconds(20))
            }
        }
    }

    @Test func closingEndsAWait() async throws {
        try await withPair { near, _ in
            let loop = near.loop
            loop.post { loop.schedule(at: .now().advanced(by: .milliseconds(5))) { near.close() } }
            await #expect(throws: PlatformError.closed) {
                try await near.waitUntilReadable(by: soon())
            }
            #expect(throws: PlatformError.closed) { try near.receiveNow() }
            near.close()
        }
    }

    @Test func writingToAClosedPeerIsAnErrorAndNotASignal() async throws {
        try await withPair { near, far in
            far.close()
            await #expect(throws: PlatformError.closed) {
                try await near.write([1], patience: .patience)
            }
        }
    }

    @Test func bytesNobodyWaitsForAreKept() async throws {
        try await withPair { near, far in
            try await near.write([1], patience: .patience)
            // The loop sees them, finds no reader, and stops asking; a later reader asks again.
            for _ in 0..<20 { await Task.yield() }
            try await near.write([2], patience: .patience)
            #expect(try await far.read() == [1, 2])
        }
    }

    @Test func aSleeperIsWokenOnceForWhatArrives() async throws {
        try await withPair { near, far in
            let sleeper = Sleeping()
            #expect(far.wake(.sleeper(sleeper), whenReadableBy: soon()) == nil)
            #expect(sleeper.wakes.isEmpty)
            try await near.write([1], patience: .patience)
            await sleeper.waitForWakes(1)
            #expect(try await far.read() == [1])
            near.close()
            far.close()
            #expect(sleeper.wakes == [.ready])
        }
    }

    /// It asks again from within, as whoever has read everything does.
    @Test func aSleeperMaySleepAgainAtOnce() async throws {
        try await withPair { near, far in
            let sleeper = Sleeping { _ = far.wake(.sleeper($0), whenReadableBy: soon()) }
            #expect(far.wake(.sleeper(sleeper), whenReadableBy: soon()) == nil)
            for count in 1...3 {
                try await near.write([1], patience: .patience)
                await sleeper.waitForWakes(count)
                _ = try far.receiveNow()
            }
            far.close()
            #expect(sleeper.wakes.suffix(2) == [.ready, .closed])
        }
    }

    @Test func aSleeperIsToldOfItsDeadlineAndOfTheEnd() async throws {
        try await withPair { near, far in
            let sleeper = Sleeping()
            #expect(
                far.wake(
                    .sleeper(sleeper), whenReadableBy: .now().advanced(by: .milliseconds(5)))
                    == nil)
            await sleeper.waitForWakes(1)
            #expect(far.wake(.sleeper(sleeper), whenReadableBy: soon()) == nil)
            #expect(far.wake(.sleeper(Sleeping()), whenReadableBy: soon()) == .closed)
            far.close()
            #expect(sleeper.wakes == [.expired, .closed])
            #expect(far.wake(.sleeper(sleeper), whenReadableBy: soon()) == .closed)
            near.close()
        }
    }

    /// What is known already is returned, so that nobody is called by what they call.
    @Test func aHangUpThatWasSeenIsReturned() async throws {
        try await withPair { near, far in
            near.close()
            let sleeper = Sleeping()
            if far.wake(.sleeper(sleeper), whenReadableBy: soon()) == nil {
                await sleeper.waitForWakes(1)
            }
            let wakes = sleeper.wakes.count
            #expect(far.wake(.sleeper(sleeper), whenReadableBy: soon()) == .ready)
            #expect(sleeper.wakes.count == wakes)
        }
    }

    /// The successor of a closed stream may get its number; what was meant for the first must
    /// not wake it.
    @Test func aLateEventDoesNotReachTheSuccessor() async throws {
        let loop = try EventLoop(label: "test")
        try await Task(executorPreference: loop) {
            for _ in 0..<200 {
                let (near, far) = try pair(on: loop)
                try await near.write([1], patience: .patience)
                far.close()
                near.close()
                let (second, other) = try pair(on: loop)
                await #expect(throws: PlatformError.timedOut) {
                    try await second.waitUntilReadable(by: .now())
                }
                second.close()
                other.close()
            }
        }.value
        await loop.shutDown()
    }
}

/// Notes what it is woken for.
///
/// `@unchecked Sendable`: used on one loop only.
private final class Sleeping: Sleeper, @unchecked Sendable {
    private(set) var wakes: [Wake] = []
    private let then: (Sleeping) -> Void

    init(then: @escaping (Sleeping) -> Void = { _ in }) {
        self.then = then
    }

    func woke(_ wake: Wake) {
        wakes.append(wake)
        if wake == .ready { then(self) }
    }

    /// Returns when it was woken `count` times, or when nobody will wake it any more.
    func waitForWakes(_ count: Int) async {
        let deadline = soon()
        while wakes.count < count, .now() < deadline { await Task.yield() }
    }
}

private func withPair(
    _ body: @escaping @Sendable (TCPStream, TCPStream) async throws -> Void
) async throws {
    let loop = try EventLoop(label: "test")
    try await Task(executorPreference: loop) {
        let (near, far) = try pair(on: loop)
        defer {
            near.close()
            far.close()
        }
        try await body(near, far)
    }.value
    await loop.shutDown()
}

private func pair(on loop: EventLoop) throws -> (TCPStream, TCPStream) {
    let (near, far) = try Syscalls.socketPair()
    return (
        try TCPStream(adopting: Descriptor(owning: near), on: loop),
        try TCPStream(adopting: Descriptor(owning: far), on: loop)
    )
}

extension TCPStream {
    fileprivate func receiveNow() throws -> Received {
        try withUnsafeTemporaryAllocation(byteCount: 16, alignment: 1) { try receive(into: $0) }
    }

    fileprivate func read() async throws -> [UInt8] {
        try await waitUntilReadable(by: soon())
        var bytes = [UInt8](repeating: 0, count: 64 * 1024)
        guard case .bytes(let count) = try bytes.withUnsafeMutableBytes({ try receive(into: $0) })
        else { return [] }
        return Array(bytes.prefix(count))
    }
}
