import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Platform

@Suite(.timeLimit(.minutes(30)))
struct ListenerTests {
    @Test func allListenersShareOneRealPort() throws {
        let listeners = try Listener.bind(to: SocketAddress(parsing: "127.0.0.1:0"), count: 3)
        let port = try #require(listeners.first?.address.port)
        #expect(port != 0)
        #expect(listeners.map(\.address.port) == [port, port, port])
    }

    @Test func aSecondServerOnAPortIsRefused() throws {
        let first = try Listener.bind(to: SocketAddress(parsing: "127.0.0.1:0"), count: 2)
        let address = try #require(first.first?.address)
        let error = #expect(throws: PlatformError.self) {
            try Listener.bind(to: address, count: 2)
        }
        #expect(error?.isAddressInUse == true)
    }

    @Test(arguments: ["127.0.0.1:0"] + (hasIPv6 ? ["[::1]:0"] : []))
    func aConnectionIsHandedOverWithItsPeer(text: String) async throws {
        let address = try SocketAddress(parsing: text)
        let loop = try EventLoop(label: "test")
        let listener = try #require(try Listener.bind(to: address, count: 1).first)
        let host = try await Task(executorPreference: loop) {
            let peers = AsyncStream<SocketAddress>.makeStream()
            try listener.start(on: loop) { _, peer in peers.continuation.yield(peer) }
            let client = try await TCPStream.connect(
                to: listener.address, on: loop, by: soon())
            defer { client.close() }
            return await peers.stream.first { _ in true }?.host
        }.value
        #expect(host == address.host)
        await loop.perform { listener.stop() }
        await loop.shutDown()
    }

    /// More than one batch: all of them have been told that they are connected.
    @Test(arguments: [1, 64, 65, 200])
    func stoppingAcceptsEverybodyInTheQueue(count: Int) async throws {
        let loop = try EventLoop(label: "test")
        let listener = try #require(
            try Listener.bind(to: SocketAddress(parsing: "127.0.0.1:0"), count: 1).first)
        let accepted = try await Task(executorPreference: loop) {
            var accepted = 0
            try listener.start(on: loop) { _, _ in accepted += 1 }
            // The kernel connects them while the loop, which is busy here, accepts nobody.
            let waiting = try (0..<count).map { _ in
                let socket = try Syscalls.socket(listener.address.family)
                try Syscalls.connect(socket, listener.address)
                return try TCPStream(adopting: socket, on: loop)
            }
            listener.stop()
            for stream in waiting { stream.close() }
            return accepted
        }.value
        #expect(accepted == count)
        await loop.shutDown()
    }

    @Test func stoppingDoesNotWaitForThoseWhoGoOnComing() async throws {
        let accepts = Counter(Atomic(0))
        let loop = try EventLoop(label: "test")
        let listener = try #require(
            try Listener.bind(
                to: SocketAddress(parsing: "127.0.0.1:0"), count: 1, backlog: 8
            ) { _ throws(PlatformError) in
                accepts.value.add(1, ordering: .relaxed)
                let (one, other) = try Syscalls.socketPair()
                Syscalls.close(other)
                return (one, try SocketAddress(parsing: "127.0.0.1:1"))
            }.first)
        try await Task(executorPreference: loop) {
            try listener.start(on: loop) { _, _ in }
            listener.stop()
        }.value
        #expect(accepts.value.load(ordering: .relaxed) == 9)
        await loop.shutDown()
    }

    @Test func aUnixSocketReplacesTheFileOfADeadServerOnly() throws {
        let path = "/tmp/muster-test-\(getpid()).sock"
        let address = try SocketAddress(unixPath: path)
        do {
            let dead = try Listener.bind(to: address, count: 2)
            #expect(dead.count == 1)
            #expect(throws: PlatformError.addressInUse) { try Listener.bind(to: address, count: 1) }
        }
        #expect(access(path, F_OK) == 0)
        _ = try Listener.bind(to: address, count: 1)
        unlink(path)
    }

    /// Without descriptors accepting rests, and goes on by itself once there are some again.
    @Test(arguments: [EMFILE, ENFILE, ENOMEM])
    func acceptingRecoversFromALackOfDescriptors(code: Int32) async throws {
        let failuresLeft = Atomic<Int>(3)
        let counter = Counter(failuresLeft)
        let loop = try EventLoop(label: "test")
        let listener = try #require(
            try Listener.bind(to: SocketAddress(parsing: "127.0.0.1:0"), count: 1) {
                (raw) throws(PlatformError) in
                if counter.value.subtract(1, ordering: .relaxed).newValue >= 0 {
                    throw .failed(call: "accept", code: code)
                }
                return try Syscalls.accept(raw)
            }.first)
        try await Task(executorPreference: loop) {
            let accepted = AsyncStream<Void>.makeStream()
            try listener.start(on: loop) { _, _ in accepted.continuation.yield() }
            let began = MonotonicTime.now()
            let client = try await TCPStream.connect(
                to: listener.address, on: loop, by: soon())
            defer { client.close() }
            _ = await accepted.stream.first { _ in true }
            let pauses = Listener.outOfDescriptorsPause * 3
            #expect(MonotonicTime.now().elapsed(since: began) >= pauses)
        }.value
        #expect(counter.value.load(ordering: .relaxed) < 0)
        await loop.perform { listener.stop() }
        await loop.shutDown()
    }

    private final class Counter: Sendable {
        let value: Atomic<Int>
        init(_ value: consuming Atomic<Int>) { self.value = value }
    }
}
