import Audiences
import GRDB

/// One page being recorded: what all its steps need.
struct PageTransaction {
    let db: Database
    let siphash: SipHash
    /// The row of the connection the page came from.
    let connection: Int64
    /// When the page arrived.
    let now: Timestamp

    /// Lets ``SyncSession`` decide about a page, and does it.
    func record(_ page: SyncPage) throws -> SyncOutcome {
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
        if let number = change.pageNumber {
            try saveTally(
                PageTally(entries: page.entryCount, notes: page.notes), stored.id, number)
        }
        try saveSession(stored)
        audience.note(change, of: page, by: stored, at: now)
        try saveAudience(audience)
        return SyncOutcome(of: change)
    }

    private func apply(
        _ change: Change, of page: SyncPage, to audience: inout AudienceRow,
        by stored: inout SessionRow
    ) throws {
        switch change.effect {
        case .none:
            return
        case .add:
            let people = try people(of: page.members, creatingMissing: true)
            audience.memberCount += try add(people, to: audience.snapshot)
            try noteDiff(.add, of: page, in: audience)
        case .remove:
            let people = try people(of: page.members, creatingMissing: false)
            audience.memberCount -= try remove(people, from: audience.snapshot)
            try noteDiff(.remove, of: page, in: audience)
        case .stage:
            if change.beginsStaging {
                try beginStaging(&stored, of: audience)
            }
            let people = try people(of: page.members, creatingMissing: true)
            try stage(people, as: change.pageNumber ?? 1, of: stored, audience)
            guard change.switches else { return }
            try switchIn(stored, &audience)
        }
        stored.session.membersAfter = audience.memberCount
    }
}

extension SyncOutcome {
    fileprivate init(of change: Change) {
        self =
            switch change.effect {
            case .none: .ignored
            case .add, .remove: .applied
            case .stage: change.switches ? .switched : .staged
            }
    }
}
