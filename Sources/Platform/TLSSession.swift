import COpenSSL

/// One connection's TLS without I/O: takes and gives ciphertext through ``TLSMemory``.
final class TLSSession {
    /// What a call came to.
    enum Outcome: Equatable {
        case done(Int)
        /// All ciphertext is used up.
        case needsMore
        /// The memory for ciphertext is full.
        case needsRoom
        /// The peer said that it will send no more.
        case end
        /// The peer broke the protocol; an alert for it may have been written.
        case failed
    }

    private let raw: OpaquePointer

    /// Takes over a new `SSL`.
    init(
        owning raw: OpaquePointer, isServer: Bool, _ memory: TLSMemory
    ) throws(PlatformError) {
        self.raw = raw
        guard let bio = memory.makeBIO() else { throw .unavailable("TLS") }
        // One reference, as both are the same.
        SSL_set_bio(raw, bio, bio)
        if isServer { SSL_set_accept_state(raw) } else { SSL_set_connect_state(raw) }
    }

    deinit {
        SSL_free(raw)
    }

    /// Lets the handshake fail unless the server's certificate bears this name or address.
    func expect(_ name: String?) throws(PlatformError) {
        ERR_clear_error()
        defer { ERR_clear_error() }
        // OpenSSL takes an empty name as one that need not be checked.
        guard let name, !name.isEmpty, !name.utf8.contains(0) else { throw .badAddress("") }
        SSL_set_hostflags(raw, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        guard SSL_set1_host(raw, name) == 1 else { throw .badAddress(name) }
        // RFC 6066 section 3: an address is no name to ask for.
        let isAddress = (try? SocketAddress(parsing: "[\(name)]:1")) != nil
        guard isAddress || muster_ssl_set_server_name(raw, name) == 1 else {
            throw .badAddress(name)
        }
    }

    /// Decrypted bytes lie inside, while the socket may be silent.
    var hasPlaintext: Bool { SSL_pending(raw) > 0 }

    func shakeHands() -> Outcome {
        ERR_clear_error()
        return outcome(of: SSL_do_handshake(raw), 0)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Outcome {
        ERR_clear_error()
        var count = 0
        return outcome(of: SSL_read_ex(raw, buffer.baseAddress, buffer.count, &count), count)
    }

    /// Encrypts all of `bytes`, at most ``TLSMemory/plaintextBytesMax``.
    func write(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        ERR_clear_error()
        var count = 0
        return outcome(of: SSL_write_ex(raw, bytes.baseAddress, bytes.count, &count), count)
    }

    /// Writes the alert that says that nothing more will come.
    func writeEnd() {
        ERR_clear_error()
        _ = SSL_shutdown(raw)
        ERR_clear_error()
    }

    private func outcome(of result: Int32, _ count: Int) -> Outcome {
        guard result != 1 else { return .done(count) }
        let error = SSL_get_error(raw, result)
        // Errors wait in a queue of the thread, where the next connection would find them.
        ERR_clear_error()
        return switch error {
        case SSL_ERROR_WANT_READ: .needsMore
        case SSL_ERROR_WANT_WRITE: .needsRoom
        case SSL_ERROR_ZERO_RETURN: .end
        default: .failed
        }
    }
}

/// The ciphertext of whichever connection of a loop is inside OpenSSL now.
///
/// OpenSSL's own memory BIO keeps the largest room it ever needed, for every connection. This one
/// owns nothing: a connection is lent the memory for one call, and none is held while idle.
///
/// `@unchecked Sendable`: used on one loop only.
package final class TLSMemory: @unchecked Sendable {
    /// One receive, as much as a socket commonly holds at once.
    private static let receivedBytesMax = 64 * 1024
    private static let recordsMax = 4
    /// What is encrypted at once: four full records (RFC 8446 section 5.1).
    static let plaintextBytesMax = recordsMax * Int(SSL3_RT_MAX_PLAIN_LENGTH)

    let received = UnsafeMutableRawBufferPointer.allocate(
        byteCount: receivedBytesMax, alignment: 16)
    private let produced = UnsafeMutableRawBufferPointer.allocate(
        byteCount: recordsMax * Int(SSL3_RT_MAX_PACKET_SIZE), alignment: 16)
    private var producedCount = 0
    private var input = UnsafeRawBufferPointer(start: nil, count: 0)

    package init() {}

    deinit {
        received.deallocate()
        produced.deallocate()
    }

    /// Lends `ciphertext` to the OpenSSL calls in `body`, and what they write to `send`.
    ///
    /// Nothing of either is here when it returns: the next to come is another connection.
    ///
    /// Returns: how much of `ciphertext` was left.
    func lend(
        _ ciphertext: UnsafeRawBufferPointer, to body: () -> Void,
        send: (UnsafeRawBufferPointer) -> Void
    ) -> Int {
        input = ciphertext
        defer {
            input = UnsafeRawBufferPointer(start: nil, count: 0)
            producedCount = 0
        }
        body()
        send(UnsafeRawBufferPointer(rebasing: produced[..<producedCount]))
        return input.count
    }

    fileprivate func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, input.count)
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: input[..<count]))
        input = UnsafeRawBufferPointer(rebasing: input[count...])
        return count
    }

    fileprivate func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        let count = min(bytes.count, produced.count - producedCount)
        UnsafeMutableRawBufferPointer(rebasing: produced[producedCount...])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        producedCount += count
        return count
    }

    // MARK: The BIO

    /// Made once and never freed: every BIO refers to it.
    nonisolated(unsafe) private static let method: OpaquePointer? = {
        let type = BIO_get_new_index() | BIO_TYPE_SOURCE_SINK
        guard let method = BIO_meth_new(type, "lent memory") else { return nil }
        BIO_meth_set_read_ex(method) { bio, bytes, count, done in
            let buffer = UnsafeMutableRawBufferPointer(start: bytes, count: count)
            return moved(bio, done, BIO_FLAGS_READ) { $0.read(into: buffer) }
        }
        BIO_meth_set_write_ex(method) { bio, bytes, count, done in
            let buffer = UnsafeRawBufferPointer(start: bytes, count: count)
            return moved(bio, done, BIO_FLAGS_WRITE) { $0.write(buffer) }
        }
        // Flushing is the one thing OpenSSL asks that must not be answered with no.
        BIO_meth_set_ctrl(method) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
        return method
    }()

    /// A BIO over this memory, which must outlive it.
    fileprivate func makeBIO() -> OpaquePointer? {
        guard let method = Self.method, let bio = BIO_new(method) else { return nil }
        BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
        BIO_set_init(bio, 1)
        return bio
    }
}

/// Moves bytes between OpenSSL and the memory of `bio`; none is "come again".
private func moved(
    _ bio: OpaquePointer?, _ done: UnsafeMutablePointer<Int>?, _ direction: Int32,
    _ move: (TLSMemory) -> Int
) -> Int32 {
    BIO_clear_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY)
    guard let data = BIO_get_data(bio) else { return 0 }
    let count = move(Unmanaged<TLSMemory>.fromOpaque(data).takeUnretainedValue())
    done?.pointee = count
    guard count == 0 else { return 1 }
    BIO_set_flags(bio, direction | BIO_FLAGS_SHOULD_RETRY)
    return 0
}
