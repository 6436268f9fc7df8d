import HTTPWire
import Testing

/// Steps one connection by hand; no transport, no time.
@Suite final class ConnectionStateTests {
    private var state = ConnectionState()

    /// Receives a whole head, without Host in 1.0, and returns what the state wants done.
    private func receive(_ line: String, _ fields: String...) -> String {
        let host = line.hasSuffix("1.1") ? ["Host: a"] : []
        let text = ([line] + host + fields + ["", ""]).joined(separator: "\r\n")
        return Array(text.utf8).withUnsafeBytes { raw in
            switch state.receive(raw) {
            case .read: "read"
            case .refuse(let error): "refuse \(error.status?.code ?? 0)"
            case .dispatch(_, let length, let consumed):
                "dispatch \(length.map(String.init) ?? "chunked") \(raw.count - consumed)"
            }
        }
    }

    private func pull(_ text: String = "") throws(WireError) -> ConnectionState.BodyStep {
        let result: Result<ConnectionState.BodyStep, WireError> = Array(text.utf8).withUnsafeBytes {
            raw in
            do throws(WireError) {
                return .success(try state.pull(raw))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func drain(_ text: String) -> ConnectionState.DrainStep {
        Array(text.utf8).withUnsafeBytes { state.drain($0) }
    }

    private func respond(
        _ status: Status = .ok, _ body: ResponseBody = .bytes([1, 2, 3])
    ) -> ResponsePlan {
        var response = Response(status, body: body)
        return state.respond(with: &response)
    }

    // Asked by name: #expect would copy the state to show it, and it is not copyable.

    private var phase: ConnectionState.Phase { state.phase }
    private var isAtRest: Bool { state.isAtRest }
    private var bodyBytesLeft: Int? { state.bodyBytesLeft }
    private var bodyBytesAnnounced: Int { state.bodyBytesAnnounced }

    private func finish(unreadBytes: Int) -> ConnectionState.AfterAnswer {
        state.finish(unreadBytes: unreadBytes)
    }

    private func inputEnded(_ error: WireError) -> ConnectionState.AfterInput {
        state.inputEnded(error)
    }

    private func shutDown() -> Bool { state.shutDown() }

    private func abandon() -> ConnectionState.Closing { state.abandon() }

    // MARK: Keeping and closing

    @Test(arguments: [
        ("GET / HTTP/1.1", "X: y", ResponsePlan.Persistence.keep),
        ("GET / HTTP/1.1", "Connection: close", .announceClose),
        ("GET / HTTP/1.1", "Connection: x, CLOSE", .announceClose),
        ("GET / HTTP/1.1", "Connection: closed", .keep),
        ("GET / HTTP/1.0", "X: y", .announceClose),
        ("GET / HTTP/1.0", "Connection: Keep-Alive", .announceKeep),
        ("GET / HTTP/1.0", "Connection: keep-alive, close", .announceClose),
        ("CONNECT a:443 HTTP/1.1", "X: y", .announceClose),
    ])
    func aConnectionPersistsAsItsClientAsks(
        _ line: String, _ field: String, _ persistence: ResponsePlan.Persistence
    ) {
        #expect(receive(line, field) == "dispatch 0 0")
        #expect(respond().persistence == persistence)
        let keeps = persistence != .announceClose
        #expect(finish(unreadBytes: 0) == (keeps ? .nextRequest : .close(.atOnce)))
        #expect(phase == (keeps ? .idle : .closing))
    }

    @Test func aBodyThatEndsWithItsConnectionEndsTheConnection() {
        #expect(receive("GET / HTTP/1.0", "Connection: keep-alive") == "dispatch 0 0")
        let plan = respond(.ok, .stream { _ in })
        #expect(plan.framing == .untilClose)
        #expect(plan.persistence == .announceClose)
        #expect(finish(unreadBytes: 0) == .close(.atOnce))
    }

    @Test func anExchangeGoesThroughItsPhases() throws {
        #expect(phase == .idle)
        _ = Array("\r\n".utf8).withUnsafeBytes { state.receive($0) }
        #expect(phase == .idle)
        state = ConnectionState()
        _ = Array("P".utf8).withUnsafeBytes { state.receive($0) }
        #expect(phase == .readingHead)
        state = ConnectionState()
        #expect(receive("POST / HTTP/1.1", "Content-Length: 5") == "dispatch 5 0")
        #expect(phase == .handling)
        #expect(bodyBytesLeft == 5)
        #expect(try pull() == .read)
        #expect(try pull("hel") == .piece(0..<3))
        #expect(bodyBytesLeft == 2)
        #expect(try pull("loGET") == .piece(0..<2))
        #expect(try pull("GET") == .end(consumed: 0))
        _ = respond()
        #expect(phase == .responding)
        #expect(finish(unreadBytes: 3) == .nextRequest)
    }

    @Test func bytesReceivedInPlaceAreCountedToo() throws {
        #expect(receive("POST / HTTP/1.1", "Content-Length: 5") == "dispatch 5 0")
        state.received(bodyBytes: 4)
        #expect(bodyBytesLeft == 1)
        state.received(bodyBytes: 1)
        #expect(try pull() == .end(consumed: 0))
    }

    @Test func aClosingConnectionWithBytesLeftClosesInStages() {
        #expect(receive("GET / HTTP/1.1", "Connection: close") == "dispatch 0 0")
        _ = respond()
        #expect(finish(unreadBytes: 1) == .close(.inStages))
    }

    @Test func aShutdownEndsTheConnectionWithItsExchange() {
        #expect(receive("GET / HTTP/1.1") == "dispatch 0 0")
        #expect(shutDown() == false)
        #expect(respond().persistence == .announceClose)
        #expect(finish(unreadBytes: 0) == .close(.atOnce))
    }

    @Test func aShutdownAfterTheHeadWentOutStillCloses() {
        _ = receive("GET / HTTP/1.1")
        #expect(respond().persistence == .keep)
        #expect(shutDown() == false)
        #expect(finish(unreadBytes: 0) == .close(.atOnce))
    }

    /// An answer from memory would not announce the end.
    @Test func onceTheServerEndsNothingIsAnsweredFromMemory() {
        #expect(isAtRest)
        _ = state.shutDown()
        #expect(!isAtRest)
    }

    /// The parser goes on from where it was, so the bytes must stay.
    @Test(arguments: ["G", "GET / HTTP/1.1\r\n", "\r", "\r\n"])
    func onceAByteIsJudgedNothingIsAnsweredFromMemory(text: String) {
        _ = Array(text.utf8).withUnsafeBytes { state.receive($0) }
        #expect(!isAtRest)
    }

    @Test func anIdleConnectionNeedNotBeWaitedFor() {
        #expect(shutDown() == true)
    }

    // MARK: Expectations

    @Test func theFirstPullAsksForTheBody() throws {
        #expect(
            receive("POST / HTTP/1.1", "Content-Length: 5", "Expect: 100-continue")
                == "dispatch 5 0")
        #expect(try pull() == .sendContinue)
        #expect(try pull() == .read)
        #expect(try pull("hello") == .piece(0..<5))
    }

    @Test func aClientThatDidNotWaitIsNotAnswered100() throws {
        _ = receive("POST / HTTP/1.1", "Content-Length: 5", "Expect: 100-continue")
        #expect(try pull("h") == .piece(0..<1))
        #expect(try pull() == .read)
    }

    @Test func aBodyThatWasNeverAskedForClosesTheConnection() {
        _ = receive("POST / HTTP/1.1", "Content-Length: 5", "Expect: 100-continue")
        #expect(respond(.unauthorized).persistence == .announceClose)
        #expect(throws: WireError.disconnected) { try pull("hello") }
        #expect(finish(unreadBytes: 0) == .close(.inStages))
    }

    @Test func aClientThatIsGoneIsNotAskedForItsBody() {
        _ = receive("POST / HTTP/1.1", "Expect: 100-continue", "Content-Length: 5")
        #expect(inputEnded(.disconnected) == .goOn)
        #expect(throws: WireError.disconnected) { try pull() }
    }

    @Test func anExpectationWithoutABodyIsNothing() throws {
        _ = receive("GET / HTTP/1.1", "Expect: 100-continue")
        #expect(try pull() == .end(consumed: 0))
        #expect(respond().persistence == .keep)
    }

    // MARK: Unread bodies

    @Test func aSmallUnreadBodyIsDrained() {
        _ = receive("POST / HTTP/1.1", "Content-Length: 65536")
        #expect(respond().persistence == .keep)
        #expect(finish(unreadBytes: 9) == .drain)
        #expect(phase == .draining)
        #expect(drain(String(repeating: "x", count: 65_535)) == .read)
        #expect(drain("xGET") == .nextRequest(consumed: 1))
        #expect(phase == .idle)
    }

    @Test func eachUnreadBodyHasTheBoundToItself() {
        for _ in 0..<3 {
            _ = receive("POST / HTTP/1.1", "Content-Length: 65536")
            #expect(respond().persistence == .keep)
            #expect(finish(unreadBytes: 0) == .drain)
            #expect(
                drain(String(repeating: "x", count: 65_536)) == .nextRequest(consumed: 65_536))
        }
    }

    @Test func aChunkedBodyThatIsOverStaysOver() throws {
        _ = receive("POST / HTTP/1.1", "Transfer-Encoding: chunked")
        #expect(bodyBytesAnnounced == 0)
        #expect(try pull("0\r\n\r\n") == .end(consumed: 5))
        #expect(try pull("1\r\na\r\n0\r\n\r\n") == .end(consumed: 0))
        #expect(respond().persistence == .keep)
        #expect(bodyBytesLeft == 0)
        #expect(finish(unreadBytes: 0) == .nextRequest)
    }

    @Test func aRefusedRequestIsAnsweredAndTheConnectionCloses() {
        _ = receive("GET / HTTP/1.1")
        #expect(respond().persistence == .keep)
        #expect(finish(unreadBytes: 0) == .nextRequest)
        #expect(receive("GET  / HTTP/1.1") == "refuse 400")
        #expect(phase == .handling)
        #expect(inputEnded(.disconnected) == .goOn)
        #expect(respond(.badRequest).persistence == .announceClose)
    }

    @Test func aHeadThatIsLateIsAnsweredAndTheConnectionCloses() {
        Array("GET / HT".utf8).withUnsafeBytes { _ = state.receive($0) }
        #expect(inputEnded(.timedOut) == .refuse(.timedOut))
        #expect(phase == .handling)
        #expect(respond(.requestTimeout).persistence == .announceClose)
    }

    @Test func aLargeUnreadBodyIsNot() {
        _ = receive("POST / HTTP/1.1", "Content-Length: 65537")
        #expect(respond().persistence == .announceClose)
        #expect(finish(unreadBytes: 0) == .close(.inStages))
        #expect(phase == .closing)
    }

    @Test func anUnreadChunkedBodyIsDrainedUpToTheSameBound() {
        var limits = WireLimits()
        limits.drainBytesMax = 12
        for (data, step) in [
            ("2\r\nab\r\n0\r\n\r\nGET", ConnectionState.DrainStep.nextRequest(consumed: 12)),
            ("7\r\nabcdefg\r\n0", .close(.inStages)), ("7\r\nabcdefg\r\n", .read),
            ("ffff\r\nabcdefg", .close(.inStages)), ("x", .close(.inStages)),
        ] {
            state = ConnectionState(limits: limits)
            #expect(
                receive("POST / HTTP/1.1", "Transfer-Encoding: chunked") == "dispatch chunked 0")
            #expect(respond().persistence == .keep)
            #expect(finish(unreadBytes: 0) == .drain)
            #expect(drain(data) == step)
            #expect((phase == .closing) == (step == .close(.inStages)))
        }
    }

