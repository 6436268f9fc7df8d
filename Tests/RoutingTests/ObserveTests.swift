import HTTPWire
import Logging
import Routing
import TestSupport
import Testing

@Suite struct ObserveTests {
    let log = LogCapture()

    private func answer(
        _ method: Method, _ path: String, headers: [(String, String)] = [],
        body: ArrayBody = ArrayBody(), level: Logger.Level = .trace
    ) async -> Response {
        var router = Router { error, _ in
            Response((error as? RoutingError) == .notFound ? .notFound : .serviceUnavailable)
        }
        router.on(.get, "/people/:id") { request in
            .text(.ok, request.id.description)
        }
        router.on(.post, "/people/:id") { request in
            _ = try await request.body.next()
            throw RoutingError.methodUnknown
        }
        router.on(.delete, "/people/:id") { _ in Response(.internalServerError) }
        router.on(.put, "/madeUp") { _ in Response(.notImplemented) }
        let observe = Observe(
            router, ids: RequestID.Generator(prefix: "t-"), logger: log.logger(level: level),
            nanoseconds: { 0 })
        let segments = path.split(separator: "/").map(String.init)
        return await observe.handler(
            RequestHead(
                method: method, target: Target(segments: segments), version: .http11,
                headers: Headers(headers)), body, Peer(address: "192.0.2.1"))
    }

    @Test func everyAnswerCarriesTheIDThatTheEndpointSaw() async throws {
        let response = await answer(.get, "/people/1")
        let id = try #require(response.header("X-Request-Id"))
        #expect(String(decoding: try await response.bodyBytes(), as: UTF8.self) == id)
    }

    @Test func aPlainIDFromAProxyIsKept() async {
        let response = await answer(.get, "/people/1", headers: [("x-request-id", "abc.1_2-3")])
        #expect(response.header("X-Request-Id") == "abc.1_2-3")
    }

    @Test(arguments: ["", "a b", "a\"b", "é", String(repeating: "a", count: 65), "a,b"])
    func anIDThatDoesNotBelongInALogIsReplaced(given: String) async {
        let response = await answer(.get, "/people/1", headers: [("x-request-id", given)])
        #expect(response.header("X-Request-Id")?.hasPrefix("t-") == true)
    }

    @Test func theLineNamesThePatternAndNeverThePath() async {
        _ = await answer(.get, "/people/ida@example.com")
        _ = await answer(.get, "/nowhere/ida@example.com")
        #expect(log.lines.count == 2)
        #expect(log.lines.allSatisfy { !$0.contains("ida@example.com") })
        #expect(log.lines[0].contains("http.route=/people/:id"))
        #expect(log.lines[1].contains("http.route=none"))
    }

    @Test func aMethodThatSomebodyMadeUpIsNotLogged() async {
        _ = await answer(.other("IDA@EXAMPLE"), "/people/1")
        #expect(log.lines.count == 1)
        #expect(!log.lines[0].contains("IDA@EXAMPLE"))
    }

    @Test func whatWentWellIsDebugRefusalsInfoNotNowWarningAndFaultsError() async {
        _ = await answer(.get, "/people/1")
        _ = await answer(.get, "/nowhere")
        _ = await answer(.post, "/people/1")
        _ = await answer(.delete, "/people/1")
        _ = await answer(.put, "/madeUp")
        #expect(log.lines(at: .debug).count == 1)
        #expect(log.lines(at: .info).count == 2)
        #expect(log.lines(at: .warning).count == 1)
        #expect(log.lines(at: .error).count == 1)
    }

    /// Whoever drops out must not be able to raise an alarm.
    @Test func aBodyThatIsCutShortIsAnInfoWithoutAStatus() async {
        _ = await answer(.post, "/people/1", body: ArrayBody([], failure: .disconnected))
        #expect(log.lines(at: .info).count == 1)
        #expect(log.lines[0].contains("request cut short"))
        #expect(!log.lines[0].contains("http.status"))
        _ = await answer(.post, "/people/1", body: ArrayBody([], failure: .timedOut))
        #expect(log.lines(at: .warning).count == 1)
    }

