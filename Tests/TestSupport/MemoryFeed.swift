import Audiences

/// The change feed of a ``MemoryStore``.
///
/// The changes of a switch are written at once: for readers that is a store whose housekeeping
/// never rests.
struct MemoryFeed: Sendable {
    struct Row {
        var sequence: Int64
        var kind: MembershipChange.Kind
        var person: Int
        var audience: Int
        var session: Int?
        var at: Timestamp
    }

    private(set) var rows: [Row] = []
    private(set) var latest: Int64 = 0
    /// The time of the newest row that was removed.
    private(set) var horizon: Timestamp?

    mutating func append(
        _ kind: MembershipChange.Kind, _ person: Int, _ audience: Int, by session: Int?,
        at now: Timestamp
    ) {
        latest += 1
        rows.append(
            Row(
                sequence: latest, kind: kind, person: person, audience: audience,
                session: session, at: now))
    }

    /// Forgets what is older; never the last row, which holds the last number.
    mutating func forget(before limit: Timestamp) {
        let old = rows.dropLast().prefix { $0.at < limit }
        horizon = old.last?.at ?? horizon
        rows.removeFirst(old.count)
    }

    /// Rows after a number that was read before.
    func rows(after sequence: Int64) throws(Failure) -> ArraySlice<Row> {
        guard sequence >= 0, sequence <= latest else {
            throw Failure(.invalid, "There has been no change \(sequence).")
        }
        guard sequence + 1 >= rows.first?.sequence ?? 1 else {
            throw Failure(
                .gone, "These changes have been removed: export again, go on from the latest.")
        }
        return rows.drop { $0.sequence <= sequence }
    }

    /// Since when somebody was in an audience at a past moment; `nil` if they were not.
    func entrance(
        of person: Int, into audience: Int, before moment: Timestamp, isMember: Bool
    ) -> Timestamp? {
        let own = rows.filter { $0.person == person && $0.audience == audience }
        let next = own.first { $0.at > moment }
        guard next.map({ $0.kind == .left }) ?? isMember else { return nil }
        return own.last { $0.at <= moment && $0.kind == .entered }?.at ?? moment
    }
}
