import Audiences
import GRDB

/// One page being recorded, or one decision about an audience: what all its steps need.
struct SyncTransaction {
    let db: Database
    let hashing: Hashing
    let recent: RecentPeople
    /// Is told whose answers may change.
    let known: KnownAnswers
    /// The row of the connection the page came from.
    let connection: Int64
    /// When the page arrived, or the decision was made.
    let now: Timestamp

    /// Lets ``SyncSession`` decide about a page, and does it.
    func record(_ page: SyncPage) throws -> SyncOutcome {
        let page = try withoutErased(page)
        guard var audience = try findAudience(page.cohort) ?? createAudience(for: page) else {
            return .ignored
        }
        var stored =
            try findSession(for: page, of: audience)
            ?? createSession(for: page, of: audience)
        let tally = try page.position.number.flatMap { try findTally(stored.id, $0) }
        let change = stored.session.receive(
            page, earlierCopy: tally, audience: audience.state, at: now)
        try apply(change, of: page, to: &audience, by: &stored)
        try noteNamed(by: page, change, in: audience)
        if let number = change.pageNumber {
            try saveTally(
                PageTally(entries: page.entryCount, notes: page.notes), stored.id, number)
        }
        try saveSession(stored)
        audience.note(change, of: page, by: stored, at: now)
        try saveAudience(audience)
        return SyncOutcome(of: change, stored.session.status)
    }

    func apply(
        _ change: Change, of page: SyncPage, to audience: inout AudienceRow,
        by stored: inout SessionRow
    ) throws {
        switch change.effect {
        case .none:
            return
        case .add:
            let people = try people(of: page.members, for: &stored, creatingMissing: true)
            let members = try currentMembers(of: audience)
            let source = Source(session: stored.id, page: change.pageNumber)
            audience.memberCount += try members.add(people, from: source, at: now)
            try noteDiff(.add, page, source, for: stored, members.replacement)
        case .remove:
            let people = try people(of: page.members, for: &stored, creatingMissing: false)
            let members = try currentMembers(of: audience)
            let source = Source(session: stored.id, page: change.pageNumber)
            audience.memberCount -= try members.remove(people, by: stored.id, at: now)
            try noteDiff(.remove, page, source, for: stored, members.replacement)
        case .stage:
            if change.beginsStaging {
                try beginStaging(&stored, of: &audience)
            }
            let people = try people(of: page.members, for: &stored, creatingMissing: true)
            try stage(people, as: change.pageNumber ?? 1, of: stored, audience)
            if change.isWhole { try conclude(&stored, of: &audience) }
        }
        stored.session.membersAfter = audience.memberCount
    }

    private func currentMembers(of audience: AudienceRow) throws -> CurrentMembers {
        CurrentMembers(
            db: db, snapshot: audience.snapshot,
            feed: try ChangeFeed(db: db, audience: audience.id),
            replacement: try openReplacement(of: audience.id))
    }
}

extension SyncOutcome {
    fileprivate init(of change: Change, _ status: SyncSession.Status) {
        self =
            switch change.effect {
            case .none: .ignored
            case .add, .remove: .applied
            case .stage where !change.isWhole: .staged
            case .stage: status == .held ? .held : .switched
            }
    }
}
