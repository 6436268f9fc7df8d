/// Every maximum of the protocol, so that no peer decides how much we hold for it.
///
/// A message past a limit is refused with the status RFC 9110 names for it. Body sizes are not
/// here: how much to take is the endpoint's decision, see ``BodyReader``.
package struct WireLimits: Sendable, Hashable {
    /// Empty lines skipped before a request line; more is 400.
    ///
    /// RFC 9112 section 2.2 asks for at least one; old clients send
    /// one after a body. More is noise.
    package var emptyLinesMax = 4

    /// Longest method; longer is 501.
    ///
    /// The longest registered one has 17 letters
    /// (`UPDATEREDIRECTREF`).
    package var methodBytesMax = 32

    /// Longest request line without its CRLF; longer is 414.
    ///
    /// RFC 9112 section 3 recommends at
    /// least 8,000; this is twice as much, and what nginx and Apache take with room to spare.
    package var requestLineBytesMax = 16 * 1024

    /// Longest header section, CRLFs counted and the last empty line not; longer is 431.
    ///
    /// nginx takes 32 KiB (4 x 8), node 16, Kestrel 32.
    package var headerBlockBytesMax = 32 * 1024

    /// Most header fields; more is 431.
    ///
    /// Kestrel and Apache take 100; swift-nio's CVE-2026-28980
    /// is what happens without it.
    package var headerFieldsMax = 100

    /// Most digits of a chunk size; more is 400.
    ///
    /// 16 say any 64-bit number, and leading zeros are no way to send bytes for free.
    package var chunkSizeDigitsMax = 16

    /// Bytes of chunk extensions in one body, 400 beyond.
    ///
    /// They mean nothing to us and must not
    /// become an amplifier (Go's CVE-2023-39326).
    package var chunkExtensionBytesMax = 64 * 1024

    /// Longest trailer section, counted as the header section is; longer is 431.
    ///
    /// Trailers are discarded, so this is only what a polite sender of a digest may need.
    package var trailerBytesMax = 8 * 1024

    /// Most trailer fields; more is 431.
    package var trailerFieldsMax = 32

    /// Bytes of an unread body thrown away after an answer to keep the connection; with more to
    /// come it is closed.
    ///
    /// Reading this much costs less than a new
    /// handshake; reading a refused 32 MiB page costs more.
    package var drainBytesMax = 64 * 1024

    /// Longest header of the PROXY protocol, from its first byte; longer closes the connection.
    ///
    /// Its specification says that 536 bytes hold what is sent in practice; addresses of Unix
    /// sockets take 232 of them, and cloud load balancers add vectors of their own.
    package var proxyHeaderBytesMax = 1024

    package init() {}
}
