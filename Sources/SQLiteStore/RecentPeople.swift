import Audiences
import GRDB
import Synchronization

/// Finds the people that the database's indexes do not have yet, and brings them there in bulk.
///
/// A key is random: to put the 1000 keys of a page into an index of a million changes nearly a
/// thousand of its pages. So new people's keys stay in memory, where nothing has to be written for
/// them: their rows have the ids. Once ``peopleMax`` of them have come together, they go into the
/// indexes in the order of the hashes, which touches each page of an index once (``KeyMerge``). How
/// far the indexes reach is noted beside the last of them; when the store is opened, and after
/// another process has written, the rest is read from the rows. docs/decisions/0006-store-layout.md
/// has the figures.
///
/// A candidate is only ever a hint: whoever asks compares the row, in the state they read. So
/// somebody whose page is rolled back, or who was erased, is found by nobody. What must not happen
/// is that a reader misses somebody who is in that state: keys come here before the row is
/// committed, and go only after a commit without them. **So a reader begins to read, asks here
/// then, and begins anew if keys went meanwhile** (``Hint/generation``).
final class RecentPeople: Sendable {
    /// How many people come together before they are brought into the indexes.
    ///
    /// The more, the less is written for each; some 50 bytes of memory each, and half a
    /// microsecond at the start.
    static let peopleMax = 262_144

    private struct State {
        var keys = RecentKeys(after: 0)
        /// How often keys have gone.
        var generation = 0
        /// SQLite's number of what other connections have committed, when the keys were read.
        var dataVersion: Int64?
        /// How many people are committed.
        var committed = 0
        /// Keys that are to be forgotten when the transaction is committed.
        var leaving: [(kind: KeyKind, person: Int64)] = []
        var merge: KeyMerge?
    }

    /// Who may have an id of a hash.
    struct Hint: Hashable {
        /// Somebody may be named twice.
        let people: [Int64]
        /// Whoever was here at that time is still here while this is the same.
        let generation: Int
    }

    /// How far a transaction had come.
    struct Mark {
        fileprivate let people: Int
        fileprivate let leaving: Int
    }

    /// Whose keys are in the indexes already.
    let indexed: IndexedKeys
    private let hashing: Hashing
    private let peopleMax: Int
    /// A command writes the indexes too: the server beside it does not know whom it adds.
    private let isAlone: Bool
    /// The writer's queue changes it, readers look.
    private let state = Mutex(State())

    /// - Parameters:
    ///   - hashing: of the store.
    ///   - isAlone: whether no other process adds people, nor needs to find who is added here.
    ///   - peopleMax: see ``RecentPeople/peopleMax``.
    ///   - indexed: is told what comes into the indexes.
    init(
        _ hashing: Hashing, isAlone: Bool, peopleMax: Int = RecentPeople.peopleMax,
        indexed: IndexedKeys = IndexedKeys()
    ) {
        self.indexed = indexed
        self.hashing = hashing
        self.isAlone = isAlone
        self.peopleMax = peopleMax
    }

    var count: Int { state.withLock { $0.keys.count } }

    // MARK: Readers

    func hint(_ hash: Int64) -> Hint {
        state.withLock { Hint(people: $0.keys.people(hash), generation: $0.generation) }
    }

    var generation: Int { state.withLock { $0.generation } }

    /// Everybody, as of now; `nil` if keys have gone since that generation.
    func keys(if generation: Int) -> RecentKeys? {
        state.withLock { $0.generation == generation ? $0.keys : nil }
    }

    /// Everybody, for the writer, who reads the state it makes.
    var keys: RecentKeys { state.withLock { $0.keys } }

    // MARK: The writer

    /// To be called at the beginning of each transaction: reads the people again if another
    /// process has written.
    func begin(_ db: Database) throws {
        let version = try db.prepared("PRAGMA data_version").first { row in row.integer(0) }
        guard state.withLock({ $0.dataVersion != version }) else { return }
        indexed.forget()
        let keys = try RecentKeys(db, hashing)
        state.withLock { state in
            state = State(
                keys: keys, generation: state.generation + 1, dataVersion: version,
                committed: keys.count)
        }
    }

    /// Adds the person whose row was just inserted.
    func add(_ person: Int64, distinct: Int64, reference: Int64?, in db: Database) throws {
        let isNext = state.withLock { state in
            guard state.keys.next == person else { return false }
            state.keys.append(distinct: distinct, reference: reference)
            return true
        }
        guard isNext else { throw damage("a person is missing") }
        guard !isAlone else { return }
        indexed.add([distinct, reference].compactMap(\.self))
        try db.prepared(KeyKind.distinct.insert).run(distinct, person)
        if let reference { try db.prepared(KeyKind.reference.insert).run(reference, person) }
    }

