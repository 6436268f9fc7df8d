import Audiences
import GRDB

/// The feed of one audience, to be written.
///
/// Numbers are given by SQLite, one more than the largest; the last row is never removed, so they
/// have no gap and none is used twice.
struct ChangeFeed {
    /// Which block of the feed a row is in: its index goes by blocks, and by people in a block.
    ///
    /// So a change of anybody goes to the index's end, a megabyte or less; an index by people alone
    /// is changed all over, and cost as much as all the rest of a diff. Who looks for somebody's
    /// changes looks in each block.
    static let block = "seq >> 14"

    let db: Database
    let audience: Int64
    /// The comparisons that have not told everything yet, in the order of their switches.
    private let pending: [Comparison]

    init(db: Database, audience: Int64) throws {
        self.db = db
        self.audience = audience
        pending = try db.comparisons(of: audience)
    }

    /// Whether something happened to the audience that the feed does not say yet.
    var isBehind: Bool { !pending.isEmpty }

    func write(
        _ people: [Int64], _ kind: MembershipChange.Kind, by session: Int64?, at time: Timestamp
    ) throws {
        let insert = try db.prepared(
            "INSERT INTO change (audience, person, entered, session, at) VALUES (?, ?, ?, ?, ?)")
        for person in people {
            try insert.run(audience, person, kind == .entered ? 1 : 0, session, time)
        }
    }

    /// Says now what the pending comparisons would say about people later.
    ///
    /// To be called before anything happens to them, so that the rows about a person are in the
    /// order of events, and the comparisons never see what came after their switch.
    func settle(_ people: [Int64]) throws {
        let note = try db.prepared(
            "INSERT INTO comparison_settled (comparison, person) VALUES (?, ?)")
        for person in people {
            for comparison in pending where try comparison.isDue(person, in: db) {
                if let kind = try comparison.change(of: person, in: db) {
                    try write([person], kind, by: comparison.session, at: comparison.at)
                }
                try note.run(comparison.id, person)
            }
        }
    }

    /// What the pending comparisons would say about a person, in this order.
    func unwritten(of person: Int64) throws -> [(kind: MembershipChange.Kind, at: Timestamp)] {
        try pending.compactMap { comparison in
            guard try comparison.isDue(person, in: db) else { return nil }
            return try comparison.change(of: person, in: db).map { ($0, comparison.at) }
        }
    }
}
