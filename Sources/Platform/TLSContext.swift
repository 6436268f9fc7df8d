import COpenSSL
import Synchronization

/// A certificate with its key, and the rules by which TLS is spoken with them.
///
/// TLS 1.2 and 1.3, forward-secret authenticated ciphers, ALPN `http/1.1`, no renegotiation, no
/// compression and no resumption (docs/decisions/0003-tls.md).
package final class TLSContext: Sendable {
    /// An owned `SSL_CTX`.
    ///
    /// Each session holds on to the one it was made from, so replacing it cuts nobody.
    ///
    /// `@unchecked Sendable`: nothing in it changes once it is set up; OpenSSL counts its
    /// references atomically.
    fileprivate struct Owned: ~Copyable, @unchecked Sendable {
        let raw: OpaquePointer

        deinit {
            SSL_CTX_free(raw)
        }
    }

    /// For TLS 1.2; the suites of 1.3 are all as good.
    private static let ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20"

    let isServer: Bool
    /// Whether a client asks the server who it is.
    private let verifies: Bool
    private let certificateFile: String
    private let privateKeyFile: String
    private let current: Mutex<Owned>

    /// A server's.
    ///
    /// - Parameters:
    ///   - certificateFile: PEM, the server's own certificate first, then those that lead to the
    ///     root.
    ///   - privateKeyFile: PEM, without a passphrase.
    /// - Throws: naming the file that can't be used.
    package init(certificateFile: String, privateKeyFile: String) throws(TLSFileError) {
        isServer = true
        verifies = false
        self.certificateFile = certificateFile
        self.privateKeyFile = privateKeyFile
        current = Mutex(try Self.load(certificateFile, privateKeyFile))
    }

    /// A client's that believes any certificate: for a server on this machine, which is asked
    /// whether it is well and told nothing.
    package init(unverifiedClient: Void) throws(PlatformError) {
        isServer = false
        verifies = false
        certificateFile = ""
        privateKeyFile = ""
        guard let raw = SSL_CTX_new(TLS_client_method()) else { throw .unavailable("TLS") }
        current = Mutex(Owned(raw: raw))
        muster_ssl_ctx_release_buffers(raw)
    }

    /// A client's that speaks only with the server it wants to speak with: each session needs the
    /// server's name, and fails unless a trusted certificate bears it.
    package init(verifyingBy trust: TLSTrust) throws(PlatformError) {
        ERR_clear_error()
        defer { ERR_clear_error() }
        isServer = false
        verifies = true
        certificateFile = ""
        privateKeyFile = ""
        guard let raw = SSL_CTX_new(TLS_client_method()) else { throw .unavailable("TLS") }
        let owned = Owned(raw: raw)
        let isTrusting =
            switch trust {
            case .system: SSL_CTX_set_default_verify_paths(raw) == 1
            case .file(let path): SSL_CTX_load_verify_locations(raw, path, nil) == 1
            }
        guard isTrusting, muster_ssl_ctx_set_version_min(raw) == 1,
            SSL_CTX_set_cipher_list(raw, Self.ciphers) == 1
        else { throw .unavailable("TLS") }
        SSL_CTX_set_options(raw, muster_ssl_options)
        SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nil)
        muster_ssl_ctx_release_buffers(raw)
        muster_ssl_ctx_keep_no_sessions(raw)
        current = Mutex(owned)
    }

    /// Reads the files again: the next session uses what they hold now, those there are go on.
    ///
    /// If a file can't be used, everything stays as it was.
    package func reload() throws(TLSFileError) {
        let loaded = try Self.load(certificateFile, privateKeyFile)
        var next: Owned? = loaded
        current.withLock { current in
            if let owned = next.take() { current = owned }
        }
    }

    /// Looks at what is loaded now.
    func withRaw<Value: Sendable>(
        _ body: (OpaquePointer) throws(PlatformError) -> Value
    ) throws(PlatformError) -> Value {
        try current.withLock { owned throws(PlatformError) in try body(owned.raw) }
    }

    /// `serverName`: the name or the address a client wants to speak with.
    func makeSession(
        _ memory: TLSMemory, serverName: String?
    ) throws(PlatformError) -> TLSSession {
        // Counts as a reference of its own to the context.
        guard let raw = current.withLock({ SSL_new($0.raw) }) else { throw .unavailable("TLS") }
        let session = try TLSSession(owning: raw, isServer: isServer, memory)
        if verifies { try session.expect(serverName) }
        return session
    }

    // MARK: Setting up

    private static func load(
        _ certificateFile: String, _ privateKeyFile: String
    ) throws(TLSFileError) -> Owned {
        ERR_clear_error()
        defer { ERR_clear_error() }
        guard let raw = SSL_CTX_new(TLS_server_method()) else {
            throw .setUp(reason: firstReason())
        }
        let owned = Owned(raw: raw)
        guard muster_ssl_ctx_set_version_min(raw) == 1,
            SSL_CTX_set_cipher_list(raw, ciphers) == 1, SSL_CTX_set_num_tickets(raw, 0) == 1
        else { throw .setUp(reason: firstReason()) }
        SSL_CTX_set_options(raw, muster_ssl_options)
        muster_ssl_ctx_release_buffers(raw)
        muster_ssl_ctx_keep_no_sessions(raw)
        SSL_CTX_set_alpn_select_cb(raw, selectHTTP11, nil)
        // Without it OpenSSL asks for a passphrase on the terminal, and a server waits for ever.
        SSL_CTX_set_default_passwd_cb(raw) { _, _, _, _ in -1 }
        guard SSL_CTX_use_certificate_chain_file(raw, certificateFile) == 1 else {
            throw .certificate(file: certificateFile, reason: firstReason())
        }
        guard SSL_CTX_use_PrivateKey_file(raw, privateKeyFile, SSL_FILETYPE_PEM) == 1 else {
            // The key is compared with the certificate while it is read.
            guard !isMismatch(ERR_peek_last_error()) else {
                throw .mismatch(certificate: certificateFile, privateKey: privateKeyFile)
            }
            throw .privateKey(file: privateKeyFile, reason: firstReason())
        }
        guard SSL_CTX_check_private_key(raw) == 1 else {
            throw .mismatch(certificate: certificateFile, privateKey: privateKeyFile)
        }
        return owned
    }

    private static func isMismatch(_ code: UInt) -> Bool {
        let reason = ERR_GET_REASON(code)
        return ERR_GET_LIB(code) == ERR_LIB_X509
            && (reason == X509_R_KEY_VALUES_MISMATCH || reason == X509_R_KEY_TYPE_MISMATCH)
    }

    /// What OpenSSL was the first to complain about, in its words, which quote no file.
    private static func firstReason() -> String {
        let code = ERR_peek_error()
        if ERR_GET_LIB(code) == ERR_LIB_SYS { return Syscalls.message(ERR_GET_REASON(code)) }
        return ERR_reason_error_string(code).map { String(cString: $0) } ?? "unknown reason"
    }
}

