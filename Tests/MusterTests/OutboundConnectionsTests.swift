import Foundation
import Platform
import TestSupport
import Testing

@testable import muster

/// Which of a name's addresses is connected to.
@Suite(.timeLimit(.minutes(30))) struct OutboundConnectionsTests {
    /// Connects to a name that stands for these hosts, and returns the time that is left; nobody
    /// listens at 127.0.0.2.
    @discardableResult
    private func connect(
        _ hosts: [String], to receiver: LoopbackReceiver, within timeout: Duration = .patience
    ) async throws -> Duration {
        let connections = try OutboundConnections(idleMax: 1, trust: .system) { _, port in
            try hosts.map { try SocketAddress(parsing: $0.contains(":") ? $0 : "\($0):\(port)") }
        }
        let url = try #require(URL(string: "http://mixpanel.example:\(receiver.port)/"))
        let route = Route(origin: try #require(Origin(url)), proxy: nil)
        let connected = Task(executorPreference: connections.loop) {
            let deadline = MonotonicTime.now().advanced(by: timeout)
            try await connections.connect(route, by: deadline).close()
            return deadline.elapsed(since: .now())
        }
        let result = await connected.result
        await connections.shutDown()
        return try result.get()
    }

    @Test(arguments: [
        ["127.0.0.1"], ["127.0.0.2", "127.0.0.1"], ["127.0.0.2", "127.0.0.2", "127.0.0.1"],
    ])
    func theFirstThatTakesUsIsTaken(hosts: [String]) async throws {
        let receiver = try LoopbackReceiver { _ in nil }
        defer { receiver.stop() }
        try await connect(hosts, to: receiver)
    }

    @Test(arguments: [(["127.0.0.2", "127.0.0.2"], HTTPExchangeError.refused), ([], .noSuchHost)])
    func ifNobodyDoesTheErrorSaysWhy(hosts: [String], error: HTTPExchangeError) async throws {
        let receiver = try LoopbackReceiver { _ in nil }
        defer { receiver.stop() }
        await #expect(throws: error) { try await connect(hosts, to: receiver) }
    }

    @Test func anAddressThatIsSilentLeavesTimeToTheNext() async throws {
        let receiver = try LoopbackReceiver { _ in nil }
        defer { receiver.stop() }
        let silent = try FullListener()
        // The silent one has ten of them.
        let left = try await connect(
            [silent.address, "127.0.0.1"], to: receiver, within: .seconds(20))
        #expect(left > .zero)
        await #expect(throws: HTTPExchangeError.timedOut) {
            try await connect([silent.address], to: receiver, within: .milliseconds(50))
        }
    }
}

/// A port whose queue is full, so that the kernel answers nothing to whoever connects.
private final class FullListener: Sendable {
    let address: String
    private let sockets: [Int32]

    init() throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let sockets = (0..<8).map { _ in
            socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
        }
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(sockets[0], $0, length)
                _ = listen(sockets[0], 0)
                _ = getsockname(sockets[0], $0, &length)
                for other in sockets.dropFirst() { _ = connect(other, $0, length) }
            }
        }
        self.sockets = sockets
        self.address = "127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
    }

    deinit {
        for socket in sockets { close(socket) }
    }
}