    /// Found by `Fuzz/ConnectionStateFuzz.swift`: the end was not held against the bound.
    @Test(arguments: [1, 4, 100])
    func aChunkedBodyThatPassesTheBoundWithItsLastPieceClosesHoweverItIsCut(step: Int) {
        let body = Array("6\r\nabcdef\r\n0\r\n\r\n".utf8)
        for (bound, expected) in [
            (body.count - 1, ConnectionState.DrainStep.close(.inStages)),
            (body.count, .nextRequest(consumed: (body.count - 1) % step + 1)),
        ] {
            var limits = WireLimits()
            limits.drainBytesMax = bound
            state = ConnectionState(limits: limits)
            _ = receive("POST / HTTP/1.1", "Transfer-Encoding: chunked")
            _ = respond()
            #expect(finish(unreadBytes: 0) == .drain)
            var last = ConnectionState.DrainStep.read
            for start in stride(from: 0, to: body.count, by: step) where last == .read {
                last = drain(
                    String(decoding: body[start...].prefix(step), as: UTF8.self))
            }
            #expect(last == expected)
        }
    }

    // MARK: Errors

    @Test func aRefusalIsAnsweredAndEndsTheConnection() {
        #expect(receive("POST / HTTP/1.1", "Content-Length: +5") == "refuse 400")
        #expect(respond(.badRequest).persistence == .announceClose)
        #expect(throws: WireError.malformed(rule: "content-length")) { try pull("hello") }
        #expect(finish(unreadBytes: 5) == .close(.inStages))
    }

