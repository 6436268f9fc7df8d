import Audiences
import Endpoints
import HTTPWire
import Logging
import Mixpanel
import Routing
import Synchronization
import TestSupport
import Testing

/// The whole HTTP surface over the in-memory store, with no socket and a clock that stands still.
final class House: Sendable {
    let store = MemoryStore()
    let log = LogCapture()
    let clock = ManualClock()
    let readiness: Readiness
    let files = MemoryFiles()
    let calls: ElementCalls
    /// Works on bulk jobs, when told to.
    let runner: BulkRunner
    let router: Router
    private let handler: Handler
    private let immediate: ImmediateHandler
    /// What of ``Contract/all`` was answered.
    let met = Mutex<Set<String>>([])
    /// How many answers were there without waiting as well, and were the same.
    let answeredAtOnce = Mutex(0)
    /// Whether every question without a body is asked twice, to be answered at once as well.
    private let asksAtOnce: Bool

    /// Small enough to be reached in a test.
    static let limits = EndpointLimits(
        webhookBody: BodyLimits(rawBytesMax: 4096, inflatedBytesMax: 8192),
        apiBody: BodyLimits(rawBytesMax: 65_536, inflatedBytesMax: 65_536))

    init(
        publicURL: String? = nil, apps: AssociatedApps = AssociatedApps(),
        syncs: (any SyncStore)? = nil,
        limits: EndpointLimits = House.limits, bulk: BulkLimits = BulkLimits(),
        secrets: Secrets = .plain,
        answers: (any AnswerStore) -> any AnswerStore = { $0 }, metrics: Metrics = .none,
        asksAtOnce: Bool = true,
        quota: any QueryQuota = GenerousQuota(),
        mixpanel: @escaping MixpanelExchange = MadeUpMixpanel.exchange
    ) {
        self.asksAtOnce = asksAtOnce
        let store = store
        let clock = clock
        let now: @Sendable () -> Timestamp = { clock.now }
        readiness = Readiness(now: now) { time in
            try await (syncs ?? store).checkWritable(at: time)
        }
        let accounts = ServiceAccounts(
            mixpanel: MixpanelAPI(exchange: mixpanel, now: now),
            connections: store, quota: quota, sealing: .plain, now: now)
        let calls = ElementCalls(
            accounts: accounts, instances: store, sealing: .plain, secrets: secrets)
        let elements = ElementParts(
            users: store, instances: store, jobs: store, files: files.files, calls: calls)
        self.calls = calls
        runner = BulkRunner(
            jobs: store, calls: calls, files: files.files, limits: bulk, worker: "w",
            // The clock stands still, however long a busy machine takes.
            beat: { try await Task.sleep(for: .never) })
        var parts = Dependencies(
            syncs: syncs ?? store, audiences: store, connections: store, cohortSyncs: store,
            changes: store, control: store, keys: store, answers: answers(store), audit: store,
            reconciliations: store, studies: store, launches: store, sdk: store, hooks: store,
            elements: elements, accounts: accounts,
            sealing: .plain, secrets: secrets, now: now, readiness: readiness, metrics: metrics,
            limits: limits, publicURL: publicURL)
        parts.apps = apps
        router = routes(parts)
        handler =
            Observe(
                router, ids: RequestID.Generator(prefix: "t-"), logger: log.logger(),
                nanoseconds: { 0 }
            ).handler
        // What is logged is not answered at once, and everything else here is logged.
        immediate =
            Observe(
                router, ids: RequestID.Generator(prefix: "i-"),
                logger: LogCapture().logger(level: .critical), nanoseconds: { 0 }
            ).immediate
        readiness.started()
    }

    /// Sends a request through the router, as the transport would, and holds the answer to what
    /// the OpenAPI document says.
    func send(
        _ method: Method, _ path: String, headers: [(String, String)] = [],
        body: ArrayBody = ArrayBody(), from peer: String = "192.0.2.7"
    ) async throws -> Answer {
        let head = head(method, path, headers)
        let response = await handler(head, body, Peer(address: peer))
        let answer = Answer(response: response, bytes: try await response.bodyBytes())
        let finding = Contract.finding(of: answer, to: method, head.target.segments)
        if body.declaredLength == 0, asksAtOnce, let atOnce = immediate(head, Peer(address: peer)) {
            #expect(atOnce.status == response.status)
            #expect(
                atOnce.headers.map(\.name) == response.headers.map(\.name), "\(path) at once")
            #expect(try await atOnce.bodyBytes() == answer.bytes, "\(path) at once")
            answeredAtOnce.withLock { $0 += 1 }
        }
        let problems = finding.problems
        #expect(problems.isEmpty, "\(method.name) \(path): \(answer.text.prefix(300))")
        met.withLock { $0.formUnion(finding.met) }
        return answer
    }

    /// The status of what is answered without waiting; `nil` if nothing is.
    func statusAtOnce(
        _ path: String, headers: [(String, String)], from peer: String = "192.0.2.7"
    ) -> Int? {
        immediate(head(.get, path, headers), Peer(address: peer))?.status.code
    }

    private func head(
        _ method: Method, _ path: String, _ headers: [(String, String)]
    ) -> RequestHead {
        let parts = path.split(separator: "?", maxSplits: 1).map(String.init)
        let segments = parts[0].split(separator: "/", omittingEmptySubsequences: false)
            .dropFirst().map(String.init)
        return RequestHead(
            method: method,
            target: Target(segments: segments, rawQuery: parts.count > 1 ? parts[1] : nil),
            version: .http11, headers: Headers([("host", "muster.example")] + headers))
    }
}

/// A clock that moves when told.
final class ManualClock: Sendable {
    private let time = Mutex(Timestamp(milliseconds: 1_795_255_072_007))

    var now: Timestamp { time.withLock { $0 } }

    func advance(milliseconds: Int64) {
        time.withLock { $0 = Timestamp(milliseconds: $0.milliseconds + milliseconds) }
    }
}
