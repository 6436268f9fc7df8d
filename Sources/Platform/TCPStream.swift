/// A ``ByteStream`` over a connected socket, TCP or Unix.
///
/// `@unchecked Sendable`: every member is used on `loop` only.
package final class TCPStream: ByteStream, Pollable, @unchecked Sendable {
    package let loop: EventLoop
    /// Empty once closed, so that the peer sees the end now, whoever still refers to this object.
    private var descriptor: Descriptor?
    private let raw: Int32
    private var registration: Registration?
    /// What the poller is asked for.
    ///
    /// Reading stays asked for between requests, which saves two system calls a request; it is
    /// taken back when bytes arrive that nobody waits for.
    private var interest: Readiness = .read
    /// The socket will never block again: every call returns an error, an end or old bytes.
    private var isHungUp = false
    private var reader: Waiter?
    private var writer: Waiter?
    private var readDeadline = MonotonicTime.never
    private var writeDeadline = MonotonicTime.never

    /// Takes over a connected, non-blocking socket.
    ///
    /// Call it on `loop`.
    package init(
        adopting socket: consuming Descriptor, on loop: EventLoop
    ) throws(PlatformError) {
        raw = socket.raw
        descriptor = consume socket
        self.loop = loop
        registration = try loop.register(self, raw, interest)
    }

    /// Connects to `address`.
    ///
    /// Call it on `loop`.
    package static func connect(
        to address: SocketAddress, on loop: EventLoop, by deadline: MonotonicTime
    ) async throws(PlatformError) -> TCPStream {
        let socket = try Syscalls.socket(address.family)
        try Syscalls.connect(socket, address)
        let stream = try TCPStream(adopting: socket, on: loop)
        stream.sendAtOnce()
        do throws(PlatformError) {
            try await stream.waitUntilWritable(by: deadline)
            try Syscalls.finishConnecting(stream.raw)
        } catch {
            stream.close()
            throw error
        }
        return stream
    }

    /// Sends short packets without waiting for company: answers are whole when they are sent.
    package func sendAtOnce() {
        // A Unix socket has no such option and needs none.
        try? Syscalls.set(.noDelay, on: raw)
    }

    package func receive(
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(PlatformError) -> Received {
        guard registration != nil else { throw .closed }
        guard !buffer.isEmpty else { return .nothing }
        switch try Syscalls.receive(raw, into: buffer) {
        case .done(0): return .end
        case .done(let count): return .bytes(count)
        case .wouldBlock where isHungUp: throw .closed
        case .wouldBlock: return .nothing
        }
    }

    package func send(
        _ bytes: UnsafeRawBufferPointer, more: Bool
    ) throws(PlatformError) -> Int {
        guard registration != nil else { throw .closed }
        guard !bytes.isEmpty else { return 0 }
        switch try Syscalls.send(raw, bytes, more: more) {
        case .done(let count): return count
        case .wouldBlock where isHungUp: throw .closed
        case .wouldBlock: return 0
        }
    }

    package func wake(_ waiter: Waiter, whenReadableBy deadline: MonotonicTime) -> Wake? {
        if let wake = begin(.read, isTaken: reader != nil) { return wake }
        reader = waiter
        readDeadline = deadline
        setDeadline()
        return nil
    }

    package func wake(_ waiter: Waiter, whenWritableBy deadline: MonotonicTime) -> Wake? {
        if let wake = begin(.write, isTaken: writer != nil) { return wake }
        writer = waiter
        writeDeadline = deadline
        setDeadline()
        return nil
    }

    package func finish() throws(PlatformError) {
        guard registration != nil else { throw .closed }
        try Syscalls.shutDownWriting(raw)
    }

    package func close() {
        guard let registration else { return }
        self.registration = nil
        loop.unregister(registration, raw)
        descriptor = nil
        reader.take()?.resume(returning: .closed)
        writer.take()?.resume(returning: .closed)
    }

    package func abort() {
        guard registration != nil else { return }
        Syscalls.resetWhenClosed(raw)
        close()
    }

    // MARK: What the loop says

    func ready(_ readiness: Readiness) {
        if readiness.contains(.hangUp) {
            isHungUp = true
            loop.silence(raw)
            reader.take()?.resume(returning: .ready)
            writer.take()?.resume(returning: .ready)
            return
        }
        var unwanted: Readiness = []
        if readiness.contains(.read) {
            // Level-triggered: bytes that nobody reads would be reported for ever.
            if reader == nil {
                unwanted.insert(.read)
            } else {
                reader.take()?.resume(returning: .ready)
            }
        }
        if readiness.contains(.write) {
            unwanted.insert(.write)
            writer.take()?.resume(returning: .ready)
        }
        guard !unwanted.isEmpty, let registration else { return }
        try? ask(for: interest.subtracting(unwanted), registration)
    }

    func expired() {
        if readDeadline <= loop.now { reader.take()?.resume(returning: .expired) }
        if writeDeadline <= loop.now { writer.take()?.resume(returning: .expired) }
        setDeadline()
    }

    /// Asks for what a wait needs; returns what ends the wait before it begins.
    private func begin(_ wanted: Readiness, isTaken: Bool) -> Wake? {
        guard let registration, !isTaken else { return .closed }
        guard !isHungUp else { return .ready }
        do throws(PlatformError) {
            try ask(for: interest.union(wanted), registration)
        } catch {
            return .closed
        }
        return nil
    }

    private func setDeadline() {
        guard let registration else { return }
        let next = min(
            reader == nil ? .never : readDeadline, writer == nil ? .never : writeDeadline)
        loop.setDeadline(next, of: registration)
    }

    private func ask(
        for wanted: Readiness, _ registration: Registration
    ) throws(PlatformError) {
        guard wanted != interest else { return }
        try loop.change(registration, raw, to: wanted)
        interest = wanted
    }
}
