/// A replacement all of whose pages are there, counted against what it would replace.
package struct Replacement: Sendable, Hashable {
    /// The size of the current snapshot.
    package var membersBefore: Int
    /// How many of those are in the new one too.
    package var membersStaying: Int
    /// The size of the new snapshot, after the diffs that came meanwhile.
    package var membersAfter: Int

    package init(membersBefore: Int, membersStaying: Int, membersAfter: Int) {
        self.membersBefore = membersBefore
        self.membersStaying = membersStaying
        self.membersAfter = membersAfter
    }

    package var movement: Movement {
        Movement(
            entering: max(0, membersAfter - membersStaying),
            leaving: max(0, membersBefore - membersStaying))
    }
}

/// How many people a replacement makes enter and leave.
package struct Movement: Sendable, Hashable {
    package var entering: Int
    package var leaving: Int

    package init(entering: Int, leaving: Int) {
        self.entering = entering
        self.leaving = leaving
    }
}

/// A share of an audience, 0 to 1.
package struct RemovedFraction: Sendable, Hashable {
    package let value: Double

    /// `nil` unless it is a number from 0 to 1.
    package init?(_ value: Double) {
        guard value >= 0, value <= 1 else { return nil }
        self.value = value
    }

    /// A constant of the program.
    init(share: Double) {
        value = min(max(share, 0), 1)
    }

    /// Whether losing so many of an audience is more than this share.
    ///
    /// Audiences under ``Limits/guardedMembersMin`` are not looked at.
    package func isExceeded(by leaving: Int, of members: Int) -> Bool {
        members >= Limits.guardedMembersMin && Double(leaving) > value * Double(members)
    }
}

extension SyncSession {
    /// What becomes of a whole replacement.
    package enum Conclusion: Sendable, Hashable {
        /// Point the audience at the new snapshot.
        case switchIn
        /// Leave everything as it is until a person decides.
        case hold
    }

    /// Decides what becomes of this replacement, now that all of its pages are there.
    ///
    /// - Parameters:
    ///   - replacement: what it would do, after the diffs that came meanwhile.
    ///   - fraction: the connection's guard; `nil` holds nothing.
    ///   - now: the time of the switch, if it comes to one.
    /// - Returns: what the store must do, in the same transaction.
    package mutating func conclude(
        _ replacement: Replacement, guardedBy fraction: RemovedFraction?, at now: Timestamp
    ) -> Conclusion {
        movement = replacement.movement
        let leaving = replacement.movement.leaving
        if let fraction, fraction.isExceeded(by: leaving, of: replacement.membersBefore) {
            status = .held
            return .hold
        }
        accept(at: now)
        return .switchIn
    }

    /// The replacement is switched in; one that was held as well.
    package mutating func accept(at now: Timestamp) {
        status = .committed
        finishedAt = now
    }

    /// Why the audience may differ from the cohort although this replacement was switched in.
    package var reconcileReason: ReconcileReason? {
        // The members of a page without a usable number may not be among those staged.
        pagesIrregular > 0 ? .pageIrregular : nil
    }
}
