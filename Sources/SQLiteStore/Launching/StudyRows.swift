import Audiences
import GRDB

/// A study and its row.
struct StoredStudy {
    let row: Int64
    let connection: Int64
    var study: Study
}

extension Database {
    func storedStudy(_ id: StudyID) throws -> StoredStudy? {
        try prepared(
            """
            SELECT study.id, study.connection, \(studyColumns) FROM study
            CROSS JOIN connection ON connection.id = study.connection
            WHERE study.public_id = ?
            """
        ).first(id.text) { row in
            StoredStudy(row: row.integer(0), connection: row.integer(1), study: try row.study(2))
        }
    }

    /// Throws `conflict` if there is a study of this id.
    func insert(_ study: Study, of connection: Int64) throws {
        do {
            try prepared(
                """
                INSERT INTO study (public_id, connection, name, status, launch_url, opens_in,
                    weekly_max, monthly_max, created_at, updated_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
            ).run(
                study.id.text, connection, study.name, study.status.rawValue,
                study.launchURL.template, study.opensIn.rawValue, study.capacity.weekly,
                study.capacity.monthly, study.createdAt, study.updatedAt)
        } catch  where SQLiteFailure.isDuplicate(error) {
            throw Failure(.conflict, "There is a study \(study.id.text) already.")
        }
    }

    func save(_ study: Study, at row: Int64) throws {
        try prepared(
            """
            UPDATE study SET name = ?, status = ?, launch_url = ?, opens_in = ?, weekly_max = ?,
                monthly_max = ?, updated_at = ?
            WHERE id = ?
            """
        ).run(
            study.name, study.status.rawValue, study.launchURL.template, study.opensIn.rawValue,
            study.capacity.weekly, study.capacity.monthly, study.updatedAt, row)
    }

    /// Removes the studies and rules of a connection, and what its SDK may do: without its rule
    /// no invite is found any more.
    func removeStudies(of connection: Int64) throws {
        try prepared("DELETE FROM launch_rule WHERE connection = ?").run(connection)
        try prepared(
            "DELETE FROM study_day WHERE study IN (SELECT id FROM study WHERE connection = ?)"
        ).run(connection)
        try prepared("DELETE FROM study WHERE connection = ?").run(connection)
        try prepared("DELETE FROM sdk WHERE connection = ?").run(connection)
    }
}

/// The starts of a `study` since the week began, the first value that is taken.
let startsThisWeek = "(\(starts) AND day >= ?1)"

/// The same since the month began, the second one.
let startsThisMonth = "(\(starts) AND day >= ?2)"

private let starts = "SELECT coalesce(sum(starts), 0) FROM study_day WHERE study = study.id"

/// What ``SQLRow/study(_:)`` reads, out of `study` and `connection`.
let studyColumns = """
    study.public_id, connection.public_id, study.name, study.status, study.launch_url,
        study.opens_in, study.weekly_max, study.monthly_max, study.created_at, study.updated_at
    """

extension SQLRow {
    static let studyWidth: Int32 = 10

    func study(_ first: Int32) throws -> Study {
        guard let launchURL = LaunchURL(text(first + 4)) else {
            throw damage("the address of a study is malformed")
        }
        var study = Study(
            id: StudyID(unchecked: text(first)),
            connectionID: ConnectionID(unchecked: text(first + 1)),
            name: text(first + 2), status: try named(first + 3), launchURL: launchURL,
            opensIn: try named(first + 5),
            capacity: StudyCapacity(
                weekly: optionalCount(first + 6), monthly: optionalCount(first + 7)),
            createdAt: time(first + 8))
        study.updatedAt = time(first + 9)
        return study
    }
}
