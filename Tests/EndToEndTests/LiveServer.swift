import Foundation
import TestSupport

/// A server to play histories on: many after each other, each with connections of its own.
actor LiveServer {
    /// Well under what ``ChildProcess`` lets a process live.
    private static let ageMax = Duration.seconds(60)

    private let directory: TestDirectory
    private var server: MusterServer
    /// One connection for all calls: most of the time would be spent on opening others.
    private var link: HTTPConnection
    private var startedAt = ContinuousClock.now
    /// After a failure nobody knows what the process and the connection are worth.
    private var isDoubtful = false
    private let key: OperatorKey
    private(set) var callCount = 0
    private(set) var restartCount = 0
    private var trialCount = 0

    init() async throws {
        directory = try TestDirectory()
        server = try await MusterServer.start(in: directory)
        do {
            key = try await server.operatorKey()
            link = try await HTTPConnection(to: server.address)
        } catch {
            await server.kill()
            throw error
        }
    }

    /// Plays a history on two new connections, and with people of its own.
    func play(_ history: StoreHistory) async throws {
        if isDoubtful || startedAt.duration(to: .now) > Self.ageMax { try await restart() }
        trialCount += 1
        isDoubtful = true
        var player = try await LivePlayer(on: self, names: "t\(trialCount).")
        try await player.play(history.steps)
        isDoubtful = false
    }

    /// Ends the process the hard way and begins again.
    func restart() async throws {
        restartCount += 1
        await stop()
        server = try await MusterServer.start(in: directory)
        link = try await HTTPConnection(to: server.address)
        startedAt = .now
    }

    func stop() async {
        await link.close()
        await server.kill()
    }

    // MARK: Calls

    /// One call, with the credentials of the webhook if one is given, else with the operator's.
    func call(
        _ method: String, _ path: String, as webhook: Webhook? = nil, body: String? = nil
    ) async throws -> Answer {
        callCount += 1
        let headers = [webhook?.header ?? key.header, "Content-Type: application/json"]
        let request = server.request(method, path, headers, body: body.map { Data($0.utf8) })
        try await link.send(request)
        return try await link.answer()
    }

    /// The same, for what must succeed.
    func object<Value: Decodable & Sendable>(
        _ type: Value.Type, _ method: String, _ path: String, body: String? = nil
    ) async throws -> Value {
        let answer = try await call(method, path, body: body)
        guard answer.status == 200 || answer.status == 201 else {
            throw Violation(
                description: "\(method) \(path) answers \(answer.status): \(answer.text)")
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: answer.body)
    }

    /// A whole list, read by pages.
    func list<Item: Decodable & Sendable>(
        _ type: Item.Type, _ path: String, limit: Int
    ) async throws -> [Item] {
        var items: [Item] = []
        var after: String?
        while true {
            let place = after.map { "&after=\($0)" } ?? ""
            let page = try await object(
                LiveList<Item>.self, "GET", "\(path)limit=\(limit)\(place)")
            items += page.data
            guard page.hasMore else { return items }
            after = page.next
        }
    }
}

// MARK: - What the API answers, as far as histories ask

struct LiveList<Item: Decodable & Sendable>: Decodable, Sendable {
    let data: [Item]
    let hasMore: Bool
    let next: String?
}

struct LiveConnection: Decodable, Sendable {
    let id: String
}

struct LiveCohortSync: Decodable, Sendable {
    let webhookPath: String
    let username: String
    let secret: String
}

struct LiveAudience: Decodable, Sendable {
    let id: String
    let status: String
    let memberCount: Int
    let needsReconcile: Bool
    let needsReconcileReason: String?
    let held: LiveSync?
    let lastSync: LiveSync?
}

struct LiveSync: Decodable, Sendable {
    let action: String
    let sessionId: String?
    let status: String
    let membersEntering: Int?
    let membersLeaving: Int?
}

struct LiveMember: Decodable, Sendable {
    let mixpanelDistinctId: String
    let referenceId: String?
}

struct LiveChange: Decodable, Sendable {
    let seq: Int
    let change: String
    let audienceId: String
    let mixpanelDistinctId: String?
}

struct LiveMemberships: Decodable, Sendable {
    struct Audience: Decodable, Sendable {
        let id: String
    }

    let audiences: [Audience]
}

struct LiveErasure: Decodable, Sendable {
    let erased: Int
}
