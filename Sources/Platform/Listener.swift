/// A listening socket on one loop.
///
/// On Linux every loop has a listener of its own on the same port (SO_REUSEPORT), and the kernel
/// deals out the connections; a connection stays on the loop that accepted it.
///
/// `@unchecked Sendable`: after ``bind(to:count:backlog:)`` it is used on its loop only.
package final class Listener: Pollable, @unchecked Sendable {
    /// Takes one accepted socket.
    package typealias Accepted = (consuming Descriptor, SocketAddress) -> Void
    typealias Accept = (Int32) throws(PlatformError) -> (Int32, SocketAddress)?

    /// Connections accepted in one batch, before the established ones get their turn again.
    private static let acceptsPerBatchMax = 64
    /// How long accepting rests when no descriptor is left.
    ///
    /// Connections wait in the kernel's queue meanwhile, and those being served give descriptors
    /// back as they end.
    static let outOfDescriptorsPause = Duration.milliseconds(100)

    /// Where it listens, with the real port.
    package let address: SocketAddress
    private var descriptor: Descriptor?
    private let raw: Int32
    private let backlog: Int32
    private let accept: Accept
    private var loop: EventLoop?
    private var registration: Registration?
    private var accepted: Accepted?

    private init(
        _ socket: consuming Descriptor, backlog: Int32, accept: @escaping Accept
    ) throws(PlatformError) {
        address = try Syscalls.localAddress(of: socket)
        raw = socket.raw
        descriptor = consume socket
        self.backlog = backlog
        self.accept = accept
    }

    /// Listens on `address` with up to `count` sockets; port 0 becomes a free port, the same for
    /// all.
    ///
    /// A Unix socket has one listener, and replaces a file that no server listens on.
    ///
    /// `backlog`: connections the kernel queues until they are accepted.
    package static func bind(
        to address: SocketAddress, count: Int, backlog: Int32 = 1024
    ) throws(PlatformError) -> [Listener] {
        try bind(to: address, count: count, backlog: backlog) { raw throws(PlatformError) in
            try Syscalls.accept(raw)
        }
    }

    static func bind(
        to address: SocketAddress, count: Int, backlog: Int32 = 1024, accept: @escaping Accept
    ) throws(PlatformError) -> [Listener] {
        try clear(address)
        var listeners: [Listener] = []
        var bound = address
        for _ in 0..<(address.port == nil ? 1 : max(1, count)) {
            let socket = try Syscalls.socket(address.family)
            try Syscalls.set(.reuseAddress, on: socket.raw)
            if address.port != nil { try Syscalls.set(.reusePort, on: socket.raw) }
            try Syscalls.bind(socket, bound)
            try Syscalls.listen(socket, backlog: backlog)
            let listener = try Listener(socket, backlog: backlog, accept: accept)
            bound = listener.address
            listeners.append(listener)
        }
        return listeners
    }

    /// Throws if another server listens on `address`.
    ///
    /// Sharing a port is allowed among our own sockets, and so would be among two servers started
    /// by mistake, each getting half of the requests. A socket that does not share tells.
    private static func clear(_ address: SocketAddress) throws(PlatformError) {
        let probe = try Syscalls.socket(address.family)
        if let path = address.unixPath {
            do throws(PlatformError) {
                try Syscalls.connect(probe, address)
            } catch {
                // Nobody answers: a file left by a server that was killed, or none at all.
                Syscalls.unlinkSocket(path)
                return
            }
            throw .addressInUse
        }
        guard address.port != 0 else { return }
        try Syscalls.set(.reuseAddress, on: probe.raw)
        try Syscalls.bind(probe, address)
    }

    /// Hands every new connection to `accepted`, on `loop`.
    ///
    /// Call it on `loop`.
    package func start(
        on loop: EventLoop, accepted: @escaping Accepted
    ) throws(PlatformError) {
        self.loop = loop
        self.accepted = accepted
        registration = try loop.register(self, raw, .read)
    }

    /// Accepts what has queued up, and then listens no more.
    ///
    /// Closing the socket resets whoever is left in its queue, and they were told that they are
    /// connected. The queue holds one more than the backlog; those who go on coming meanwhile are
    /// not waited for.
    package func stop() {
        guard let registration else { return }
        acceptQueued(max: Int(backlog) + 1)
        loop?.unregister(registration, raw)
        self.registration = nil
        descriptor = nil
        accepted = nil
        if let path = address.unixPath { Syscalls.unlinkSocket(path) }
    }

    func ready(_ readiness: Readiness) {
        acceptQueued(max: Self.acceptsPerBatchMax)
    }

    private func acceptQueued(max: Int) {
        for _ in 0..<max {
            do throws(PlatformError) {
                guard let (raw, peer) = try accept(raw) else { return }
                accepted?(Descriptor(owning: raw), peer)
            } catch {
                // Whatever it was, the listener is still the only door: rest, and try again.
                pause()
                return
            }
        }
    }

    func expired() {
        guard let registration else { return }
        try? loop?.change(registration, raw, to: .read)
    }

    private func pause() {
        guard let registration, let loop else { return }
        try? loop.change(registration, raw, to: [])
        loop.setDeadline(
            .now().advanced(by: Self.outOfDescriptorsPause), of: registration)
    }
}
