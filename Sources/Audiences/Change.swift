/// What a store must do with a page, as ``SyncSession`` decided.
///
/// All of it in one transaction.
package struct Change: Sendable, Hashable {
    package enum Effect: Sendable, Hashable {
        /// The page is acknowledged and changes nothing.
        case none
        /// Its members enter the current snapshot (and, while a replacement is being staged, are
        /// noted down to enter that one too when it is switched in).
        case add
        /// Its members leave, likewise.
        case remove
        /// Its members go into the session's own snapshot, in place of an earlier copy's.
        case stage
    }

    package var effect: Effect
    /// The number under which this page's counts and staged members are kept; `nil` if it has
    /// none or changes nothing.
    package var pageNumber: Int?
    /// This is the first staged page of its session: make its snapshot, and mark an older
    /// unfinished replacement of the audience as superseded.
    package var beginsStaging: Bool
    /// The set of pages is complete: after staging, apply again, in order, the diffs that came
    /// since the session began, count, and let ``SyncSession/conclude(_:guardedBy:at:)`` decide
    /// whether the audience is pointed at the new snapshot.
    package var isWhole: Bool
    /// The sync is complete: the audience is up to date as of now.
    ///
    /// A replacement is complete when it is switched in.
    package var completes: Bool
    /// Why the audience may now differ from the cohort at Mixpanel.
    package var reconcile: ReconcileReason?

    package init(
        effect: Effect, pageNumber: Int? = nil, beginsStaging: Bool = false,
        isWhole: Bool = false, completes: Bool = false, reconcile: ReconcileReason? = nil
    ) {
        self.effect = effect
        self.pageNumber = pageNumber
        self.beginsStaging = beginsStaging
        self.isWhole = isWhole
        self.completes = completes
        self.reconcile = reconcile
    }
}

/// Why an audience may differ from the cohort at Mixpanel until it is compared or replaced.
package enum ReconcileReason: String, Sendable, Hashable, CaseIterable {
    /// A page without `page_info` that could not be proved to be the whole cohort.
    case pageInfoMissing = "page_info_missing"
    /// A page whose number can't be: its members were added, nobody was removed.
    case pageIrregular = "page_irregular"
    /// Members were added after so long a silence that Mixpanel may have sent a full copy as a
    /// diff; those who left meanwhile are still in.
    case addAfterSilence = "add_after_silence"
    /// A person rejected a replacement that was held.
    case replacementRejected = "replacement_rejected"
    /// A replacement that was held was given up, because nobody decided in time.
    case replacementExpired = "replacement_expired"
    /// An older snapshot was put back by hand.
    case restored
}

/// The audience as ``SyncSession`` needs to know it.
package struct AudienceState: Sendable, Hashable {
    package var memberCount: Int
    /// When its latest page arrived; `nil` for an audience that is just being created.
    package var lastSeenAt: Timestamp?

    package init(memberCount: Int = 0, lastSeenAt: Timestamp? = nil) {
        self.memberCount = memberCount
        self.lastSeenAt = lastSeenAt
    }
}

extension PageNotes {
    package mutating func add(_ other: PageNotes) {
        unusable.merge(other.unusable, uniquingKeysWith: +)
        referencesIgnored += other.referencesIgnored
        traitsIgnored += other.traitsIgnored
    }

    package mutating func subtract(_ other: PageNotes) {
        unusable.merge(other.unusable.mapValues { -$0 }, uniquingKeysWith: +)
        unusable = unusable.filter { $0.value > 0 }
        referencesIgnored = max(0, referencesIgnored - other.referencesIgnored)
        traitsIgnored = max(0, traitsIgnored - other.traitsIgnored)
    }
}