    /// The client of a malformed head waits for the body that the answer announces.
    @Test func aRefusalAfterAHEADHasItsBody() {
        #expect(receive("HEAD / HTTP/1.1") == "dispatch 0 0")
        #expect(!respond().sendsBody)
        #expect(finish(unreadBytes: 2) == .nextRequest)
        #expect(receive("GET /# HTTP/1.1") == "refuse 400")
        #expect(respond(.badRequest).sendsBody)
    }

    @Test func aRefusalOfAHEADHasNone() {
        #expect(receive("HEAD / HTTP/1.1", "Content-Length: x") == "refuse 400")
        #expect(!respond(.badRequest).sendsBody)
    }

    @Test func aBrokenBodyThrowsFromThenOn() {
        _ = receive("POST / HTTP/1.1", "Transfer-Encoding: chunked")
        for text in ["x", "5\r\nhello\r\n0\r\n\r\n", ""] {
            #expect(throws: WireError.malformed(rule: "chunk-size")) { try pull(text) }
        }
        #expect(respond(.badRequest).persistence == .announceClose)
        #expect(finish(unreadBytes: 0) == .close(.inStages))
    }

    @Test func aBodyThatBreaksDuringTheAnswerClosesAfterIt() {
        _ = receive("POST / HTTP/1.1", "Transfer-Encoding: chunked")
        #expect(respond().persistence == .keep)
        #expect(throws: WireError.self) { try pull("x") }
        #expect(finish(unreadBytes: 0) == .close(.inStages))
        #expect(phase == .closing)
    }

