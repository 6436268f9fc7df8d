package import Audiences
import GRDB

/// The connection of people who were erased; their rows stay, for numbers in lists and in the feed
/// name them, and a number must never mean somebody else.
let erasedConnection: Int64 = 0

extension SQLiteStore {
    package func erase(
        matching matchID: ExternalID, staysErased: Bool, at now: Timestamp,
        for operation: Operation
    ) async throws(Failure) -> Int {
        try await administer(operation) { [hashing, recent] db in
            let index = PeopleByID(db: db, siphash: hashing.people, recent: recent.keys)
            let people = try index.peopleToErase(matching: matchID)
            try db.forgetInvites(to: matchID, of: nil, by: hashing)
            for person in people {
                try db.forgetInvites(of: person.id)
                try db.forgetInvites(to: person.distinctID, of: person.connection, by: hashing)
                try Erasure(
                    db: db, hashing: hashing, recent: recent, person: person, now: now
                ).run()
            }
            try db.forgetInReadings([matchID] + people.map(\.distinctID), by: hashing)
            if staysErased {
                let insert = try db.prepared(
                    "INSERT INTO erased (hash) VALUES (?) ON CONFLICT DO NOTHING")
                for id in [matchID] + people.map(\.distinctID) {
                    try insert.run(hashing.erased.hash(id.text))
                }
            }
            let details = ["erased \(people.count)"] + (staysErased ? ["stay_erased"] : [])
            try db.log(AuditNote(.personErased, details), on: nil, for: operation, at: now)
            return people.count
        }
    }
}

/// Somebody to be erased.
private struct ErasedPerson {
    let id: Int64
    let connection: Int64
    let distinctID: ExternalID
    let referenceID: ExternalID?
}

extension PeopleByID {
    /// Not those of deleted connections, who are being removed anyway.
    fileprivate func peopleToErase(matching id: ExternalID) throws -> [ErasedPerson] {
        let select = try db.prepared(
            """
            SELECT distinct_id, reference_id FROM person
            CROSS JOIN connection ON connection.id = person.connection
            WHERE person.id = ? AND deleted_at IS NULL
            """)
        return try matching(id).compactMap { match in
            try select.first(match.id) { row in
                ErasedPerson(
                    id: match.id, connection: match.connection,
                    distinctID: try row.externalID(0), referenceID: try row.optionalExternalID(1))
            }
        }
    }
}

/// Takes one person out of everything.
private struct Erasure {
    let db: Database
    let hashing: Hashing
    let recent: RecentPeople
    let person: ErasedPerson
    let now: Timestamp

    func run() throws {
        let audiences = try db.prepared(
            "\(selectAudienceRow) WHERE audience.connection = ? ORDER BY audience.id"
        ).all(person.connection) { row in try AudienceRow(row) }
        for audience in audiences {
            try leave(audience)
            try forgetDiffs(of: audience.id)
        }
        try forgetPerson()
    }

    /// Ends the current membership, which is told, and those in every other snapshot.
    private func leave(_ audience: AudienceRow) throws {
        let feed = try ChangeFeed(db: db, audience: audience.id)
        // Also if they are no member now: a switch may not have been told yet.
        try feed.settle([person.id])
        let members = CurrentMembers(
            db: db, snapshot: audience.snapshot, feed: feed, replacement: nil)
        _ = try members.remove([person.id], by: nil, at: now)
        let others = try db.prepared("SELECT id FROM snapshot WHERE audience = ? AND id <> ?")
            .all(audience.id, audience.snapshot) { row in row.integer(0) }
        for snapshot in others {
            try StagedMembers(db: db, snapshot: snapshot).remove([person.id])
        }
    }

    /// Takes the person off the diffs that wait for a replacement of the audience.
    private func forgetDiffs(of audience: Int64) throws {
        let diffs = try db.prepared(
            """
            SELECT staged_diff.id, distinct_ids FROM sync_session
            CROSS JOIN staged_diff ON staged_diff.session = sync_session.id
            WHERE audience = ? AND keeps <> 'nothing'
            """
        ).all(audience) { row in
            (id: row.integer(0), people: try row.decoded(1, by: IDList.decode))
        }
        let update = try db.prepared("UPDATE staged_diff SET distinct_ids = ? WHERE id = ?")
        for diff in diffs where diff.people.contains(person.distinctID) {
            let others = diff.people.filter { $0 != person.distinctID }
            try update.run(IDList.encode(others), diff.id)
        }
    }

    private func forgetPerson() throws {
        try db.makeUnfindable(
            person.id, distinctID: person.distinctID.text, referenceID: person.referenceID?.text,
            hashing, recent)
        try db.leaveEmptyRow(ofPerson: person.id)
    }
}

extension Database {
    /// Takes somebody out of both indexes of people, and out of the keys on their way there.
    func makeUnfindable(
        _ person: Int64, distinctID: String, referenceID: String?, _ hashing: Hashing,
        _ recent: RecentPeople
    ) throws {
        try prepared("DELETE FROM person_by_distinct WHERE hash = ? AND person = ?")
            .run(hashing.people.hash(distinctID), person)
        if let referenceID {
            try prepared("DELETE FROM person_by_reference WHERE hash = ? AND person = ?")
                .run(hashing.people.hash(referenceID), person)
        }
        for kind in KeyKind.allCases { recent.forget(kind, of: person) }
    }

    /// What stays of somebody whose number must never mean somebody else.
    func leaveEmptyRow(ofPerson person: Int64) throws {
        try prepared(
            """
            UPDATE person SET connection = ?, distinct_id = '', reference_id = NULL, traits = NULL
            WHERE id = ?
            """
        ).run(erasedConnection, person)
    }
}

extension SyncTransaction {
    /// A page without those who are to stay erased; they are counted as unusable.
    func withoutErased(_ page: SyncPage) throws -> SyncPage {
        let isAny = try db.prepared("SELECT EXISTS (SELECT 1 FROM erased)")
            .first { row in row.integer(0) }
        guard isAny == 1 else { return page }
        let select = try db.prepared("SELECT 1 FROM erased WHERE hash = ?")
        let isErased = { (id: UnsafeRawBufferPointer) in
            try select.first(hashing.erased.signedHash(id)) { _ in true } ?? false
        }
        let erased = try page.members.withIDs { ids in
            Set(
                try page.members.indices.filter { member in
                    if try isErased(ids.distinctID(member)) { return true }
                    guard case .set(let reference) = ids.reference(member) else { return false }
                    return try isErased(reference)
                })
        }
        guard !erased.isEmpty else { return page }
        var rest = page
        rest.members = MemberList(
            page.members.indices.filter { !erased.contains($0) }.map { page.members[$0] })
        rest.notes.unusable[.erased, default: 0] += erased.count
        return rest
    }
}
