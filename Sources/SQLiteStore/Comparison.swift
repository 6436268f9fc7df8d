import Audiences
import GRDB

/// The two snapshots of a switch, walked side by side to find who entered and who left.
///
/// One bounded step at a time, the place kept in the transaction of its rows: whenever the process
/// dies, each difference is told exactly once. The comparisons of an audience are walked one after
/// the other. Until a walk has passed a person nothing happens to them in either snapshot, unless
/// they are settled before (``ChangeFeed/settle(_:)``); then the walk leaves them out.
struct Comparison: Hashable {
    /// How many members of each snapshot one step looks at.
    static let stepMembersMax = 2000

    /// How many differences one step writes: about three milliseconds of work.
    static let stepChangesMax = 500

    let id: Int64
    let audience: Int64
    let oldSnapshot: Int64
    let newSnapshot: Int64
    /// `nil` if a snapshot was restored.
    let session: Int64?
    /// The time of the switch.
    let at: Timestamp
    /// The last person the walk has passed; ``walked`` after the last one.
    let cursor: Int64

    static let walked = Int64.max

    // MARK: One person

    /// Whether the comparison has not dealt with a person yet.
    func isDue(_ person: Int64, in db: Database) throws -> Bool {
        try person > cursor && !isSettled(person, in: db)
    }

    private func isSettled(_ person: Int64, in db: Database) throws -> Bool {
        try db.prepared(
            "SELECT 1 FROM comparison_settled WHERE comparison = ? AND person = ?"
        ).first(id, person) { _ in true } ?? false
    }

    /// What happened to a person at the switch; `nil` if nothing did.
    func change(of person: Int64, in db: Database) throws -> MembershipChange.Kind? {
        let was = try db.isMember(person, of: oldSnapshot)
        let isNow = try db.isMember(person, of: newSnapshot)
        return was == isNow ? nil : isNow ? .entered : .left
    }

    // MARK: The walk

    func step(in db: Database) throws {
        guard cursor < Self.walked else { return try finish(in: db) }
        let walk = Walk(
            old: try people(in: oldSnapshot, db), new: try people(in: newSnapshot, db),
            limit: Self.stepMembersMax, changesMax: Self.stepChangesMax)
        let hasSettled =
            try db.prepared("SELECT 1 FROM comparison_settled WHERE comparison = ? LIMIT 1")
            .first(id) { _ in true } ?? false
        let feed = try ChangeFeed(db: db, audience: audience)
        for (person, kind) in walk.changes {
            if hasSettled, try isSettled(person, in: db) { continue }
            try feed.write([person], kind, by: session, at: at)
        }
        if walk.place == nil, !hasSettled {
            try finish(in: db)
        } else {
            try db.prepared("UPDATE comparison SET cursor = ? WHERE id = ?")
                .run(walk.place ?? Self.walked, id)
        }
    }

    private func people(in snapshot: Int64, _ db: Database) throws -> [Int64] {
        try db.prepared(
            """
            SELECT person FROM membership WHERE snapshot = ? AND person > ?
            ORDER BY person LIMIT ?
            """
        ).all(snapshot, cursor, Self.stepMembersMax) { row in row.integer(0) }
    }

    /// Removes what was noted beside the comparison, and with the last of that the comparison.
    private func finish(in db: Database) throws {
        let removed = try db.prepared(
            """
            DELETE FROM comparison_settled WHERE comparison = ?1 AND person IN
                (SELECT person FROM comparison_settled WHERE comparison = ?1 LIMIT ?2)
            """
        ).change(id, Self.stepChangesMax)
        guard removed < Self.stepChangesMax else { return }
        try db.prepared("DELETE FROM comparison WHERE id = ?").run(id)
    }
}

/// The differences of two ascending lists, as far as both are known.
struct Walk {
    private(set) var changes: [(person: Int64, kind: MembershipChange.Kind)] = []
    /// The last person that was passed; `nil` if both lists are at their ends.
    private(set) var place: Int64?

    /// - Parameters:
    ///   - old: who was a member.
    ///   - new: who is a member.
    ///   - limit: a list of that length may have a sequel.
    ///   - changesMax: to stop after that many differences.
    init(old: [Int64], new: [Int64], limit: Int, changesMax: Int) {
        // Beyond the last person of a list that has a sequel the other one says nothing.
        let end = [old, new].filter { $0.count >= limit }.compactMap(\.last).min()
        var (olds, news) = (old[...], new[...])
        while !olds.isEmpty || !news.isEmpty {
            guard changes.count < changesMax else { return }
            let person = min(olds.first ?? .max, news.first ?? .max)
            if let end, person > end { break }
            let was = olds.first == person
            let isNow = news.first == person
            if was { olds.removeFirst() }
            if isNow { news.removeFirst() }
            if was != isNow { changes.append((person, isNow ? .entered : .left)) }
            place = person
        }
        place = end
    }
}

// MARK: - Rows

extension Database {
    /// The comparisons of an audience that are not finished, oldest first.
    func comparisons(of audience: Int64) throws -> [Comparison] {
        try prepared("\(selectComparison) WHERE audience = ? ORDER BY id")
            .all(audience) { row in Comparison(row) }
    }

    /// The comparison whose turn it is.
    func nextComparison() throws -> Comparison? {
        try prepared(Self.selectNextComparison).first { row in Comparison(row) }
    }

    static let selectNextComparison = "\(selectComparison) ORDER BY id LIMIT 1"
}

private let selectComparison = """
    SELECT id, audience, old_snapshot, new_snapshot, session, at, cursor FROM comparison
    """

extension Comparison {
    fileprivate init(_ row: SQLRow) {
        self.init(
            id: row.integer(0), audience: row.integer(1), oldSnapshot: row.integer(2),
            newSnapshot: row.integer(3), session: row.optionalInteger(4), at: row.time(5),
            cursor: row.integer(6))
    }
}
