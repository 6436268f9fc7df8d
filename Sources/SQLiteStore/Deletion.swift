package import Audiences
import GRDB

extension SQLiteStore {
    package func delete(
        _ id: ConnectionID, at now: Timestamp, for operation: Operation
    ) async throws(Failure) {
        try await administer(operation) { db in
            guard let stored = try db.storedConnection(id) else { throw noConnection(id) }
            try stored.connection.refuseDeclared()
            let audiences = try db.hide(stored.row, at: now)
            try db.partInstances(from: id.text)
            try db.log(
                AuditNote(.connectionDeleted, ["audiences \(audiences)"]), on: id.text,
                for: operation, at: now)
        }
    }
}

extension Database {
    /// Makes a connection and its audiences invisible; returns how many of these there are.
    ///
    /// They get public ids that nobody can ask for, and the audiences lose their current snapshot:
    /// without one an audience is in no list, no look-up and no feed.
    fileprivate func hide(_ connection: Int64, at now: Timestamp) throws -> Int {
        try removeParts(of: connection)
        try removeStudies(of: connection)
        try removeHook(of: connection)
        try prepared(
            """
            UPDATE connection SET public_id = 'deleted ' || id, name = '', username = NULL,
                deleted_at = ?
            WHERE id = ?
            """
        ).run(now, connection)
        // What they would tell from now on nobody would read.
        try prepared(
            """
            UPDATE comparison SET cursor = ?
            WHERE audience IN (SELECT id FROM audience WHERE connection = ?)
            """
        ).run(Comparison.walked, connection)
        return try prepared(
            """
            UPDATE audience SET public_id = 'deleted ' || id, name = NULL, description = NULL,
                current_snapshot = 0, replaced_snapshot = NULL, held_session = NULL
            WHERE connection = ?
            """
        ).change(connection)
    }
}

/// The removal of what a deleted connection has left, a bounded step at a time.
///
/// First the changes of its audiences, in a walk over the feed, for there is no index of whose they
/// are; then its invites; then its audiences, one after the other, with everything that names them;
/// then its people, in a walk over all people; at last its row, whose number is not given again
/// before.
struct Deletion: Hashable {
    /// How many people one step looks at.
    static let stepPeopleMax = 2000

    /// How many it removes, each with its entries in two indexes: some milliseconds of work.
    static let stepRemovedMax = 200

    /// How many bytes of traits it removes, unless the first person has more.
    static let stepTraitBytesMax = 256 * 1024

    /// How many invites one step removes, each with its entries in six indexes.
    static let stepInvitesMax = 200

    /// How many sessions one step removes, if little is kept beside them.
    static let stepSessionsMax = 50

    let connection: Int64
    /// The last change the walk has passed; the largest number at its end.
    let changesPlace: Int64
    /// The last person the walk has passed.
    let place: Int64

    func step(in db: Database, _ hashing: Hashing, _ recent: RecentPeople) throws {
        guard changesPlace == .max else { return try removeChanges(db) }
        let invites = try db.removeInvites(of: connection, atMost: Self.stepInvitesMax)
        guard invites < Self.stepInvitesMax else { return }
        let audience = try db.prepared("SELECT id FROM audience WHERE connection = ? LIMIT 1")
            .first(connection) { row in row.integer(0) }
        if let audience {
            try removePart(of: audience, db)
        } else {
            try removePeople(db, hashing, recent)
        }
    }

    // MARK: Changes

    /// Looks at some changes, and removes those of the connection's audiences.
    private func removeChanges(_ db: Database) throws {
        let found = try db.prepared(Self.selectChanges)
            .all(connection, changesPlace, Housekeeping.stepRowsMax) { row in
                (sequence: row.integer(0), isOwn: row.integer(1) != 0)
            }
        let latest = try db.latestChange()
        let delete = try db.prepared("DELETE FROM change WHERE seq = ?")
        for change in found where change.isOwn {
            if change.sequence == latest {
                // The last number must not be given again; without audience and person its row
                // says nothing.
                try db.prepared("UPDATE change SET audience = 0, person = 0 WHERE seq = ?")
                    .run(latest)
            } else {
                try delete.run(change.sequence)
            }
        }
        let isEnd = found.count < Housekeeping.stepRowsMax
        try db.prepared("UPDATE connection SET changes_removed_to = ? WHERE id = ?")
            .run(isEnd ? .max : found.last?.sequence ?? .max, connection)
    }

    /// Takes the connection, a place in the feed, and a limit.
    static let selectChanges = """
        SELECT seq, audience IN (SELECT id FROM audience WHERE connection = ?1) FROM change
        WHERE seq > ?2 ORDER BY seq LIMIT ?3
        """

