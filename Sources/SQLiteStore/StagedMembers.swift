import Audiences
import GRDB

/// The memberships of a snapshot that is being staged, and its two counts.
struct StagedMembers {
    let db: Database
    let snapshot: Int64

    private struct Counts {
        var members = 0
        var staying = 0
    }

    private func adjust(by counts: Counts) throws {
        guard counts.members != 0 || counts.staying != 0 else { return }
        try db.prepared(
            """
            UPDATE snapshot SET member_count = member_count + ?, staying = staying + ?
            WHERE id = ?
            """
        ).run(counts.members, counts.staying, snapshot)
    }

    // MARK: Pages

    /// Adds the people of a page, or one more copy of who is there.
    func add(_ people: [Int64], page: Int, of audience: AudienceRow) throws {
        let insert = try db.prepared(
            """
            INSERT INTO membership (snapshot, person, entered_at, page, copies)
            VALUES (?, ?, ?, ?, 1) ON CONFLICT DO NOTHING
            """)
        let count = try db.prepared(
            """
            UPDATE membership SET copies = copies + 1, page = max(coalesce(page, 0), ?3)
            WHERE snapshot = ?1 AND person = ?2
            """)
        var counts = Counts()
        for (person, enteredAt) in zip(people, try audience.entrances(of: people, in: db)) {
            if try insert.change(snapshot, person, enteredAt, page) > 0 {
                counts.members += 1
                counts.staying += enteredAt == nil ? 0 : 1
            } else {
                try count.run(snapshot, person, page)
            }
        }
        try adjust(by: counts)
    }

    /// Takes the people off a page; who stands on another one too stays.
    ///
    /// Which other page that is nobody noted.
    func remove(_ people: [Int64], page: Int) throws {
        let count = try db.prepared(
            """
            UPDATE membership SET copies = copies - 1, page = nullif(page, ?3)
            WHERE snapshot = ?1 AND person = ?2 AND copies > 1
            """)
        let rest = try people.filter { try count.change(snapshot, $0, page) == 0 }
        try remove(rest)
    }

    // MARK: Diffs

    /// Adds people whom a diff named, unless they are there.
    func add(_ people: [Int64], from source: Source, of audience: AudienceRow) throws {
        let insert = try db.prepared(
            """
            INSERT INTO membership (snapshot, person, entered_at, session, page, copies)
            VALUES (?, ?, ?, ?, ?, 1) ON CONFLICT DO NOTHING
            """)
        var counts = Counts()
        for (person, enteredAt) in zip(people, try audience.entrances(of: people, in: db)) {
            let added = try insert.change(
                snapshot, person, enteredAt, source.session, source.page)
            counts.members += added
            counts.staying += enteredAt == nil ? 0 : added
        }
        try adjust(by: counts)
    }

    /// Removes people from every page.
    func remove(_ people: [Int64]) throws {
        let select = try db.prepared(
            "SELECT entered_at IS NOT NULL FROM membership WHERE snapshot = ? AND person = ?")
        let delete = try db.prepared(
            "DELETE FROM membership WHERE snapshot = ? AND person = ?")
        var counts = Counts()
        for person in people {
            let stays = try select.first(snapshot, person) { row in row.integer(0) }
            guard let stays else { continue }
            try delete.run(snapshot, person)
            counts.members -= 1
            counts.staying -= Int(stays)
        }
        try adjust(by: counts)
    }

    // MARK: The current snapshot

    /// Notes that people entered the current snapshot meanwhile, and so will stay.
    func noteEntered(_ people: [Int64], at time: Timestamp) throws {
        let update = try db.prepared(
            """
            UPDATE membership SET entered_at = ?
            WHERE snapshot = ? AND person = ? AND entered_at IS NULL
            """)
        let noted = try people.reduce(0) { try $0 + update.change(time, snapshot, $1) }
        try adjust(by: Counts(staying: noted))
    }

    /// Notes that people left the current snapshot meanwhile, and so will enter at the switch.
    func noteLeft(_ people: [Int64]) throws {
        let update = try db.prepared(
            """
            UPDATE membership SET entered_at = NULL
            WHERE snapshot = ? AND person = ? AND entered_at IS NOT NULL
            """)
        let noted = try people.reduce(0) { try $0 + update.change(snapshot, $1) }
        try adjust(by: Counts(staying: -noted))
    }
}

extension AudienceRow {
    /// How far apart the people of a list may stand, on average, for a scan to be cheaper than a
    /// probe for each: a probe costs as much as reading some eight rows.
    private static let scanDistanceMax: Int64 = 4

    /// When each of some ascending people entered the current snapshot; `nil` for no members.
    fileprivate func entrances(of people: [Int64], in db: Database) throws -> [Timestamp?] {
        // The first replacement of a cohort meets nobody.
        guard memberCount > 0, let first = people.first, let last = people.last else {
            return people.map { _ in nil }
        }
        if last - first < Self.scanDistanceMax * Int64(people.count) {
            return try scan(first, last, for: people, in: db)
        }
        let select = try db.prepared(
            """
            SELECT coalesce(entered_at, ?3) FROM membership WHERE snapshot = ?1 AND person = ?2
            """)
        return try people.map { person in
            try select.first(snapshot, person, currentSince) { row in row.time(0) }
        }
    }

    private func scan(
        _ first: Int64, _ last: Int64, for people: [Int64], in db: Database
    ) throws -> [Timestamp?] {
        let members = try db.prepared(
            """
            SELECT person, coalesce(entered_at, ?4) FROM membership
            WHERE snapshot = ?1 AND person BETWEEN ?2 AND ?3 ORDER BY person
            """
        ).all(snapshot, first, last, currentSince) { row in
            (person: row.integer(0), enteredAt: row.time(1))
        }
        var rest = members[...]
        return people.map { person in
            while let next = rest.first, next.person < person { rest.removeFirst() }
            return rest.first.flatMap { $0.person == person ? $0.enteredAt : nil }
        }
    }
}