    /// Forgets a key that the person has no more, once that is committed.
    func forget(_ kind: KeyKind, of person: Int64) {
        state.withLock { state in
            if person > state.keys.last { state.leaving.append((kind, person)) }
        }
    }

    /// The first of the candidates, newest first, that `isMeant`.
    func first(
        _ kind: KeyKind, _ hash: Int64, where isMeant: (Int64) throws -> Bool
    ) rethrows -> Int64? {
        var next = state.withLock { $0.keys.newest(kind, hash) }
        while let person = next {
            if try isMeant(person) { return person }
            next = state.withLock { $0.keys.older(kind, hash, than: person) }
        }
        return nil
    }

    /// How many people may be in the indexes.
    var indexedCount: Int64 { state.withLock { $0.keys.last } }

    var mark: Mark {
        state.withLock { Mark(people: $0.keys.count, leaving: $0.leaving.count) }
    }

    /// Takes back what was done since, for the database has too.
    func rollBack(to mark: Mark? = nil) {
        state.withLock { state in
            state.keys.truncate(to: mark?.people ?? state.committed)
            state.leaving.removeLast(state.leaving.count - (mark?.leaving ?? 0))
        }
    }

    /// Returns how many people the transaction added.
    @discardableResult
    func commit() -> Int {
        state.withLock { state in
            for (kind, person) in state.leaving { state.keys.forget(kind, of: person) }
            if !state.leaving.isEmpty { state.generation += 1 }
            state.leaving = []
            defer { state.committed = state.keys.count }
            return state.keys.count - state.committed
        }
    }

    // MARK: The indexes

    /// Whether people have to be brought into the indexes.
    var isMergeDue: Bool {
        state.withLock { $0.merge != nil || $0.keys.count >= peopleMax }
    }

    /// What ``merge(_:_:)`` has done, once that is committed.
    struct MergeStep {
        fileprivate let keys: RecentKeys
        fileprivate let merge: KeyMerge
    }

    /// Brings some entries into each index.
    ///
    /// - Parameters:
    ///   - entries: how many of each; the last step has fewer.
    ///   - db: the writer, in a transaction of its own.
    /// - Returns: what ``merged(_:)`` has to be told after the commit.
    /// - Throws: what SQLite reports; then the same is tried again.
    func merge(_ entries: Int, _ db: Database) throws -> MergeStep {
        try begin(db)
        var (keys, begun) = state.withLock { ($0.keys, $0.merge) }
        if begun == nil { keys.beginToLeave() }
        var merge = begun ?? KeyMerge(of: keys)
        try merge.step(entries, of: keys, in: db, indexed)
        if merge.isDone { keys.haveLeft() }
        return MergeStep(keys: keys, merge: merge)
    }

    /// The step is committed.
    func merged(_ step: MergeStep) {
        let isDone = step.merge.isDone
        state.withLock { state in
            state.merge = isDone ? nil : step.merge
            state.generation += isDone ? 1 : 0
            state.keys = step.keys
            state.committed = step.keys.count
        }
    }
}

/// The keys of a number of people on their way into the indexes, in the order of the hashes.
struct KeyMerge {
    private let distinct: [UInt32]
    private let reference: [UInt32]
    private var done = 0

    init(of keys: RecentKeys) {
        distinct = keys.leaving(.distinct).sorted
        reference = keys.leaving(.reference).sorted
    }

    var isDone: Bool { done >= max(distinct.count, reference.count) }

    /// Inserts the next entries of each index, and with the last notes how far they reach.
    mutating func step(
        _ entries: Int, of keys: RecentKeys, in db: Database, _ indexed: IndexedKeys
    ) throws {
        for (kind, places) in [(KeyKind.distinct, distinct), (.reference, reference)] {
            let insert = try db.prepared(kind.insert)
            let table = keys.leaving(kind)
            let next = places.dropFirst(done).prefix(entries).lazy.map { Int($0) }
            indexed.add(next.compactMap { table.hash($0) })
            for place in next {
                // Unless it was forgotten since.
                guard let hash = table.hash(place) else { continue }
                try insert.run(hash, keys.last + Int64(place) + 1)
            }
        }
        done += entries
        guard isDone else { return }
        try db.prepared("UPDATE meta SET value = ? WHERE name = 'indexed_people'")
            .run(keys.lastToLeave)
    }
}
