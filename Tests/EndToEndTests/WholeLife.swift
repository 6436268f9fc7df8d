import Foundation
import TestSupport
import Testing

/// A Mixpanel, a Muster on a port that it keeps, and all that they have said: what the whole life
/// of a connection is played with.
actor WholeLife {
    let mixpanel: MixpanelProcess
    let directory: TestDirectory
    private(set) var server: MusterServer
    private let environment: [String: String]
    let admin: OperatorKey

    // What the life brings with it.
    var connection = ""
    var audience = ""
    var webhook = Webhook(path: "", user: "", secret: "")
    var reader = OperatorKey(id: "", key: "")

    /// What must be found nowhere.
    private(set) var secrets: [HiddenText] = []
    /// Everybody who ever was in the audience, by each of their ids, as ``Foundation/Data/ids``.
    private(set) var people: Set<Data> = []
    /// What was written and answered, and where.
    private(set) var transcripts: [(name: String, bytes: Data)] = []

    static let members = 1200
    /// Of a sync, and of the list that a reconciliation reads: there are 60 queries an hour.
    static let pageSize = 100

    init() async throws {
        mixpanel = try await MixpanelProcess.start(members: Self.members, pageSize: Self.pageSize)
        environment = mixpanel.settings.merging(["MUSTER_LOG_LEVEL": "trace"]) { $1 }
        directory = try TestDirectory()
        do {
            server = try await MusterServer.start(in: directory, environment: environment)
        } catch {
            mixpanel.process.signal(SIGKILL)
            throw error
        }
        do {
            admin = try await server.operatorKey()
        } catch {
            mixpanel.process.signal(SIGKILL)
            await server.kill()
            throw error
        }
        let account = mixpanel.introduction
        hide("the service account's secret", account.secret)
        hide("the service account's credentials", "\(account.username):\(account.secret)")
        hide("the operator key", admin.key)
    }

    /// Ends both processes, whatever they are at.
    func end() async {
        await server.kill()
        mixpanel.process.signal(SIGKILL)
        _ = await mixpanel.process.exitCode()
    }

    func hide(_ name: String, _ secret: String) {
        secrets.append(HiddenText(name, secret))
    }

    func hide(_ name: String, _ secret: Data) {
        secrets.append(HiddenText(name, secret))
    }

    func keep(_ name: String, _ bytes: Data) {
        transcripts.append((name, bytes))
    }

    // MARK: - Muster

    /// Begins again where the last server ended, on its port: Mixpanel knows no other.
    func restart() async throws {
        await keepOutputs(of: server.process, "the server that was killed")
        let port = server.address.split(separator: ":").last.map(String.init) ?? "0"
        server = try await MusterServer.start(in: directory, port: port, environment: environment)
    }

    func keepOutputs(of process: ChildProcess, _ name: String) async {
        keep("stdout of \(name)", await process.output.complete())
        keep("stderr of \(name)", await process.errors.complete())
    }

    /// A call to the API, with the same bytes for the same `body`.
    ///
    /// `once` is an `Idempotency-Key`; `shows`: the answer is one of those that show a secret.
    @discardableResult
    func api(
        _ method: String, _ path: String, _ body: [String: any Sendable]? = nil,
        by key: OperatorKey? = nil, once: String? = nil, shows: Bool = false,
        answers status: Int = 200, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answer {
        var headers = [(key ?? admin).header]
        if let once { headers.append("Idempotency-Key: \(once)") }
        let answer = try await server.call(
            method, "/v1" + path, headers,
            body: try body.map {
                try JSONSerialization.data(withJSONObject: $0, options: .sortedKeys)
            })
        if !shows { keep("the answer to \(method) \(path)", answer.body) }
        #expect(answer.status == status, "\(answer.text)", sourceLocation: sourceLocation)
        return answer
    }

    /// A list of the API, which must be one page.
    func list(_ path: String) async throws -> [[String: Any]] {
        let page = try await api("GET", path).object()
        #expect(page["has_more"] as? Bool == false)
        return try #require(page["data"] as? [[String: Any]])
    }

    /// The members as the export has them.
    func members() async throws -> Set<String> {
        let lines = try await api("GET", "/audiences/\(audience)/export").body.split(
            separator: 0x0A)
        let ids = try lines.map { line in
            let member = try #require(
                try JSONSerialization.jsonObject(with: line) as? [String: Any])
            let id = try #require(member["mixpanel_distinct_id"] as? String)
            for name in [id, member["reference_id"] as? String].compactMap(\.self) {
                people.formUnion(Data(name.utf8).ids)
            }
            return id
        }
        #expect(Set(ids).count == ids.count, "nobody twice")
        return Set(ids)
    }

    // MARK: - Mixpanel

    @discardableResult
    func mixpanel(_ command: String, _ fields: [String: any Sendable] = [:]) async throws
        -> MixpanelProcess.State
    {
        try await mixpanel.control(fields.merging(["do": command]) { $1 })
    }

    /// People enter and leave the cohort at Mixpanel.
    func move(entering: Int, leaving: Int = 0) async throws {
        let cohort = mixpanel.introduction.cohort
        try await mixpanel("enter", ["cohort": cohort, "count": entering])
        try await mixpanel("leave", ["cohort": cohort, "count": leaving])
    }

    /// Runs a sync to its end.
    ///
    /// - Returns: its pages, as Mixpanel saw them.
    @discardableResult
    func sync(
        endsAs state: String = "succeeded", sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> [MixpanelProcess.State.Delivery] {
        let before = try await mixpanel.state().deliveries.last?.number ?? 0
        let after = try await mixpanel("sync")
        let sync = try #require(after.destinations.first?.syncs.first)
        #expect(sync.state == state, "\(sync.reason ?? "")", sourceLocation: sourceLocation)
        return after.deliveries.filter { $0.number > before }
    }

    /// Muster's members are Mixpanel's, one for one, and look-ups agree.
    func expectSameMembers(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let here = try await members()
        let there = Set(try await cohort().members)
        // Counted, because a failure would print both.
        #expect(there.subtracting(here).count == 0, "missing", sourceLocation: sourceLocation)
        #expect(here.subtracting(there).count == 0, "extra", sourceLocation: sourceLocation)
        let shown = try await api("GET", "/audiences/\(audience)").object()
        #expect(
            shown["member_count"] as? Int == there.count, sourceLocation: sourceLocation)
        #expect(shown["status"] as? String == "live", sourceLocation: sourceLocation)
    }

    func cohort() async throws -> MixpanelProcess.State.Cohort {
        try #require(try await mixpanel.state().cohorts.first)
    }
}
