/// A ``ByteStream`` that speaks TLS over another one; ``shakeHands(by:)`` comes first.
///
/// Ciphertext passes through memory of the loop (``TLSMemory``). Only what the socket does not
/// take, or what does not fit the reader's buffer, moves into memory of its own until it does.
///
/// The end of the transport without the peer's `close_notify` is no ``Received/end`` but
/// ``PlatformError/closed``: anybody on the way can cut a connection (RFC 8446 section 6.1).
///
/// `@unchecked Sendable`: every member is used on the transport's loop only.
package final class TLSStream: ByteStream, @unchecked Sendable {
    /// Ciphertext that waits for the socket while the peer keeps asking for more of it (key
    /// updates), before that peer is given up: one lot, and a thousand answers.
    static let unsentBytesMax = 128 * 1024

    private enum Phase {
        case shaking
        case open
        /// Nothing of what the peer sends is believed any more.
        case failed
    }

    private let transport: any ByteStream
    private let memory: TLSMemory
    /// Gone once closed, with its memory.
    private var session: TLSSession?
    private var phase = Phase.shaking
    /// The peer sent `close_notify`.
    private var isAtEnd = false
    private var hasWrittenEnd = false
    /// The writing side of the transport ends when everything has been sent.
    private var isFinishing = false
    /// Received, and not looked at yet.
    private var unread = Ciphertext()
    /// Produced, and not taken by the transport yet.
    private var unsent = Ciphertext()
    /// Bytes given to ``send(_:more:)`` that are encrypted and not reported as taken, because
    /// their ciphertext is in ``unsent``.
    ///
    /// So whoever sends waits, under its own deadline, until the transport has everything.
    private var owed = 0

    /// - Parameters:
    ///   - context: of a server or of a client.
    ///   - transport: nothing that belongs to TLS has been read from it yet.
    ///   - memory: of the transport's loop.
    ///   - serverName: whom a client that verifies wants to speak with.
    /// - Throws: if there is no memory for a session, or no name to verify.
    package init(
        _ context: TLSContext, over transport: any ByteStream, memory: TLSMemory,
        serverName: String? = nil
    ) throws(PlatformError) {
        self.transport = transport
        self.memory = memory
        session = try context.makeSession(memory, serverName: serverName)
    }

    // MARK: Handshake

    /// Agrees on keys; throws if that fails or is not done by `deadline`.
    ///
    /// The stream is then good for nothing but ``close()``.
    package nonisolated(nonsending) func shakeHands(
        by deadline: MonotonicTime
    ) async throws(PlatformError) {
        while true {
            switch try advance() {
            case .done: return
            case .needsRoom: try await transport.waitUntilWritable(by: deadline)
            default: try await transport.waitUntilReadable(by: deadline)
            }
        }
    }

    /// Goes as far as what has arrived allows, with one receive at most, so that a fast peer does
    /// not keep the others waiting.
    private func advance() throws(PlatformError) -> TLSSession.Outcome {
        guard let session, phase != .failed else { throw .closed }
        try flush()
        guard unsent.isEmpty else { return .needsRoom }
        if phase == .open { return .done(0) }
        var outcome = TLSSession.Outcome.failed
        let mayGoOn = try withCiphertext(memory.received) { outcome = session.shakeHands() }
        switch outcome {
        case .done: phase = .open
        case .needsMore where mayGoOn, .needsRoom: break
        case .needsMore, .end, .failed: phase = .failed
        }
        guard phase != .failed else { throw .closed }
        return unsent.isEmpty ? outcome : .needsRoom
    }

    // MARK: Reading

    package func receive(
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(PlatformError) -> Received {
        guard let session, phase == .open else { throw .closed }
        guard !isAtEnd else { return .end }
        guard !buffer.isEmpty else { return .nothing }
        // Little more than what fits once it is decrypted, so that seldom anything is left over.
        let lot = memory.received.prefix(buffer.count + Self.recordOverheadBytes)
        var count = 0
        let mayGoOn = try withCiphertext(UnsafeMutableRawBufferPointer(rebasing: lot)) {
            count = decrypt(session, into: buffer)
        }
        if count > 0 { return .bytes(count) }
        if isAtEnd { return .end }
        guard mayGoOn, phase != .failed else { throw .closed }
        return .nothing
    }

    private func decrypt(
        _ session: TLSSession, into buffer: UnsafeMutableRawBufferPointer
    ) -> Int {
        var count = 0
        while count < buffer.count {
            switch session.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...])) {
            case .done(let more): count += more
            case .needsMore: return count
            case .end:
                isAtEnd = true
                return count
            case .needsRoom, .failed:
                // What came before was genuine; the next call tells of the rest.
                phase = .failed
                return count
            }
        }
        return count
    }

    package func wake(_ waiter: Waiter, whenReadableBy deadline: MonotonicTime) -> Wake? {
        // The socket is silent about what lies here or inside OpenSSL already.
        let hasNews = phase == .failed || isAtEnd || !unread.isEmpty
        if let session, hasNews || session.hasPlaintext { return .ready }
        return transport.wake(waiter, whenReadableBy: deadline)
    }

    // MARK: Writing

    package func send(
        _ bytes: UnsafeRawBufferPointer, more: Bool
    ) throws(PlatformError) -> Int {
        guard let session, phase == .open, !hasWrittenEnd else { throw .closed }
        let owedBefore = owed
        try flush()
        var taken = min(owedBefore - owed, bytes.count)
        while taken < bytes.count, unsent.isEmpty {
            let lot = bytes[taken...].prefix(TLSMemory.plaintextBytesMax)
            let isLast = taken + lot.count == bytes.count
            var outcome = TLSSession.Outcome.failed
            run(more: more || !isLast) {
                outcome = session.write(UnsafeRawBufferPointer(rebasing: lot))
            }
            guard outcome == .done(lot.count), phase == .open else {
                phase = .failed
                throw .closed
            }
            owed = min(lot.count, unsent.count)
            taken += lot.count - owed
        }
        return taken
    }

    package func wake(_ waiter: Waiter, whenWritableBy deadline: MonotonicTime) -> Wake? {
        transport.wake(waiter, whenWritableBy: deadline)
    }

    // MARK: Ending

    /// Sends `close_notify`, and ends the writing side of the transport behind it.
    ///
    /// If the socket is too full for that, it happens in one of the calls that follow.
    package func finish() throws(PlatformError) {
        guard phase == .open else { throw .closed }
        writeEnd()
        isFinishing = true
        try flush()
    }

    package func close() {
        if phase == .open { writeEnd() }
        session = nil
        unread = Ciphertext()
        unsent = Ciphertext()
        transport.close()
    }

    package func abort() {
        session = nil
        transport.abort()
    }

    private func writeEnd() {
        guard let session, !hasWrittenEnd else { return }
        hasWrittenEnd = true
        run { session.writeEnd() }
    }

    // MARK: Ciphertext

    /// The length of the header and the tag of a record, and some more for a few of them.
    private static let recordOverheadBytes = 512

    /// Runs OpenSSL on what was left over or, if nothing was, on what the transport has; false
    /// if that has ended.
    ///
    /// `room`: for what is received.
    private func withCiphertext(
        _ room: UnsafeMutableRawBufferPointer, _ body: () -> Void
    ) throws(PlatformError) -> Bool {
        try flush()
        guard unread.isEmpty else {
            let left = unread.withBytes { run(on: $0, body) }
            unread.drop(unread.count - left)
            return true
        }
        switch try transport.receive(into: room) {
        case .bytes(let count):
            let bytes = UnsafeRawBufferPointer(rebasing: room[..<count])
            let left = run(on: bytes, body)
            unread.append(UnsafeRawBufferPointer(rebasing: bytes.suffix(left)))
            return true
        case .nothing:
            run(body)
            return true
        case .end:
            run(body)
            return false
        }
    }

    /// The only way into OpenSSL: what it writes is sent, or kept until the transport takes it.
    ///
    /// - Returns: how much of `ciphertext` it left.
    @discardableResult
    private func run(
        on ciphertext: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0),
        more: Bool = false, _ body: () -> Void
    ) -> Int {
        memory.lend(ciphertext, to: body) { produced in
            guard !produced.isEmpty else { return }
            do throws(PlatformError) {
                let sent = unsent.isEmpty ? try transport.send(produced, more: more) : 0
                unsent.append(UnsafeRawBufferPointer(rebasing: produced[sent...]))
            } catch {
                phase = .failed
            }
            if unsent.count > Self.unsentBytesMax { phase = .failed }
        }
    }

    /// Sends what the transport did not take before.
    private func flush() throws(PlatformError) {
        if !unsent.isEmpty {
            do throws(PlatformError) {
                let sent = try unsent.withBytes { bytes throws(PlatformError) in
                    try transport.send(bytes, more: false)
                }
                unsent.drop(sent)
            } catch {
                phase = .failed
                throw error
            }
            // Never nothing while ciphertext is left: who sends must come again.
            owed = min(owed, unsent.count)
        }
        guard isFinishing, unsent.isEmpty else { return }
        isFinishing = false
        try transport.finish()
    }
}

/// Bytes that wait; holds no memory while there are none.
private struct Ciphertext {
    private var bytes: [UInt8] = []
    private var start = 0

    var count: Int { bytes.count - start }
    var isEmpty: Bool { count == 0 }

    mutating func append(_ more: UnsafeRawBufferPointer) {
        guard !more.isEmpty else { return }
        bytes.removeFirst(start)
        start = 0
        bytes.append(contentsOf: more)
    }

    mutating func drop(_ count: Int) {
        start = min(start + count, bytes.count)
        if isEmpty { self = Ciphertext() }
    }

    func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try bytes.withUnsafeBufferPointer { all throws(E) in
            try body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(all)[start...]))
        }
    }
}
