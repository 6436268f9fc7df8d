package import Audiences
import GRDB

extension SQLiteStore: QueryQuota {
    package func permit(
        for project: MixpanelProject, at now: Timestamp
    ) async throws(Failure) -> QueryPermit {
        try await writer.write(touching: .noted) { db in
            let quota = Quota(db: db, project: project.id, now: now)
            if let moment = try quota.notBefore() { return .notBefore(moment) }
            return .granted(query: try quota.note())
        }
    }

    package func finish(_ query: Int64, at now: Timestamp) async throws(Failure) {
        try await writer.write(touching: .noted) { db in
            try db.prepared("UPDATE query SET finished_at = ? WHERE id = ?").run(now, query)
        }
    }

    package func pause(
        _ project: MixpanelProject, until moment: Timestamp
    ) async throws(Failure) {
        try await writer.write(touching: .noted) { db in
            try db.prepared(
                """
                INSERT INTO query_pause (project, until) VALUES (?, ?)
                ON CONFLICT DO UPDATE SET until = max(until, excluded.until)
                """
            ).run(project.id, moment)
        }
    }
}

/// The queries about one project within the last hour.
private struct Quota {
    let db: Database
    let project: ExternalID
    let now: Timestamp

    private static let hour: Int64 = 3_600_000
    /// How soon to ask again while too many queries are on their way.
    private static let turn: Int64 = 1000

    /// When to ask again; `nil` if a query may be sent now.
    func notBefore() throws -> Timestamp? {
        try db.prepared("DELETE FROM query_pause WHERE project = ? AND until <= ?")
            .run(project, now)
        let pause = try db.prepared("SELECT until FROM query_pause WHERE project = ?")
            .first(project) { row in row.time(0) }
        if let pause { return pause }
        // Also what a clock that went back says was sent in more than an hour.
        try db.prepared(
            "DELETE FROM query WHERE project = ?1 AND (sent_at <= ?2 OR sent_at > ?3)"
        ).run(project, later(-Self.hour), later(Self.hour))
        let sent = try db.prepared(
            "SELECT sent_at, finished_at FROM query WHERE project = ? ORDER BY sent_at"
        ).all(project) { row in (at: row.time(0), isOver: !row.isNull(1)) }
        if sent.count >= Limits.queriesPerHourMax {
            let oldest = sent[sent.count - Limits.queriesPerHourMax].at
            return Timestamp(milliseconds: min(oldest, now).milliseconds + Self.hour)
        }
        let lost = later(-Limits.queryMillisecondsMax)
        let onTheirWay = sent.count { !$0.isOver && $0.at > lost }
        return onTheirWay >= Limits.queriesAtOnceMax ? later(Self.turn) : nil
    }

    func note() throws -> Int64 {
        try db.prepared("INSERT INTO query (project, sent_at) VALUES (?, ?)").run(project, now)
        return db.lastInsertedRowID
    }

    private func later(_ milliseconds: Int64) -> Timestamp {
        Timestamp(milliseconds: now.milliseconds + milliseconds)
    }
}
