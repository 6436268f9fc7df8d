/// Every maximum of the transport: what one peer, and all of them, may take from the server.
package struct TransportLimits: Sendable, Hashable {
    /// Connections open at once.
    ///
    /// Beyond, the longest idle one is closed, of those that never sent a request if there are
    /// any, and if none is idle the newcomer hears 503. 4,096
    /// is twice what Mixpanel and a console need at their busiest. ``fit(descriptors:loopCount:)``
    /// lowers it to what RLIMIT_NOFILE allows.
    package var connectionsMax = 4096

    /// Descriptors left for everything else in the process: the store's files, logs, outbound
    /// calls.
    ///
    /// Counted against RLIMIT_NOFILE when ``connectionsMax`` is lowered.
    package var descriptorsReserved = 32

    /// Refused newcomers, per loop, that still get a moment to read their 503; more are closed
    /// at once, since a flood must not find a second set of connections here.
    ///
    /// Lowered with ``connectionsMax``.
    package var refusedConnectionsMax = 64

    /// How long a TLS handshake may take in all, then the connection is closed.
    ///
    /// Two round trips: as much patience as for a head, which is one packet.
    package var handshakeTimeout = Duration.seconds(10)

    /// TLS handshakes under way at once, on all loops; beyond, the oldest gives way.
    ///
    /// One that hangs holds 44 KiB, so that these are 22 MiB; and a core has a quarter of a second
    /// of work with as many.
    package var handshakesMax = 512

    /// How long a request's head may take from its first byte on, then 408.
    ///
    /// CIS NGINX 5.2.1 says 10 s; a head is one packet, so this is three lost packets of patience.
    package var headerTimeout = Duration.seconds(10)

    /// How much is received at once while a head is expected; more follows without waiting.
    ///
    /// Nearly every head fits, and sixteen pipelined ones. Of a body behind it little is received
    /// with it, which has to be copied to where the rest of the body is received directly.
    package var headReceiveBytesMax = 4 * 1024

    /// How long a connection may stay without a request, before it is closed in silence.
    ///
    /// RFC 9110 has no status for it. nginx waits 75 s, and load balancers commonly 60.
    package var idleTimeout = Duration.seconds(60)

    /// The slowest body taken, after ``bodyGrace``.
    ///
    /// Kestrel asks for 240, Apache for 500.
    package var bodyBytesPerSecondMin = 500

    /// How long a body may be late in all, over what ``bodyBytesPerSecondMin`` allows for.
    ///
    /// Time in which nobody asks for the body is not counted.
    package var bodyGrace = Duration.seconds(5)

    /// The longest silence a body may earn by having been fast: a stalled sender is gone after
    /// this, however much it sent.
    ///
    /// Six TCP retransmissions fit in.
    package var bodySilenceMax = Duration.seconds(20)

    /// How long an answer may wait for the peer to take a byte of it, and how far it may fall
    /// behind ``answerBytesPerSecondMin``.
    package var writeTimeout = Duration.seconds(30)

    /// The slowest reader served once ``writeTimeout`` is used up: as slow as the slowest sender.
    package var answerBytesPerSecondMin = 500

    /// Answers collected for one send while requests are pipelined.
    ///
    /// A page of the console fits; more would hold memory for a client that may not read.
    package var pendingAnswerBytesMax = 64 * 1024

    /// How long a closing connection may go on sending before it is cut, RFC 9112 section 9.6.
    ///
    /// Twice as long as a page of a MiB takes at 2 Mbit/s: many clients read only after they have
    /// sent everything, and a reset would take the answer from them.
    package var closingTimeout = Duration.seconds(8)

    /// How long a closing connection may be silent before it is cut: its client has nothing more
    /// to send, so it has had the time to read the answer.
    package var closingSilenceMax = Duration.seconds(2)

    /// How much is read from it and thrown away meanwhile: twice the largest body of a page, so
    /// that who sends a body that is too long is told so.
    package var closingBytesMax = 64 * 1024 * 1024

    /// How long new connections are still accepted after a drain began.
    ///
    /// Kubernetes takes an endpoint out of service in parallel to SIGTERM, so requests keep coming
    /// for a while.
    package var drainAcceptDelay = Duration.seconds(5)

    /// How long a client may hold up the end of a drain that has its answer and sends on, or that
    /// was accepted at the last moment and has not sent its first request.
    ///
    /// A round trip around the earth is a third of a second.
    package var drainClosingTimeout = Duration.seconds(1)

    /// Freed body buffers a loop keeps for the next body.
    ///
    /// Thirty-two pages of 150 KB in flight on one loop use 8 MiB of 256 KiB buffers.
    package var pooledBytesMax = 8 * 1024 * 1024

    /// How long a loop must be quiet until it gives freed memory back to the system.
    ///
    /// Longer than the pause between two pages of a sync, which come one after the other.
    package var memoryIdleDelay = Duration.seconds(5)

    package init() {}

    /// Lowers the numbers of connections to what `descriptors` allow in all.
    ///
    /// Refused newcomers have descriptors too while they read their 503. An eighth is left to
    /// them, so that they never take those that are reserved, nor wait for one another.
    package mutating func fit(descriptors: Int, loopCount: Int) {
        let loops = max(1, loopCount)
        let free = max(1, descriptors - descriptorsReserved)
        refusedConnectionsMax = min(refusedConnectionsMax, free / 8 / loops)
        connectionsMax = min(connectionsMax, max(1, free - refusedConnectionsMax * loops))
    }
}