    @Test func theServerAsAWholeIsAskedByAsterisk() async {
        let response = await answer(.options, "")
        #expect(response.status == .ok)
        #expect(response.header("Allow") == "GET, HEAD, POST, DELETE, PUT")
        #expect(response.header("X-Request-Id") != nil)
    }

    @Test func atInfoWhatWentWellWritesNothing() async {
        _ = await answer(.get, "/people/1", level: .info)
        #expect(log.lines.isEmpty)
    }

    private func observe(level: Logger.Level) -> Observe {
        var router = Router { _, _ in Response(.notFound) }
        router.on(.get, "/same", always: Response(.ok))
        router.on(.get, "/broken", always: Response(.internalServerError))
        router.on(
            .get, "/peer",
            atOnce: { _, peer in Response(.ok, headers: [("peer", peer().address)]) },
            { _ in Response(.notFound) })
        let proxies = [AddressBlock("192.0.2.1")].compactMap(\.self)
        return Observe(
            router, proxies: TrustedProxies(proxies), ids: RequestID.Generator(prefix: "t-"),
            logger: log.logger(level: level),
            nanoseconds: { 0 })
    }

    private func atOnce(
        _ path: String, level: Logger.Level = .info, headers: [(String, String)] = []
    ) -> Response? {
        observe(level: level).immediate(
            RequestHead(
                method: .get, target: Target(segments: [path]), version: .http11,
                headers: Headers([("x-request-id", "given")] + headers)),
            Peer(address: "192.0.2.1"))
    }

    @Test func whatIsThereAtOnceCarriesItsID() {
        #expect(atOnce("same", level: .info)?.header("X-Request-Id") == "given")
        #expect(atOnce("other", level: .info)?.status == nil)
    }

    @Test func whatIsThereAtOnceIsForWhomAProxySpeaksFor() {
        #expect(atOnce("peer")?.header("peer") == "192.0.2.1")
        let forwarded = atOnce("peer", headers: [("x-forwarded-for", "203.0.113.9")])
        #expect(forwarded?.header("peer") == "203.0.113.9")
    }

    @Test func whatIsToBeLoggedTakesTheOtherWay() {
        #expect(atOnce("same", level: .debug)?.status == nil)
        #expect(atOnce("broken", level: .info)?.status == nil)
    }

    private func always(
        _ path: String, level: Logger.Level = .info, headers: [(String, String)] = []
    ) -> [String]? {
        let answer = observe(level: level).constant(
            RequestHead(
                method: .get, target: Target(segments: [path]), version: .http11,
                headers: Headers(headers)))
        return answer.map { answer in
            (0..<2).map { _ in
                var bytes: [UInt8] = []
                answer.append(date: [], to: &bytes)
                return String(decoding: bytes, as: UTF8.self)
            }
        }
    }

    @Test func whatIsAlwaysTheSameHasANewIDEachTime() throws {
        let answers = try #require(always("same"))
        // One was made to see whether it can be sent.
        #expect(answers[0].contains("X-Request-Id: t-2\r\n"))
        #expect(answers[1].contains("X-Request-Id: t-3\r\n"))
    }

    @Test func whatIsNotAlwaysTheSameIsNotPrepared() {
        #expect(always("other") == nil)
        #expect(always("same", level: .debug) == nil)
        #expect(always("broken") == nil)
        #expect(always("same", headers: [("x-request-id", "given")]) == nil)
    }

    @Test func anIDThatHasNoRoomIsCut() {
        let ids = RequestID.Generator(prefix: "t-")
        for count in 0...3 {
            let room = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: count)
            defer { room.deallocate() }
            #expect(ids.write(to: room) == count)
        }
    }

    @Test func requestIDsAreCountedInBase36() {
        let ids = RequestID.Generator(prefix: "t-")
        let texts = (1...1300).map { _ in ids.next().description }
        #expect(texts == (1...1300).map { "t-" + String($0, radix: 36) })
    }

    @Test func anEndpointLogsWithTheID() async {
        let request = Request(
            head: RequestHead(
                method: .get, target: Target(segments: []), version: .http11,
                headers: Headers()),
            body: ArrayBody(), peer: Peer(address: "192.0.2.1"),
            id: RequestID.Generator(prefix: "t-").next(), logger: log.logger(level: .info))
        request.logger.info("something")
        #expect(log.lines[0].contains("t-1"))
    }
}
