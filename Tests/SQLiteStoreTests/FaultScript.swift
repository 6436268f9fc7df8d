import Audiences
import SQLiteStore
import TestSupport

/// What a client does with a store, step by step, while its disk may fail.
enum FaultStep: Sendable {
    case connect(UInt8)
    case key(UInt8)
    case page(FaultPage)
    /// Sent at once, so that they may share a transaction.
    case together([FaultPage])
    /// Everything that is due that many hours later.
    case tidy(hours: Int64)
    case prove
    /// Gives connection 1 its cohort sync, with secret 1.
    case setUp
    /// Gives connection 1 another secret.
    case regenerate(UInt8)
    /// Holds what removes more than a quarter.
    case guardMembers
    case accept(String)
    case restore(String)
    /// Connection 1.
    case delete
    /// Study 1 of connection 1, and its rule.
    case study, rule
    /// What becomes of the invite of that person and number.
    case invite(Int)
    case start(Int)
    case complete(Int)
    /// All at once, so that they may share a transaction.
    case startAll(Range<Int>)

    /// An ordinary day: replacements, repeated and late pages, diffs between them, a switch, what
    /// housekeeping has to remove afterwards.
    static let day: [FaultStep] = [
        .key(1),
        .page(.replace("A", "S1", 1, of: 2, 0..<120)),
        .page(.replace("A", "S1", 2, of: 2, 100..<200)),
        .page(.add("A", 200..<220)),
        .together([.add("A", 190..<230), .add("B", 0..<40), .remove("C", 0..<9)]),
        .page(.replace("A", "S2", 1, of: 3, 0..<80)),
        .page(.add("A", 500..<510)),
        .page(.replace("A", "S2", 1, of: 3, 0..<70)),
        .page(.remove("A", 60..<65)),
        .together([
            .replace("A", "S2", 3, of: 3, 150..<240), .replace("B", "S3", 1, of: 2, 20..<60),
            .add("C", 0..<10),
        ]),
        .page(.replace("A", "S2", 2, of: 3, 70..<100)),
        .page(.replace("A", "S2", 2, of: 3, 0..<400)),
        .connect(2),
        .tidy(hours: 80),
        .page(.replace("B", "S4", 1, of: 1, 0..<0)),
        .prove,
        .page(.remove("A", 0..<30)),
    ]

    /// What operators do to a connection, from its set-up to its end.
    static let life: [FaultStep] = [
        .setUp, .guardMembers,
        .page(.replace("A", "S1", 1, of: 1, 0..<1000)),
        .regenerate(2),
        .page(.replace("A", "S2", 1, of: 1, 0..<100)),
        .page(.add("A", 500..<510)),
        .page(.remove("A", 90..<95)),
        .accept("A"),
        .together([.add("A", 95..<120), .add("B", 0..<40)]),
        .restore("A"),
        .page(.replace("A", "S3", 1, of: 2, 0..<80)),
        .restore("A"),
        .regenerate(3),
        .page(.replace("A", "S4", 1, of: 2, 0..<80)),
        .delete,
        .tidy(hours: 1),
        .key(1),
        .tidy(hours: 1),
    ]

    /// People who are invited, and what they do.
    static let launch: [FaultStep] = [
        .study, .rule, .invite(1), .invite(2), .start(1), .page(.add("A", 0..<30)), .invite(3),
        .invite(4), .startAll(2..<5), .complete(1), .complete(3), .invite(5), .start(5),
        .tidy(hours: 1), .complete(5), .delete, .tidy(hours: 1),
    ]

    /// The first minute of a directory.
    static let start: [FaultStep] = [
        .connect(1), .key(1), .page(.replace("A", "S1", 1, of: 1, 0..<20)),
    ]

    /// The pages that are recorded apart from each other.
    var parts: [FaultStep] {
        switch self {
        case .together(let pages): pages.map { .page($0) }
        case .startAll(let people): people.map { .start($0) }
        default: [self]
        }
    }

    func run(on store: SQLiteStore, at time: Timestamp) async throws(Failure) {
        switch self {
        case .connect(let number):
            try await store.create(Connection.make(number, name: "Lumen \(number)"))
        case .key(let number):
            try await store.create(Self.operatorKey(number))
        case .page(let page):
            _ = try await store.record(page.page, from: .make(), at: time)
        case .together, .startAll:
            preconditionFailure("run its parts")
        case .tidy(let hours):
            while try await store.tidy(at: time.after(hours: hours)) {}
        case .prove:
            try await store.checkWritable(at: time)
        case .setUp, .regenerate, .guardMembers, .accept, .restore, .delete:
            try await administer(store, at: time)
        case .study, .rule, .invite, .start, .complete:
            try await launch(on: store, at: time)
        }
    }

