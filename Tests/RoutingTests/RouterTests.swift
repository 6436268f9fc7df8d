import HTTPWire
import Routing
import Testing

@Suite struct RouterTests {
    private func router() -> Router {
        var router = Router { _, _ in Response(.internalServerError) }
        for (method, pattern) in [
            (Method.get, "/"), (.get, "/v1/audiences"), (.get, "/v1/audiences/:audience"),
            (.get, "/v1/audiences/:audience/members"), (.post, "/v1/audiences/:audience"),
            (.get, "/v1/audiences/new"), (.post, "/hook/:id"), (.head, "/own"), (.get, "/own"),
        ] {
            router.on(method, pattern) { _ in Response(.ok) }
        }
        return router
    }

    private func match(_ method: Method, _ segments: [String]) -> Router.Match {
        router().match(
            RequestHead(
                method: method, target: Target(segments: segments), version: .http11,
                headers: Headers()))
    }

    private func found(_ method: Method, _ segments: [String]) -> (String, Parameters)? {
        guard case .found(let route, let parameters) = match(method, segments) else { return nil }
        return (route.pattern, parameters)
    }

    @Test func literalAndNamedSegmentsAreFound() {
        #expect(found(.get, [""])?.0 == "/")
        #expect(found(.get, ["v1", "audiences"])?.0 == "/v1/audiences")
        let members = found(.get, ["v1", "audiences", "aud_1", "members"])
        #expect(members?.0 == "/v1/audiences/:audience/members")
        #expect(members?.1["audience"] == "aud_1")
        #expect(members?.1["nobody"] == "")
    }

    @Test func aLiteralBeatsAName() {
        #expect(found(.get, ["v1", "audiences", "new"])?.0 == "/v1/audiences/new")
        #expect(found(.get, ["v1", "audiences", "new", "members"])?.1["audience"] == "new")
    }

    @Test func aTrailingSlashIsIgnoredButOnlyOne() {
        #expect(found(.get, ["v1", "audiences", ""])?.0 == "/v1/audiences")
        #expect(found(.post, ["hook", "x", ""])?.1["id"] == "x")
        #expect(found(.get, ["v1", "audiences", "", ""]) == nil)
        #expect(found(.post, ["hook", ""]) == nil)
    }

    @Test func pathsCompareAsBytes() {
        #expect(found(.get, ["v1", "audiences"]) != nil)
        #expect(found(.get, ["V1", "audiences"]) == nil)
        #expect(found(.get, ["v1", "audience\u{73}\u{200D}"]) == nil)
    }

    @Test func getAnswersHeadUnlessHeadHasItsOwn() {
        #expect(found(.head, ["v1", "audiences"])?.0 == "/v1/audiences")
        guard case .found(let route, _) = match(.head, ["own"]) else {
            Issue.record("HEAD /own is not found")
            return
        }
        #expect(route.method == .head)
    }

    @Test func anotherMethodIsToldWhatIsAllowed() {
        guard case .methodNotAllowed(_, let allowed) = match(.delete, ["v1", "audiences", "a"])
        else {
            Issue.record("DELETE is not refused")
            return
        }
        #expect(allowed == "GET, HEAD, POST")
        guard case .methodNotAllowed(_, let post) = match(.get, ["hook", "a"]) else {
            Issue.record("GET is not refused")
            return
        }
        #expect(post == "POST")
    }

    @Test func aMethodNobodyKnowsIsUnknownOnEveryPath() {
        for segments in [["v1", "audiences"], ["nowhere"]] {
            guard case .methodUnknown = match(.other("BREW"), segments) else {
                Issue.record("BREW is not unknown")
                return
            }
        }
    }

    @Test func weAreNoProxy() {
        guard case .methodUnknown = match(.connect, []) else {
            Issue.record("CONNECT is not unknown")
            return
        }
    }

    @Test func theServerAsAWholeNamesTheMethodsOfAllPaths() {
        guard case .server(let allowed) = match(.options, []) else {
            Issue.record("OPTIONS * is about a path")
            return
        }
        #expect(allowed == "GET, HEAD, POST")
        guard case .methodNotAllowed = match(.options, ["own"]) else {
            Issue.record("OPTIONS /own is about the server")
            return
        }
    }

    @Test func aPathThatIsOnlyABeginningIsNotFound() {
        for segments in [["v1"], ["v1", "audiences", "a", "members", "b"], ["hook"], []] {
            guard segments.isEmpty == false else { continue }
            guard case .notFound = match(.get, segments) else {
                Issue.record("\(segments) is found")
                return
            }
        }
    }

    private func constant(_ method: Method, _ segments: [String]) -> Response? {
        var router = router()
        router.on(.get, "/same/for/all", always: Response(.noContent))
        return router.answerAtOnce(
            RequestHead(
                method: method, target: Target(segments: segments), version: .http11,
                headers: Headers()), from: { Peer(address: "192.0.2.1") })?.response
    }

    @Test func whatIsTheSameForAllIsThereWithoutItsEndpoint() {
        #expect(constant(.get, ["same", "for", "all"])?.status == .noContent)
    }

    @Test(arguments: [
        (Method.head, ["same", "for", "all"]), (.get, ["same", "for", "all", ""]),
        (.get, ["same", "for"]), (.get, ["same", "for", "alL"]), (.get, ["v1", "audiences"]),
        (.get, []),
    ])
    func whatIsNotWrittenLikeItIsLeftToTheTree(method: Method, segments: [String]) {
        #expect(constant(method, segments)?.status == nil)
    }

    @Test func whatIsTheSameForAllHasAnEndpointToo() async {
        var router = router()
        router.on(.get, "/same/for/all", always: Response(.noContent))
        let head = RequestHead(
            method: .head, target: Target(segments: ["same", "for", "all", ""]),
            version: .http11, headers: Headers())
        guard case .found(let route, _) = router.match(head) else {
            Issue.record("HEAD /same/for/all/ is not found")
            return
        }
        #expect(route.pattern == "/same/for/all")
    }
}