/// Whose certificates a client believes.
package enum TLSTrust: Sendable, Hashable {
    /// Those the system trusts, or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name instead.
    case system
    /// PEM: these and no others.
    case file(String)
}

/// Why a certificate and its key can't be used; names files, quotes nothing of them.
package enum TLSFileError: Error, Sendable, Hashable, CustomStringConvertible {
    case setUp(reason: String)
    case certificate(file: String, reason: String)
    case privateKey(file: String, reason: String)
    /// The key is another certificate's.
    case mismatch(certificate: String, privateKey: String)

    package var description: String {
        switch self {
        case .setUp(let reason): "TLS can't be set up: \(reason)"
        case .certificate(let file, let reason):
            "The certificate file \(file) can't be used: \(reason)"
        case .privateKey(let file, let reason):
            "The private key file \(file) can't be used: \(reason)"
        case .mismatch(let certificate, let privateKey):
            "The private key in \(privateKey) is not the one of the certificate in \(certificate)"
        }
    }
}

/// Chooses `http/1.1` from what a client offers (RFC 7301); a client that offers only others hears
/// `no_application_protocol`.
///
/// One that offers nothing is not asked.
///
/// `offered` is a list of names, each behind its length; OpenSSL has checked the lengths.
private func selectHTTP11(
    _: OpaquePointer?, chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    chosenCount: UnsafeMutablePointer<UInt8>?, offered: UnsafePointer<UInt8>?, count: UInt32,
    _: UnsafeMutableRawPointer?
) -> Int32 {
    let offers = UnsafeBufferPointer(start: offered, count: Int(count))
    var start = 0
    while start < offers.count {
        let end = start + 1 + Int(offers[start])
        guard end <= offers.count else { break }
        if offers[(start + 1)..<end].elementsEqual("http/1.1".utf8) {
            chosen?.pointee = offered.map { $0 + start + 1 }
            chosenCount?.pointee = offers[start]
            return SSL_TLSEXT_ERR_OK
        }
        start = end
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL
}