    // MARK: Audiences

    private func removePart(of audience: Int64, _ db: Database) throws {
        let snapshot = try db.prepared("SELECT id FROM snapshot WHERE audience = ? LIMIT 1")
            .first(audience) { row in row.integer(0) }
        if let snapshot { return try db.removePart(ofSnapshot: snapshot) }
        guard try db.removeReadings(of: audience), try removeSessions(of: audience, db) else {
            return
        }
        try db.prepared("DELETE FROM audience WHERE id = ?").run(audience)
    }

    /// Returns whether none is left.
    private func removeSessions(of audience: Int64, _ db: Database) throws -> Bool {
        let sessions = try db.prepared("SELECT id FROM sync_session WHERE audience = ? LIMIT ?")
            .all(audience, Self.stepSessionsMax) { row in row.integer(0) }
        var (tallies, lists, diffs) = (
            Housekeeping.stepRowsMax, Housekeeping.stepListsMax, Housekeeping.stepDiffsMax
        )
        for session in sessions {
            tallies -= try db.removeTallies(of: session, atMost: tallies)
            lists -= try db.removeLists(of: session, atMost: lists)
            diffs -= try db.removeDiffs(of: session, atMost: diffs)
            guard tallies > 0, lists > 0, diffs > 0 else { return false }
            try db.prepared("DELETE FROM sync_session WHERE id = ?").run(session)
        }
        return sessions.isEmpty
    }

    // MARK: People

    private struct Removed {
        let id: Int64
        let distinctID: String
        let referenceID: String?
    }

    private func removePeople(
        _ db: Database, _ hashing: Hashing, _ recent: RecentPeople
    ) throws {
        let end = try db.prepared("SELECT id FROM person WHERE id > ? ORDER BY id LIMIT 1 OFFSET ?")
            .first(place, Self.stepPeopleMax) { row in row.integer(0) }
        let people = try people(upTo: end ?? .max, db)
        try remove(people.removed, db, hashing, recent)
        if let place = people.isCut ? people.removed.last?.id : end {
            try db.prepared("UPDATE connection SET people_removed_to = ? WHERE id = ?")
                .run(place, connection)
        } else {
            try db.prepared("DELETE FROM connection WHERE id = ?").run(connection)
        }
    }

    /// Those of the connection up to `end`, or as many of them as a step may remove.
    private func people(
        upTo end: Int64, _ db: Database
    ) throws -> (removed: [Removed], isCut: Bool) {
        let found = try db.prepared(
            """
            SELECT id, distinct_id, reference_id, coalesce(length(traits), 0) FROM person
            WHERE id > ? AND id <= ? AND connection = ? ORDER BY id LIMIT ?
            """
        ).all(place, end, connection, Self.stepRemovedMax) { row in
            (
                person: Removed(
                    id: row.integer(0), distinctID: row.text(1), referenceID: row.optionalText(2)),
                traitBytes: row.count(3)
            )
        }
        var bytes = 0
        let fitting = found.prefix { row in
            bytes += row.traitBytes
            return bytes <= Self.stepTraitBytesMax
        }
        let isCut = found.count == Self.stepRemovedMax || fitting.count < found.count
        return (found.prefix(max(1, fitting.count)).map(\.person), isCut)
    }

    /// A number must not be given again while the indexes of people may name it, and those who are
    /// not in them yet are counted by it: so of these, and of the last person, an empty row stays,
    /// as of somebody who was erased.
    private func remove(
        _ people: [Removed], _ db: Database, _ hashing: Hashing, _ recent: RecentPeople
    ) throws {
        let indexed = try db.lastIndexedPerson()
        let last = try db.prepared("SELECT max(id) FROM person").first { row in row.integer(0) }
        let delete = try db.prepared("DELETE FROM person WHERE id = ?")
        for person in people {
            try db.makeUnfindable(
                person.id, distinctID: person.distinctID, referenceID: person.referenceID, hashing,
                recent)
            if person.id > indexed || person.id == last {
                try db.leaveEmptyRow(ofPerson: person.id)
            } else {
                try delete.run(person.id)
            }
        }
    }
}

extension Database {
    /// The connection whose removal goes on; `nil` if none is left.
    func nextDeletion() throws -> Deletion? {
        try prepared(
            """
            SELECT id, changes_removed_to, people_removed_to FROM connection
            WHERE deleted_at IS NOT NULL LIMIT 1
            """
        ).first { row in
            Deletion(
                connection: row.integer(0), changesPlace: row.integer(1), place: row.integer(2))
        }
    }
}
