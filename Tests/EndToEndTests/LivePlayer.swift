import Audiences
import Foundation
import TestSupport

/// Plays a history on a running server and on the model, and compares the two by the API.
///
/// No time passes for the model: the real one is too short to matter, and is not compared.
struct LivePlayer {
    /// The feed goes on with a replacement every second; a busy machine takes longer.
    private static let silenceSecondsMax = 5
    private static let project = "3012457"

    private let server: LiveServer
    /// What every id begins with, so that nobody is known from an earlier history.
    private let names: String
    private var model = StoreModel()
    private var webhooks: [UInt8: (connection: String, webhook: Webhook)] = [:]
    private var audiences: [HistoryAudience: String] = [:]
    private var reader: LiveReader

    init(on server: LiveServer, names: String) async throws {
        self.server = server
        self.names = names
        for number in [1, 2] as [UInt8] {
            let connection = try await server.object(
                LiveConnection.self, "POST", "/v1/connections", body: #"{"name":"Lumen"}"#)
            let sync = try await server.object(
                LiveCohortSync.self, "POST", "/v1/connections/\(connection.id)/cohort_sync")
            let webhook = Webhook(
                path: sync.webhookPath, user: sync.username, secret: sync.secret)
            webhooks[number] = (connection.id, webhook)
        }
        let feed = try await server.object(
            LiveList<LiveChange>.self, "GET", "/v1/changes?after=latest")
        reader = LiveReader(after: feed.next.flatMap { Int($0) } ?? 0)
    }

    mutating func play(_ steps: [HistoryStep]) async throws {
        for (index, step) in steps.enumerated() {
            do {
                try await play(step)
                try await readFeed(seconds: 0)
            } catch {
                throw Violation(description: "after step \(index + 1), \(step): \(error)")
            }
        }
    }

    private mutating func play(_ step: HistoryStep) async throws {
        switch step {
        case .send(let page):
            model.receive(page, at: .start)
            try await send(page)
            try await compare(page.audience)
        case .restore(let key):
            let isDone = model.restore(key, at: .start)
            try await act("restore", on: key, isDone)
        case .decide(let decision, let key):
            let isDone = model.decide(decision, key, at: .start)
            try await act(decision.rawValue, on: key, isDone)
        case .hold(let share, let number):
            model.guards[number] = share
            let value = share.map { "\($0)" } ?? "null"
            _ = try await server.object(
                LiveConnection.self, "PATCH", "/v1/connections/\(connection(number))",
                body: #"{"guard_max_removed_fraction":\#(value)}"#)
        case .erase(let id, let staysErased):
            try await erase(id, staysErased: staysErased)
        case .restart:
            try await server.restart()
            try await compareAll()
        case .verify:
            try await verify()
        case .wait, .tidy, .delete:
            throw Violation(description: "a server that runs can't be made to do that")
        }
    }

    // MARK: What is done

    private func send(_ page: HistoryPage) async throws {
        guard let webhook = webhooks[page.audience.connection]?.webhook else { return }
        let answer = try await server.call(
            "POST", webhook.path, as: webhook,
            body: page.body(project: Self.project, names: names))
        guard answer.status == 200 else {
            throw Violation(description: "the page is answered \(answer.status): \(answer.text)")
        }
    }

    /// Something an operator does to an audience, which may be forbidden.
    private mutating func act(
        _ word: String, on key: HistoryAudience, _ isAllowed: Bool
    ) async throws {
        guard let id = try await audience(key)?.id else { return }
        let answer = try await server.call("POST", "/v1/audiences/\(id)/\(word)")
        guard answer.status == (isAllowed ? 200 : 409) else {
            throw Violation(description: "\(word) is answered \(answer.status): \(answer.text)")
        }
        try await compare(key)
    }

    private mutating func erase(_ id: String, staysErased: Bool) async throws {
        for (connection, name) in model.matching(id) {
            for (key, audience) in audiences where key.connection == connection {
                reader.forget(names + name, in: audience)
            }
        }
        let expected = model.erase(id, staysErased: staysErased)
        let erasure = try await server.object(
            LiveErasure.self, "DELETE",
            "/v1/people?match_id=\(names)\(id)&stay_erased=\(staysErased)")
        try expect("people erased", erasure.erased, expected)
        try await compareAll()
    }

    // MARK: The feed

    /// Reads what is there; waits up to some seconds if that is nothing.
    private mutating func readFeed(seconds: Int) async throws {
        var hasMore = true
        while hasMore {
            let page = try await server.object(
                LiveList<LiveChange>.self, "GET",
                "/v1/changes?after=\(reader.place)&limit=1000&wait=\(seconds)")
            try reader.take(page.data, of: Set(audiences.values))
            hasMore = page.hasMore
        }
        guard reader.count <= model.eventsTold else {
            throw Violation(
                description: "\(reader.count) rows in the feed instead of \(model.eventsTold)")
        }
    }

    /// Waits until the feed has told everything, and follows it once more from its beginning.
    private mutating func verify() async throws {
        try await compareAll()
        try await readFeed(seconds: 0)
        var silence = 0
        while reader.count < model.eventsTold, silence < Self.silenceSecondsMax {
            let before = reader.count
            try await readFeed(seconds: 1)
            silence = reader.count > before ? 0 : silence + 1
        }
        try expect("rows in the feed", reader.count, model.eventsTold)
        for (key, id) in audiences {
            let members = Set((model.audiences[key]?.members ?? [:]).keys.map { names + $0 })
            try reader.expect(members, in: id)
            var replay = LiveReader(after: 0)
            let feed = try await server.list(
                LiveChange.self, "/v1/changes?audience_id=\(id)&", limit: 700)
            for change in feed { try replay.take(change) }
            try replay.expect(members, in: id)
        }
        for id in (0...5).map({ "n\($0)" }) + (0...2).map({ "r\($0)" }) {
            try await compareMemberships(of: id)
        }
    }

    // MARK: Comparing

    private func connection(_ number: UInt8) -> String { webhooks[number]?.connection ?? "" }

    private mutating func audience(_ key: HistoryAudience) async throws -> LiveAudience? {
        let page = try await server.object(
            LiveList<LiveAudience>.self, "GET",
            "/v1/audiences?connection=\(connection(key.connection))&cohort=\(key.cohort)")
        audiences[key] = page.data.first?.id
        return page.data.first
    }

    private mutating func compareAll() async throws {
        for key in audiences.keys { try await compare(key) }
    }

    private mutating func compare(_ key: HistoryAudience) async throws {
        let found = try await audience(key)
        guard let expected = model.audiences[key], let found else {
            return try expect("audience", found?.id, model.audiences[key].map { _ in "any" })
        }
        try await compareMembers(of: found, key, expected)
        try expect("member_count", found.memberCount, expected.members.count)
        try expect("needs_reconcile", found.needsReconcile, expected.reconcile != nil)
        try expect("reason", found.needsReconcileReason, expected.reconcile?.rawValue)
        let held = model.held(key).map { expected.sessions[$0] }
        try expect("held", found.held?.summary, held?.summary)
        let last = expected.lastSession.map { expected.sessions[$0] }
        try expect("last_sync", found.lastSync?.summary, last?.summary)
        let status = held != nil ? "held" : expected.asOf == nil ? "filling" : "live"
        try expect("status", found.status, status)
    }

    private func compareMembers(
        of audience: LiveAudience, _ key: HistoryAudience, _ expected: StoreModel.Audience
    ) async throws {
        let list = try await server.list(
            LiveMember.self, "/v1/audiences/\(audience.id)/members?", limit: 1000)
        let people = model.people[key.connection] ?? [:]
        // A set would not show that somebody is there twice.
        let found = list.map { "\($0.mixpanelDistinctId)=\($0.referenceId ?? "")" }.sorted()
        let wanted = expected.members.keys.map { name in
            "\(names)\(name)=\((people[name] ?? nil).map { names + $0 } ?? "")"
        }
        guard found != wanted.sorted() else { return }
        let extra = Set(found).subtracting(wanted).sorted().prefix(5)
        let missing = Set(wanted).subtracting(found).sorted().prefix(5)
        throw Violation(
            description: "members: \(found.count) instead of \(wanted.count), "
                + "wrong \(extra), missing \(missing)")
    }

    private func compareMemberships(of id: String) async throws {
        let found = try await server.object(
            LiveMemberships.self, "GET", "/v1/memberships?match_id=\(names)\(id)")
        var expected: Set<String> = []
        for (connection, name) in model.matching(id) {
            for (key, audience) in audiences
            where key.connection == connection
                && model.audiences[key]?.members[name] != nil
            {
                expected.insert(audience)
            }
        }
        try expect("audiences of \(id)", found.audiences.map(\.id).sorted(), expected.sorted())
    }

    private func expect<Value: Equatable>(
        _ what: String, _ value: Value, _ expected: Value
    ) throws {
        guard value != expected else { return }
        throw Violation(description: "\(what): \(value) instead of \(expected)")
    }
}

// MARK: - On the wire

extension HistoryPage {
    /// The call of the webhook; every id begins with `names`.
    fileprivate func body(project: String, names: String) -> String {
        let list = members.map { member in
            let reference =
                switch member.reference {
                case .absent: ""
                case .cleared: #","reference_id":null"#
                case .set(let id): #","reference_id":"\#(names)\#(id.text)""#
                }
            return #"{"mixpanel_distinct_id":"\#(names)\#(member.distinctID.text)"\#(reference)}"#
        }
        let numbers = [
            number.map { #""page_count":\#($0)"# }, total.map { #""total_pages":\#($0)"# },
        ].compactMap(\.self)
        let position = numbers.isEmpty ? "" : #""page_info":{\#(numbers.joined(separator: ","))},"#
        let session = session.map { #""mixpanel_session_id":"\#($0)","# } ?? ""
        return """
            {"action":"\(action.rawValue)","parameters":{"mixpanel_project_id":"\(project)",\
            "mixpanel_cohort_id":"\(audience.cohort)",\(session)\(position)\
            "members":[\(list.joined(separator: ","))]}}
            """
    }
}

extension LiveSync {
    fileprivate var summary: String {
        "\(action) \(sessionId ?? "none") \(status) +\(membersEntering ?? 0) "
            + "-\(membersLeaving ?? 0)"
    }
}

extension StoreModel.Session {
    fileprivate var summary: String {
        "\(action.rawValue) \(id ?? "none") \(status.rawValue) +\(movement?.entering ?? 0) "
            + "-\(movement?.leaving ?? 0)"
    }
}