    /// What is refused is a conflict.
    private func launch(on store: SQLiteStore, at time: Timestamp) async throws(Failure) {
        var isDone = true
        switch self {
        case .study:
            try await store.create(Study.make(weekly: 99), for: .test)
        case .rule:
            try await store.create(
                LaunchRule.make(pacing: LaunchPacing(startsTotalMax: 99)), for: .test)
        case .invite(let number):
            let offer = try await store.offer(
                on: .make(), to: .make("u\(number)"), of: .make(), fresh: .make(number), at: time)
            if case .refused = offer { isDone = false }
        case .start(let number):
            let offer = try await store.start(
                .make(number), by: .make("u\(number)"), of: .make(),
                attempt: .make("a\(number)"), at: time)
            if case .refused = offer { isDone = false }
        case .complete(let number):
            let invite = try await store.note(
                .completed, of: .make(number), of: .make(), at: time)
            isDone = invite?.status == .completed
        default: break
        }
        if !isDone { throw Failure(.conflict, "This was refused.") }
    }

    private func administer(
        _ store: SQLiteStore, at time: Timestamp
    ) async throws(Failure) {
        switch self {
        case .setUp:
            let sync = CohortSync(
                username: "mixpanel_1", secrets: [Self.secret(1)], createdAt: .start)
            try await store.setUp(sync, of: .make())
        case .regenerate(let number):
            _ = try await store.add(
                Self.secret(number), to: .make(), overlapMilliseconds: 0, at: time, for: .test)
        case .guardMembers:
            let edit = ConnectionEdit(guardMaxRemoved: .some(RemovedFraction(0.25)))
            _ = try await store.update(.make(), with: edit, at: time)
        case .accept(let cohort):
            try await store.decide(.accept, on: Self.audience(cohort, store), at: time)
        case .restore(let cohort):
            try await store.restore(Self.audience(cohort, store), at: time)
        case .delete:
            try await store.delete(.make(), at: time)
        default:
            break
        }
    }

    private static func audience(
        _ cohort: String, _ store: SQLiteStore
    ) async throws(Failure) -> AudienceID {
        let filter = AudienceFilter(cohort: .make(cohort))
        let found = try await store.audiences(matching: filter, ListRange()).items.first
        guard let found else { throw Failure(.notFound, "There is no audience \(cohort).") }
        return found.id
    }

    private static func secret(_ number: UInt8) -> StoredSecret {
        let id = SecretID.make(from: [UInt8](repeating: number, count: 16))
        return StoredSecret(id: id, hash: operatorKey(number).hash, createdAt: .start)
    }

    private static func operatorKey(_ number: UInt8) -> OperatorKey {
        let hash = SecretHash(
            phc: "$sha256$" + String(repeating: "1", count: 32) + "$"
                + String(repeating: "2", count: 64))
        guard let hash else { preconditionFailure("not a hash") }
        return OperatorKey(
            id: .make(from: [UInt8](repeating: number, count: 16)), name: "Key \(number)",
            hash: hash, createdAt: .start)
    }
}

/// One page of a script; the people are numbers.
struct FaultPage: Sendable {
    enum Kind: Sendable {
        case add, remove
        case replace(session: String, number: Int, total: Int)
    }

    let cohort: String
    let kind: Kind
    let people: Range<Int>

    static func add(_ cohort: String, _ people: Range<Int>) -> FaultPage {
        FaultPage(cohort: cohort, kind: .add, people: people)
    }

    static func remove(_ cohort: String, _ people: Range<Int>) -> FaultPage {
        FaultPage(cohort: cohort, kind: .remove, people: people)
    }

    static func replace(
        _ cohort: String, _ session: String, _ number: Int, of total: Int, _ people: Range<Int>
    ) -> FaultPage {
        FaultPage(
            cohort: cohort, kind: .replace(session: session, number: number, total: total),
            people: people)
    }

    /// Diffs have a session each, as if every one came from a run of its own.
    var page: SyncPage {
        let names = crowd(people.count, from: people.lowerBound)
        let session = "\(cohort)-\(people)"
        return switch kind {
        case .add: .make(.addMembers, names, session: session, cohort: cohort)
        case .remove: .make(.removeMembers, names, session: session, cohort: cohort)
        case .replace(let session, let number, let total):
            .make(.members, names, session: session, page: number, of: total, cohort: cohort)
        }
    }
}
