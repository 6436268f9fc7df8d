package import Audiences

/// What every store must be.
package typealias Store =
    SyncStore & AudienceStore & AudienceControl & ChangeStore & ConnectionStore & CohortSyncStore
    & OperatorKeyStore & AnswerStore & AuditStore & ReconciliationStore & QueryQuota
    & StudyStore & LaunchStore & SDKStore & HookStore
    & ElementUserStore & InstanceStore & BulkJobStore

/// The suite that every store runs: the contracts of the ports, sentence by sentence.
package enum StoreConformance {
    /// Every case is given a fresh store.
    package static let cases: [StoreCase] =
        replacements + incompleteReplacements + diffs + diffsWhileStaging + people + lists
        + lookups + syncLog + connections + changes + guarded + restoring + erasing + history
        + sources + references + cohortSyncs + serviceAccounts + declared + operations + answers
        + deletion + reconciliations + repairs + queries + studies + launching + pacing
        + invites + launchHistories + hooks + deliveries + hookChanges + hookInvites
        + elementUsers + instances + bulkJobs
}

/// One sentence of the contract.
package struct StoreCase: Sendable, CustomStringConvertible {
    package let name: String
    private let body: @Sendable (StoreRig) async throws -> Void

    init(_ name: String, _ body: @escaping @Sendable (StoreRig) async throws -> Void) {
        self.name = name
        self.body = body
    }

    package var description: String { name }

    /// Throws ``Violation`` if the store does not keep the sentence.
    package func run(on store: any Store) async throws {
        let rig = StoreRig(store: store)
        try await store.create(Connection.make(1))
        try await store.create(Connection.make(2, name: "Lumen (staging)"))
        try await body(rig)
    }
}

/// A store did something else than its contract says.
package struct Violation: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) {
        self.description = description
    }
}

func expect<Value: Equatable>(
    _ value: Value, _ expected: Value, file: String = #fileID, line: Int = #line
) throws {
    guard value != expected else { return }
    throw Violation(description: "\(file):\(line): \(value) instead of \(expected)")
}

func expect(
    _ code: Failure.Code, file: String = #fileID, line: Int = #line,
    from body: () async throws -> Void
) async throws {
    do {
        try await body()
    } catch let failure as Failure {
        return try expect(failure.code, code, file: file, line: line)
    }
    throw Violation(description: "\(file):\(line): no failure instead of \(code)")
}

/// A store with two connections, and short words for what the cases do with it.
struct StoreRig: Sendable {
    let store: any Store

    /// Records a page of connection 1, or of another.
    @discardableResult
    func send(
        _ page: SyncPage, from connection: UInt8 = 1, at time: Timestamp = .start
    ) async throws -> SyncOutcome {
        try await store.record(page, from: .make(connection), at: time)
    }

    func audience(
        cohort: String = "5540912", project: String = "3012457", connection: UInt8 = 1
    ) async throws -> Audience? {
        let filter = AudienceFilter(
            connection: .make(connection), project: .make(project), cohort: .make(cohort))
        return try await store.audiences(matching: filter, ListRange()).items.first
    }

    /// The audience of the default cohort, which must be there.
    func theAudience(file: String = #fileID, line: Int = #line) async throws -> Audience {
        guard let audience = try await audience() else {
            throw Violation(description: "\(file):\(line): no audience")
        }
        return audience
    }

    /// The last session of the default cohort, which must be there.
    func theSync(file: String = #fileID, line: Int = #line) async throws -> SyncSession {
        guard let sync = try await theAudience(file: file, line: line).lastSync else {
            throw Violation(description: "\(file):\(line): no session")
        }
        return sync
    }

    /// Every member and since when, read by pages of `limit`.
    func members(of audience: Audience, limit: Int = 1000) async throws -> [Member] {
        var members: [Member] = []
        var range = ListRange(limit: limit)
        repeat {
            let page = try await store.members(of: audience.id, range)
            members += page.items
            range.after = page.next
        } while range.after != nil
        return members
    }

    /// The distinct ids of the members, sorted; empty if there is no such audience.
    ///
    /// Also compares the count that the audience tells.
    func people(
        cohort: String = "5540912", project: String = "3012457", connection: UInt8 = 1,
        file: String = #fileID, line: Int = #line
    ) async throws -> [String] {
        guard
            let audience = try await audience(
                cohort: cohort, project: project, connection: connection)
        else { return [] }
        let ids = try await members(of: audience).map(\.person.distinctID).sorted()
        try expect(audience.memberCount, ids.count, file: file, line: line)
        return ids.map(\.text)
    }

    /// When somebody entered the default cohort; `nil` if they are no member.
    func entered(_ distinctID: String) async throws -> Timestamp? {
        try await members(of: theAudience())
            .first { $0.person.distinctID == .make(distinctID) }?.enteredAt
    }

    /// Names of the audiences somebody matching an id is in.
    func cohorts(matching id: String) async throws -> [String] {
        let memberships = try await store.memberships(matching: .make(id), in: nil)
        var cohorts: [String] = []
        for membership in memberships {
            let audience = try await store.audience(membership.audience)
            cohorts.append(audience?.cohort.cohortID.text ?? "none")
        }
        return cohorts
    }
}
