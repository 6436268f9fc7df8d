import Audiences
import GRDB

/// Which page a membership comes from, as it is stored.
struct Source {
    /// `nil` for the session of the membership's snapshot.
    var session: Int64?
    var page: Int?
}

/// The current members of an audience, with all that has to follow when one really enters or
/// leaves: the count, the change feed, the replacement being staged.
struct CurrentMembers {
    let db: Database
    let snapshot: Int64
    let feed: ChangeFeed
    let replacement: OpenReplacement?

    /// Returns how many of the people were no members yet.
    func add(_ people: [Int64], from source: Source, at now: Timestamp) throws -> Int {
        if feed.isBehind {
            try feed.settle(people.filter { try !db.isMember($0, of: snapshot) })
        }
        let insert = try db.prepared(
            """
            INSERT INTO membership (snapshot, person, entered_at, session, page, copies)
            VALUES (?, ?, ?, ?, ?, 1) ON CONFLICT DO NOTHING
            """)
        let entered = try people.filter { person in
            try insert.change(snapshot, person, now, source.session, source.page) > 0
        }
        try adjustCount(by: entered.count)
        try feed.write(entered, .entered, by: source.session, at: now)
        try staged?.noteEntered(entered, at: now)
        return entered.count
    }

    /// Returns how many of the people were members; the session is `nil` if no page says so.
    func remove(_ people: [Int64], by session: Int64?, at now: Timestamp) throws -> Int {
        if feed.isBehind {
            try feed.settle(people.filter { try db.isMember($0, of: snapshot) })
        }
        let delete = try db.prepared(
            "DELETE FROM membership WHERE snapshot = ? AND person = ?")
        let left = try people.filter { try delete.change(snapshot, $0) > 0 }
        try adjustCount(by: -left.count)
        try feed.write(left, .left, by: session, at: now)
        try staged?.noteLeft(left)
        return left.count
    }

    private var staged: StagedMembers? {
        replacement.map { StagedMembers(db: db, snapshot: $0.snapshot) }
    }

    private func adjustCount(by difference: Int) throws {
        guard difference != 0 else { return }
        try db.prepared("UPDATE snapshot SET member_count = member_count + ? WHERE id = ?")
            .run(difference, snapshot)
    }
}

extension Database {
    func isMember(_ person: Int64, of snapshot: Int64) throws -> Bool {
        try prepared("SELECT 1 FROM membership WHERE snapshot = ? AND person = ?")
            .first(snapshot, person) { _ in true } ?? false
    }
}
