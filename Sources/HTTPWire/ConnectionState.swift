/// One connection's exchanges, one after another (RFC 9112 section 9), without a byte of I/O.
///
/// The driver reports what happened, one method an event, and does what it is told:
///
///     receive ─▶ dispatch ─▶ pull … ─▶ respond ─▶ finish ─▶ drain … ─▶ the next request
///         └────▶ refuse ───────────────▶ respond ─▶ finish ─▶ close
///
/// Methods that take `unread` want all bytes received and not yet consumed, and say how many of
/// them are consumed; the driver keeps the rest. Pipelined requests simply wait there.
/// Deadlines are the driver's: it reports one that passed as ``inputEnded(_:)``.
///
/// Not copyable: a connection has one state, and each question about a copyable one, asked from
/// another module, would copy it first, with a reference counted for all that it holds.
package struct ConnectionState: ~Copyable, Sendable {
    /// Where the exchange stands.
    package enum Phase: Sendable, Hashable {
        /// Between two requests, or before the first.
        case idle
        /// Some bytes of a head are here.
        case readingHead
        /// A head was given out, no answer has begun. The body may be read.
        case handling
        /// The head of the answer was given out. The body may still be read.
        case responding
        /// The answer is out, the rest of the request's body is being thrown away.
        case draining
        /// No more requests. Whatever still comes is not looked at.
        case closing
    }

    /// What is known of the body of the current request.
    private enum Body {
        case finished
        case length(left: Int)
        case chunked(ChunkedDecoder)
        /// Every pull throws this; the connection can not be used for another request.
        case failed(WireError)
    }

    package private(set) var phase = Phase.idle
    private let limits: WireLimits
    private var parser = RequestParser()
    private var body = Body.finished
    /// The client holds its body back until it hears 100 or an answer.
    private var awaitsContinue = false
    private var isHead = false
    private var version = Version.http11
    /// Whether another request may follow the current one.
    private var persists = true
    private var isShuttingDown = false
    private var drainedBytes = 0

    package init(limits: WireLimits = WireLimits()) {
        self.limits = limits
    }

    // MARK: Heads

    /// Whether nothing at all has been seen of the next request, and its answer need not announce
    /// the end.
    package var isAtRest: Bool { phase == .idle && parser.isFresh && !isShuttingDown }

    /// Whether the head that was given out last leaves nothing to say about the connection.
    package var isPlain: Bool {
        phase == .handling && persists && version == .http11 && !isHead && !isShuttingDown
    }

    package enum HeadStep: Sendable {
        /// Keep the unread bytes, read more, report both.
        case read
        /// Start the handler. `declaredLength` is as ``BodyReader/declaredLength``.
        case dispatch(RequestHead, declaredLength: Int?, consumed: Int)
        /// Answer with the error's status, by ``respond(with:)``; the connection will close.
        case refuse(WireError)
    }

    /// Bytes arrived, or the next request may begin with those that were left.
    package mutating func receive(_ unread: UnsafeRawBufferPointer) -> HeadStep {
        // Until a head says so: a refusal must not lack its body because a HEAD came before.
        isHead = false
        do {
            switch try parser.parse(unread, limits: limits) {
            case .needMore:
                phase = parser.hasBegun ? .readingHead : .idle
                return .read
            case .head(let head, let consumed):
                return .dispatch(head, declaredLength: try begin(head), consumed: consumed)
            }
        } catch {
            return refuse(error)
        }
    }

    private mutating func begin(_ head: RequestHead) throws(WireError) -> Int? {
        phase = .handling
        isHead = head.method == .head
        version = head.version
        // What follows CONNECT is meant for the tunnel it asks for, and is no request.
        persists = head.asksToPersist && head.method != .connect
        let framing = try Framing(head)
        awaitsContinue = try head.expectsContinue()
        switch framing {
        case .none, .length(0):
            body = .finished
            awaitsContinue = false
            return 0
        case .length(let count):
            body = .length(left: count)
            return count
        case .chunked:
            body = .chunked(ChunkedDecoder())
            return nil
        }
    }

    private mutating func refuse(_ error: WireError) -> HeadStep {
        phase = .handling
        persists = false
        body = .failed(error)
        return .refuse(error)
    }

    // MARK: Bodies

    package enum BodyStep: Sendable, Hashable {
        /// Send ``Serializer/continueBytes``, then pull again.
        case sendContinue
        /// These of the unread bytes are the next piece of the body; the unread bytes are
        /// consumed up to the end of the range.
        case piece(Range<Int>)
        /// All unread bytes are consumed; read more and pull again.
        case read
        case end(consumed: Int)
    }

    /// The handler wants more of the body.
    package mutating func pull(_ unread: UnsafeRawBufferPointer) throws(WireError) -> BodyStep {
        if awaitsContinue {
            awaitsContinue = false
            // A client that did not wait needs no 100 (RFC 9110 section 10.1.1).
            if unread.isEmpty { return .sendContinue }
        }
        switch body {
        case .finished:
            return .end(consumed: 0)
        case .failed(let error):
            throw error
        case .length(let left):
            guard !unread.isEmpty else { return .read }
            let count = min(left, unread.count)
            received(bodyBytes: count)
            return .piece(0..<count)
        case .chunked(var decoder):
            do {
                switch try decoder.next(unread, limits: limits) {
                case .needMore:
                    body = .chunked(decoder)
                    return .read
                case .data(let range):
                    body = .chunked(decoder)
                    return .piece(range)
                case .end(let consumed):
                    body = .finished
                    return .end(consumed: consumed)
                }
            } catch {
                body = .failed(error)
                throw error
            }
        }
    }

    /// How many bytes of the body are still to come; `nil` unless it has a Content-Length.
    ///
    /// So many may be received straight into their buffer, and then be reported.
    package var bodyBytesLeft: Int? {
        switch body {
        case .finished: 0
        case .length(let left): left
        case .chunked, .failed: nil
        }
    }

    /// How many bytes of the body are announced and still to come; of a chunked one that is the
    /// rest of a chunk.
    package var bodyBytesAnnounced: Int {
        switch body {
        case .finished, .failed: 0
        case .length(let left): left
        case .chunked(let decoder): decoder.chunkBytesLeft
        }
    }

    /// `count` bytes of the body were received without going through ``pull(_:)``; no more
    /// than ``bodyBytesLeft``.
    package mutating func received(bodyBytes count: Int) {
        guard case .length(let left) = body else { return }
        body = left > count ? .length(left: left - count) : .finished
    }

    // MARK: Answers

    /// The answer is known and is going to be written.
    ///
    /// An answer that must not go out as it is (see ``Response/isSendable``) becomes a bare 500.
    package mutating func respond(with response: inout Response) -> ResponsePlan {
        if !response.isSendable { response = Response(.internalServerError) }
        phase = .responding
        if awaitsContinue {
            // Whether the body will be sent now is the client's choice: no one can tell what
            // the next byte is.
            awaitsContinue = false
            body = .failed(.disconnected)
        }
        let isBodiless = response.status.code == 204 || response.status.code == 304
        let framing: ResponsePlan.Framing
        switch response.body {
        case _ where isBodiless: framing = .none
        case .empty: framing = .length(0)
        case .bytes(let bytes): framing = .length(bytes.count)
        case .stream: framing = version == .http11 ? .chunked : .untilClose
        }
        persists = persists && !isShuttingDown && canSkipBody && framing != .untilClose
        let persistence: ResponsePlan.Persistence =
            if !persists { .announceClose } else { version == .http11 ? .keep : .announceKeep }
        return ResponsePlan(
            framing: framing, sendsBody: !isBodiless && !isHead, persistence: persistence)
    }

    /// Whether what is left of the body is, as far as one can know, worth reading over.
    private var canSkipBody: Bool {
        switch body {
        case .finished, .length, .chunked: bodyBytesAnnounced <= limits.drainBytesMax
        case .failed: false
        }
    }

    package enum Closing: Sendable, Hashable {
        case atOnce
        /// The client may still be sending, and closing at once would reset the connection and
        /// take the answer with it (RFC 9112 section 9.6): shut down writing, read and discard
        /// for a while or until the client closes, then close.
        case inStages
    }

    package enum AfterAnswer: Sendable, Hashable {
        /// Go on with ``receive(_:)``, first with the bytes that are left.
        case nextRequest
        /// Go on with ``drain(_:)``, first with the bytes that are left.
        case drain
        case close(Closing)
    }

    /// The answer is written to its end.
    ///
    /// - Parameter unreadBytes: how many bytes are received and not consumed.
    /// - Returns: what to do with the connection.
    package mutating func finish(unreadBytes: Int) -> AfterAnswer {
        let bodyIsFinished = if case .finished = body { true } else { false }
        guard persists, !isShuttingDown else {
            phase = .closing
            return .close(bodyIsFinished && unreadBytes == 0 ? .atOnce : .inStages)
        }
        if bodyIsFinished {
            phase = .idle
            return .nextRequest
        }
        if case .failed = body {
            phase = .closing
            return .close(.inStages)
        }
        phase = .draining
        drainedBytes = 0
        return .drain
    }

    /// The answer could not be written to its end, or its producer failed: the client must see
    /// a cut, so there is nothing to do but to close.
    package mutating func abandon() -> Closing {
        phase = .closing
        persists = false
        return .atOnce
    }

    package enum DrainStep: Sendable, Hashable {
        /// All unread bytes are consumed; read more and drain again.
        case read
        /// The body is over; go on with ``receive(_:)``, first with the bytes that are left.
        case nextRequest(consumed: Int)
        case close(Closing)
    }

    /// Bytes of a body nobody wants arrived (RFC 9112 section 9.3).
    package mutating func drain(_ unread: UnsafeRawBufferPointer) -> DrainStep {
        var rest = unread
        while true {
            let step: BodyStep
            do {
                step = try pull(rest)
            } catch {
                return closeInStages()
            }
            let consumed =
                switch step {
                case .piece(let range): range.upperBound
                case .end(let consumed): consumed
                case .read, .sendContinue: rest.count
                }
            drainedBytes += consumed
            // At the end, too: what arrives in one piece is not to be treated better.
            guard drainedBytes <= limits.drainBytesMax else { return closeInStages() }
            rest = UnsafeRawBufferPointer(rebasing: rest[consumed...])
            switch step {
            case .end:
                phase = .idle
                return .nextRequest(consumed: unread.count - rest.count)
            case .read, .sendContinue:
                return .read
            case .piece:
                continue
            }
        }
    }

    private mutating func closeInStages() -> DrainStep {
        phase = .closing
        return .close(.inStages)
    }

    // MARK: Endings

    package enum AfterInput: Sendable, Hashable {
        /// An exchange is going on; it hears of the error when it pulls, and is answered.
        case goOn
        /// As ``HeadStep/refuse(_:)``.
        case refuse(WireError)
        case close(Closing)
    }

    /// Nothing more will be read: the client closed its side or reset the connection
    /// (``WireError/disconnected``), or a deadline passed (``WireError/timedOut``).
    ///
    /// A client that only closed its side may still be reading (RFC 9112 section 9.6), so a
    /// request that is complete gets its answer; one that is cut short is never taken as
    /// complete (section 8).
    package mutating func inputEnded(_ error: WireError) -> AfterInput {
        switch phase {
        case .idle, .draining, .closing:
            phase = .closing
            return .close(.atOnce)
        case .readingHead:
            guard error.status != nil else {
                phase = .closing
                return .close(.atOnce)
            }
            _ = refuse(error)
            return .refuse(error)
        case .handling, .responding:
            persists = false
            switch body {
            case .finished, .failed: break
            case .length, .chunked: body = .failed(error)
            }
            awaitsContinue = false
            return .goOn
        }
    }

    /// The server is to stop: the current exchange is finished and announces the end.
    ///
    /// - Returns: whether there is none, so that the connection may be closed now.
    package mutating func shutDown() -> Bool {
        isShuttingDown = true
        return phase == .idle
    }
}
