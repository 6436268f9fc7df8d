package import Audiences
import GRDB

extension SQLiteStore {
    package func memberships(
        matching matchID: ExternalID, in audience: AudienceID?, at moment: Timestamp
    ) async throws(Failure) -> [Membership] {
        try await readPeople { db, index in
            let horizon = try db.feedHorizon()
            guard horizon.map({ $0 <= moment }) ?? true else {
                throw Failure(
                    .gone,
                    "The change feed does not reach back to that time; ask about a later one."
                )
            }
            let people = try index.matching(matchID)
            let blocks = try db.feedBlocks()
            return try db.audienceTargets(audience.map { [$0] } ?? []).compactMap { target in
                let past = Past(db: db, audience: target, blocks: blocks, moment: moment)
                let entered = try people.filter { $0.connection == target.connection }
                    .compactMap { try past.entrance(of: $0.id) }.min()
                return entered.map {
                    Membership(
                        audience: target.id, name: target.name, enteredAt: $0,
                        freshness: target.freshness)
                }
            }
        }
    }
}

/// Who was in an audience at a moment, found backwards from who is in it now.
private struct Past {
    let db: Database
    let audience: AudienceTarget
    let blocks: ClosedRange<Int64>
    let moment: Timestamp

    /// When a person entered who was in at the moment; `nil` for one who was not.
    func entrance(of person: Int64) throws -> Timestamp? {
        let unwritten = try ChangeFeed(db: db, audience: audience.row).unwritten(of: person)
        let next =
            try firstChange(of: person)
            ?? unwritten.first { moment < $0.at }.map(\.kind)
        let wasIn =
            switch next {
            case .left: true
            case .entered: false
            case nil: try db.isMember(person, of: audience.snapshot)
            }
        guard wasIn else { return nil }
        let last = unwritten.last { $0.at <= moment && $0.kind == .entered }
        return try last?.at ?? lastEntrance(of: person) ?? moment
    }

    private func firstChange(of person: Int64) throws -> MembershipChange.Kind? {
        let select = try db.prepared(SQLiteStore.selectChangeAfter)
        for block in blocks {
            let kind = try select.first(block, person, audience.row, moment) { row in
                row.integer(0) == 0 ? MembershipChange.Kind.left : .entered
            }
            if let kind { return kind }
        }
        return nil
    }

    private func lastEntrance(of person: Int64) throws -> Timestamp? {
        let select = try db.prepared(SQLiteStore.selectEntranceUntil)
        for block in blocks.reversed() {
            let time = try select.first(block, person, audience.row, moment) { row in row.time(0) }
            if let time { return time }
        }
        return nil
    }
}

extension SQLiteStore {
    /// Takes a block of the feed, a person, an audience, and a time.
    static let selectChangeAfter = """
        SELECT entered FROM change
        WHERE \(ChangeFeed.block) = ? AND person = ? AND audience = ? AND at > ?
        ORDER BY seq LIMIT 1
        """

    static let selectBlocks = """
        SELECT (SELECT min(\(ChangeFeed.block)) FROM change),
            (SELECT max(\(ChangeFeed.block)) FROM change)
        """

    /// Takes a block of the feed, a person, an audience, and a time.
    static let selectEntranceUntil = """
        SELECT at FROM change
        WHERE \(ChangeFeed.block) = ? AND person = ? AND audience = ? AND at <= ? AND entered = 1
        ORDER BY seq DESC LIMIT 1
        """
}

extension Database {
    /// The first and the last block of the feed.
    fileprivate func feedBlocks() throws -> ClosedRange<Int64> {
        let ends = try prepared(SQLiteStore.selectBlocks).first { row in
            (first: row.integer(0), last: row.integer(1))
        }
        let (first, last) = ends ?? (0, 0)
        return first...max(first, last)
    }

    /// The time of the latest change that is not in the feed any more; `nil` if all are.
    func feedHorizon() throws -> Timestamp? {
        try prepared("SELECT value FROM meta WHERE name = 'changes_horizon'")
            .first { row in row.time(0) }
    }
}
