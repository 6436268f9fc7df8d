internal import Foundation
internal import Platform

/// The loop that outbound connections live on, and those that wait for their next request.
///
/// `@unchecked Sendable`: `idle` is used on the loop only.
final class OutboundConnections: @unchecked Sendable {
    /// Finds the addresses of a name, the best first; may block.
    typealias Resolver = @Sendable (_ host: String, _ port: UInt16) throws -> [SocketAddress]

    let loop: EventLoop
    private let resolver: Resolver
    private let idleMax: Int
    private let tls: TLSContext
    private let memory = TLSMemory()
    private var idle: [Route: [any ByteStream]] = [:]

    init(
        idleMax: Int, trust: TLSTrust,
        resolver: @escaping Resolver = { try SocketAddress.resolveAll(host: $0, port: $1) }
    ) throws(PlatformError) {
        self.idleMax = idleMax
        self.resolver = resolver
        tls = try TLSContext(verifyingBy: trust)
        loop = try EventLoop(label: "outbound")
    }

    func shutDown() async {
        await loop.perform { [self] in
            closeIdle()
        }
        await loop.shutDown()
    }

    // MARK: On the loop

    func closeIdle() {
        for stream in idle.values.joined() { stream.close() }
        idle = [:]
    }

    /// A connection that was used before and is still open and silent; `nil` if there is none.
    func takeIdle(_ route: Route) -> (any ByteStream)? {
        while let stream = idle[route]?.popLast() {
            if stream.isSilent { return stream }
            stream.close()
        }
        return nil
    }

    /// Keeps a connection for the next request.
    func giveBack(_ stream: any ByteStream, _ route: Route) {
        guard idle[route, default: []].count < idleMax else { return stream.close() }
        idle[route, default: []].append(stream)
    }

    /// Connects to whoever is next on the way, at the first of its addresses that can be reached,
    /// and that the policy permits if there is one.
    ///
    /// `localhost` is often `::1` first, with nobody there but at 127.0.0.1. Each address has an
    /// equal share of the time that is left, so that a silent one leaves some to the others.
    nonisolated(nonsending) func connect(
        _ route: Route, within policy: AddressPolicy? = nil, by deadline: MonotonicTime
    ) async throws -> TCPStream {
        let found = try await resolve(route.nextHop, by: deadline)
        let addresses = policy?.permitted(found, on: route) ?? found
        var failure = found.isEmpty ? HTTPExchangeError.noSuchHost : .addressRefused
        for (index, address) in addresses.enumerated() {
            let now = MonotonicTime.now()
            let share = deadline.elapsed(since: now) / (addresses.count - index)
            do {
                return try await TCPStream.connect(
                    to: address, on: loop, by: now.advanced(by: share))
            } catch {
                failure = error == .timedOut ? .timedOut : .refused
            }
        }
        throw failure
    }

    /// Speaks TLS with `host` over `socket`, once its certificate was found to be its own.
    nonisolated(nonsending) func secure(
        _ socket: TCPStream, host: String, by deadline: MonotonicTime
    ) async throws -> any ByteStream {
        do {
            let stream = try TLSStream(tls, over: socket, memory: memory, serverName: host)
            try await stream.shakeHands(by: deadline)
            return stream
        } catch PlatformError.timedOut {
            throw HTTPExchangeError.timedOut
        } catch {
            throw HTTPExchangeError.tls
        }
    }

    /// Asks the resolver in a thread of its own, since it blocks, and may do so for longer than
    /// anybody wants to wait: then the thread is left to itself.
    private nonisolated(nonsending) func resolve(
        _ hop: Origin, by deadline: MonotonicTime
    ) async throws -> [SocketAddress] {
        if let address = try? SocketAddress(parsing: hop.authority) { return [address] }
        let (answers, answer) = AsyncStream.makeStream(of: [SocketAddress].self)
        Thread.detachNewThread { [resolver] in
            answer.yield((try? resolver(hop.host, hop.port)) ?? [])
        }
        let alarm = Task {
            try await Task.sleep(for: deadline.elapsed(since: .now()))
            answer.finish()
        }
        defer { alarm.cancel() }
        var iterator = answers.makeAsyncIterator()
        guard let found = await iterator.next() else { throw HTTPExchangeError.timedOut }
        return found
    }
}

extension ByteStream {
    /// Whether the peer has neither ended the connection nor said anything unasked.
    fileprivate var isSilent: Bool {
        withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { byte in
            (try? receive(into: byte)) == .nothing
        }
    }
}
