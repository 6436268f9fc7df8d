/// A connection as bytes in both directions: a socket, or TLS over one.
///
/// Reading and writing never wait; waiting is a call of its own, with a deadline. So the reader
/// can lend the loop's scratch buffer to ``receive(into:)`` and nobody holds memory while idle.
///
/// A stream belongs to its loop: call it from there only. One task may wait to read while another
/// waits to write.
package protocol ByteStream: AnyObject, Sendable {
    /// Moves bytes that have arrived into `buffer`, as many as fit.
    func receive(into buffer: UnsafeMutableRawBufferPointer) throws(PlatformError) -> Received

    /// Tells `waiter` when ``receive(into:)`` is worth calling, or that the deadline came first.
    ///
    /// What is known at once is returned, and the waiter not told: so nobody is called back by
    /// what they call.
    func wake(_ waiter: Waiter, whenReadableBy deadline: MonotonicTime) -> Wake?

    /// Takes as many of `bytes` as it can without waiting, perhaps none.
    ///
    /// What was not taken must be offered again before anything else: some of it may be encrypted.
    ///
    /// `more`: further bytes follow at once, so a short packet may wait for them.
    func send(_ bytes: UnsafeRawBufferPointer, more: Bool) throws(PlatformError) -> Int

    /// As ``wake(_:whenReadableBy:)``, for ``send(_:more:)``.
    func wake(_ waiter: Waiter, whenWritableBy deadline: MonotonicTime) -> Wake?

    /// Tells the peer that nothing more will be written; reading goes on.
    func finish() throws(PlatformError)

    /// Gives up the connection and ends every wait; harmless when repeated.
    func close()

    /// As ``close()``, but the peer is told by a reset and nothing lingers in the kernel.
    func abort()
}

/// Who waits for a stream.
package enum Waiter {
    /// A suspended task.
    case task(UnsafeContinuation<Wake, Never>)
    /// An object that needs no task, and so no memory for one, while it waits.
    case sleeper(any Sleeper)

    func resume(returning wake: Wake) {
        switch self {
        case .task(let continuation): continuation.resume(returning: wake)
        case .sleeper(let sleeper): sleeper.woke(wake)
        }
    }
}

/// Somebody who is called on the loop when a wait is over.
package protocol Sleeper: AnyObject {
    func woke(_ wake: Wake)
}

/// Why a wait ended.
package enum Wake: Sendable, Hashable {
    case ready
    /// The deadline came first.
    case expired
    /// This side closed the stream, or somebody else waits already.
    case closed

    /// Throws unless it is ``ready``.
    package func check() throws(PlatformError) {
        switch self {
        case .ready: return
        case .expired: throw .timedOut
        case .closed: throw .closed
        }
    }
}

/// What ``ByteStream/receive(into:)`` found.
package enum Received: Sendable, Hashable {
    case bytes(Int)
    /// Nothing has arrived since.
    case nothing
    /// The peer will send no more; writing to it may still work.
    case end
}

extension ByteStream {
    /// Returns when ``receive(into:)`` is worth calling; throws ``PlatformError/timedOut`` when
    /// `deadline` comes first, and ``PlatformError/closed`` when this side is closed meanwhile.
    package nonisolated(nonsending) func waitUntilReadable(
        by deadline: MonotonicTime
    ) async throws(PlatformError) {
        try await withUnsafeContinuation { continuation in
            guard let wake = wake(.task(continuation), whenReadableBy: deadline) else { return }
            continuation.resume(returning: wake)
        }.check()
    }

    /// As ``waitUntilReadable(by:)``, for ``send(_:more:)``.
    package nonisolated(nonsending) func waitUntilWritable(
        by deadline: MonotonicTime
    ) async throws(PlatformError) {
        try await withUnsafeContinuation { continuation in
            guard let wake = wake(.task(continuation), whenWritableBy: deadline) else { return }
            continuation.resume(returning: wake)
        }.check()
    }

    /// Writes all of `bytes`, waiting for the peer to take them.
    ///
    /// Each wait gives the peer `patience` to take at least one more byte.
    package nonisolated(nonsending) func write(_ bytes: [UInt8], patience: Duration)
        async throws(PlatformError)
    {
        var written = 0
        while written < bytes.count {
            let taken = try bytes.withUnsafeBufferPointer { all throws(PlatformError) in
                let rest = UnsafeRawBufferPointer(all)[written...]
                return try send(UnsafeRawBufferPointer(rebasing: rest), more: false)
            }
            written += taken
            guard written < bytes.count else { return }
            try await waitUntilWritable(by: .now().advanced(by: patience))
        }
    }
}
