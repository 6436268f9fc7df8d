/// A comparison of an audience with Mixpanel's own list of the cohort's members, and its repair
/// if somebody asked for that.
///
/// It reads a page of 1000 a query within Mixpanel's quota, so a large cohort takes hours; it goes
/// on where it was after a restart.
package struct Reconciliation: Sendable, Hashable {
    package var id: ReconciliationID
    package var audience: AudienceID
    /// Whether differences are to be mended, or only reported.
    package var repairs: Bool
    /// Whether to mend them even if that removes more than ``refusal(of:guardedBy:)`` lets it.
    package var isForced: Bool
    package var status: Status
    /// One sentence: what it waits for, or why it failed; `nil` otherwise.
    package var message: String?
    /// When it goes on, if it waits for Mixpanel's quota.
    package var resumesAt: Timestamp?
    package var progress: Progress
    /// `nil` until everything was read and compared.
    package var result: Differences?
    package var createdAt: Timestamp
    package var finishedAt: Timestamp?

    package enum Status: String, Sendable, Hashable, CaseIterable {
        /// Nobody works on it yet, or it waits for the quota.
        case waiting
        case reading
        /// Everything was read and compared; differences are being mended.
        case repairing
        case finished
        case failed
        case cancelled

        package var isFinal: Bool { self == .finished || self == .failed || self == .cancelled }
    }

    /// How much of Mixpanel's list was read.
    package struct Progress: Sendable, Hashable {
        /// The `session_id` of Mixpanel's answer, which its next page needs; `nil` before the
        /// first page.
        package var queryID: String?
        package var pagesRead: Int
        /// Different people.
        package var peopleRead: Int
        /// What Mixpanel said there would be; `nil` before the first page.
        package var peopleTotal: Int?
        /// How often Mixpanel did not know the query any more, so that it began again.
        package var restarts: Int

        package init(
            queryID: String? = nil, pagesRead: Int = 0, peopleRead: Int = 0,
            peopleTotal: Int? = nil, restarts: Int = 0
        ) {
            self.queryID = queryID
            self.pagesRead = pagesRead
            self.peopleRead = peopleRead
            self.peopleTotal = peopleTotal
            self.restarts = restarts
        }
    }

    /// What was found, in people.
    package struct Differences: Sendable, Hashable {
        /// In the cohort at Mixpanel, and no member here.
        package var missing: Int
        /// A member here, and not in the cohort.
        package var extra: Int
        /// In the cohort, but without a profile, so that Mixpanel never sends them; `nil` if that
        /// could not be asked.
        package var notExported: Int?
        /// Entered or left here since the reading began, so that nothing can be said of them.
        package var changedMeanwhile: Int
        /// Members here and there.
        package var matching: Int

        package init(
            missing: Int, extra: Int, notExported: Int?, changedMeanwhile: Int, matching: Int
        ) {
            self.missing = missing
            self.extra = extra
            self.notExported = notExported
            self.changedMeanwhile = changedMeanwhile
            self.matching = matching
        }
    }

    package init(
        id: ReconciliationID, audience: AudienceID, repairs: Bool, isForced: Bool = false,
        status: Status = .waiting, message: String? = nil, resumesAt: Timestamp? = nil,
        progress: Progress = Progress(),
        result: Differences? = nil, createdAt: Timestamp, finishedAt: Timestamp? = nil
    ) {
        self.id = id
        self.audience = audience
        self.repairs = repairs
        self.isForced = isForced
        self.status = status
        self.message = message
        self.resumesAt = resumesAt
        self.progress = progress
        self.result = result
        self.createdAt = createdAt
        self.finishedAt = finishedAt
    }
}

/// One person of whom an audience and its cohort differ.
package struct Difference: Sendable, Hashable {
    package var kind: Kind
    package var distinctID: ExternalID
    /// What Mixpanel's list says; only for ``Kind/missing``.
    package var reference: ReferenceUpdate

    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case missing
        case extra
    }

    package init(kind: Kind, distinctID: ExternalID, reference: ReferenceUpdate = .absent) {
        self.kind = kind
        self.distinctID = distinctID
        self.reference = reference
    }
}