    @Test func aSilentConnectionIsClosedWithoutAnAnswer() {
        #expect(inputEnded(.timedOut) == .close(.atOnce))
        #expect(phase == .closing)
    }

    @Test func aSlowHeadIsAnsweredAndACutOneIsNot() {
        for (error, after) in [
            (WireError.timedOut, ConnectionState.AfterInput.refuse(.timedOut)),
            (.disconnected, .close(.atOnce)),
        ] {
            state = ConnectionState()
            _ = Array("GET /".utf8).withUnsafeBytes { state.receive($0) }
            #expect(inputEnded(error) == after)
        }
        #expect(phase == .closing)
    }

    @Test(arguments: [WireError.timedOut, .disconnected])
    func aBodyCutShortIsNeverComplete(_ error: WireError) throws {
        _ = receive("POST / HTTP/1.1", "Content-Length: 5")
        #expect(try pull("hell") == .piece(0..<4))
        #expect(inputEnded(error) == .goOn)
        #expect(throws: error) { try pull() }
        #expect(respond(.requestTimeout).persistence == .announceClose)
    }

    @Test func aClientThatClosedItsSideIsStillAnswered() throws {
        _ = receive("GET / HTTP/1.1")
        #expect(inputEnded(.disconnected) == .goOn)
        #expect(try pull() == .end(consumed: 0))
        #expect(respond().persistence == .announceClose)
        #expect(finish(unreadBytes: 0) == .close(.atOnce))
    }

    @Test func aDrainThatEndsEarlyJustCloses() {
        _ = receive("POST / HTTP/1.1", "Content-Length: 5")
        _ = respond()
        #expect(finish(unreadBytes: 0) == .drain)
        #expect(inputEnded(.timedOut) == .close(.atOnce))
        #expect(phase == .closing)
    }

    @Test func anAnswerThatFailedIsCutAtOnce() {
        _ = receive("GET / HTTP/1.1")
        _ = respond()
        #expect(abandon() == .atOnce)
        #expect(phase == .closing)
    }
}
