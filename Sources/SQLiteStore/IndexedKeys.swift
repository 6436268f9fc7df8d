import GRDB
import Synchronization

/// Knows of most ids that nobody in the database's indexes has them, so that strangers need not be
/// looked for there.
///
/// Once the indexes do not fit into the writer's cache, a page of strangers reads up to two tree
/// pages for each of them to find nothing. A ``KeyFilter`` of all keys answers from memory. It is
/// made from the indexes beside the writer, in small steps, after the first write: no start waits
/// for it, and until it is complete everybody is looked for.
///
/// Nobody may be missed. So from the moment at which reading begins, which is in no transaction,
/// the writer adds each key here before it goes into an index; keys from before are in the state
/// that is read. Of what other processes bring into the indexes nothing is known: when one has
/// committed, reading begins again. Keys that are gone are asked for in vain, no more.
final class IndexedKeys: Sendable {
    /// How many people the indexes have at least for a filter to be made: fewer are all in the
    /// writer's cache.
    static let peopleMin = 262_144

    /// How many keys a step reads: two milliseconds of work.
    static let stepKeys = 16_384

    private struct Draft {
        var filter: KeyFilter
        let peopleMax: Int64
        /// Tells one reading from another.
        let number: Int
        var kind = KeyKind.distinct
        /// Keys up to that one have been read.
        var last = Int64.min
        var isComplete = false
    }

    private struct State {
        var draft: Draft?
        var number = 0
        var reader: DatabaseQueue?
        var isClosed = false
    }

    private let peopleMin: Int
    private let state = Mutex(State())

    init(peopleMin: Int = IndexedKeys.peopleMin) {
        self.peopleMin = peopleMin
    }

    /// Whether there may be an entry of that hash in an index.
    ///
    /// The writer asks, of the state it makes.
    func mayHave(_ hash: Int64) -> Bool {
        state.withLock { state in
            guard let draft = state.draft, draft.isComplete else { return true }
            return draft.filter.mayHave(hash)
        }
    }

    /// To be called before entries come into the indexes.
    func add(_ hashes: some Sequence<Int64>) {
        state.withLock { state in
            for hash in hashes { state.draft?.filter.add(hash) }
        }
    }

    /// To be called when another process may have written.
    func forget() {
        state.withLock { $0.draft = nil }
    }

    // MARK: Reading

    /// Begins to read the indexes if that pays, and is not done.
    ///
    /// To be called on the writer's queue, in no transaction.
    ///
    /// - Parameters:
    ///   - people: how many are in the indexes.
    ///   - path: of the database.
    func readIfDue(_ people: Int64, path: String) {
        guard people >= peopleMin else { return }
        let number = state.withLock { state -> Int? in
            guard !state.isClosed, people > state.draft?.peopleMax ?? 0 else { return nil }
            state.number += 1
            // Not both in memory.
            state.draft = nil
            // Two keys each, and room for as many people again, with more false alarms.
            state.draft = Draft(
                filter: KeyFilter(keys: Int(people) * 2), peopleMax: people * 2,
                number: state.number)
            return state.number
        }
        if let number { read(number, path) }
    }

    /// By a connection of its own: the pool's readers have more to do, and would keep the indexes
    /// in their caches.
    private func read(_ number: Int, _ path: String) {
        do {
            let reader = try DatabaseQueue(
                path: path, configuration: Pragmas.lookUpConfiguration())
            set(reader)
            reader.asyncWriteWithoutTransaction { [self] db in
                do {
                    // Each statement sees a state of its own, so the log is not held up.
                    while try readStep(number, db) {}
                } catch {
                    giveUp(number)
                }
                if state.withLock({ $0.number == number }) { set(nil) }
            }
        } catch {
            giveUp(number)
        }
    }

    /// Closes the one before, not under the lock.
    private func set(_ reader: DatabaseQueue?) {
        _ = state.withLock { state in
            defer { state.reader = reader }
            return state.reader
        }
    }

    /// Whatever it was: the next write begins again.
    private func giveUp(_ number: Int) {
        state.withLock { state in
            if state.number == number { state.draft = nil }
        }
    }

    /// Reads no more; returns when nobody does.
    func close() {
        let reader = state.withLock { state in
            state.isClosed = true
            state.draft = nil
            return state.reader.take()
        }
        try? reader?.close()
    }

    /// Returns whether there is more to read.
    private func readStep(_ number: Int, _ db: Database) throws -> Bool {
        let place = state.withLock { state in
            state.draft.flatMap { $0.number == number ? ($0.kind, $0.last) : nil }
        }
        guard let (kind, last) = place else { return false }
        let hashes = try db.prepared(kind.selectKeys).all(last, Self.stepKeys) { row in
            row.integer(0)
        }
        return state.withLock { state in
            guard var draft = state.draft, draft.number == number else { return false }
            state.draft = nil
            defer { state.draft = draft }
            for hash in hashes { draft.filter.add(hash) }
            if let last = hashes.last, hashes.count == Self.stepKeys {
                draft.last = last
            } else if kind == .distinct {
                (draft.kind, draft.last) = (.reference, .min)
            } else {
                draft.isComplete = true
            }
            return !draft.isComplete
        }
    }

    /// Whether everything has been read.
    var isComplete: Bool { state.withLock { $0.draft?.isComplete ?? false } }

    /// How often that was begun.
    var readings: Int { state.withLock { $0.number } }
}

extension KeyKind {
    /// Takes a hash to begin after, and how many entries to read.
    var selectKeys: String {
        switch self {
        case .distinct:
            "SELECT hash FROM person_by_distinct WHERE hash > ? ORDER BY hash LIMIT ?"
        case .reference:
            "SELECT hash FROM person_by_reference WHERE hash > ? ORDER BY hash LIMIT ?"
        }
    }
}
