/// One Mixpanel export as far as it has arrived, and the decision what each page does.
///
/// This is the heart of the program: every store calls ``receive(_:earlierCopy:audience:at:)``
/// inside its transaction and then does what the ``Change`` says, so the rules are the same in
/// all of them and are tested without one.
///
/// The rules come from Mixpanel's custom webhook page: after any failure it "starts the sync from
/// the top again", so every page may come twice, late, or in another order, and nobody may be
/// removed before a whole replacement is there.
package struct SyncSession: Sendable, Hashable {
    package enum Status: String, Sendable, Hashable, CaseIterable {
        /// A replacement whose pages are not all there; readers still see the old membership.
        case filling
        /// A replacement that was switched in.
        case committed
        /// A replacement that a newer session overtook before it was complete.
        case superseded
        /// A complete replacement that waits for a person to accept it.
        case held
        /// A replacement that was held and that a person rejected.
        case rejected
        /// A replacement whose missing pages never came.
        case expired
        /// Pages that acted on arrival: diffs, and replacements that can't be proved complete.
        case applied
    }

    package let action: SyncAction
    /// `nil` if Mixpanel sent none.
    package let sessionID: ExternalID?
    package var status: Status
    /// The largest total announced so far; `nil` if no page announced one.
    package var pagesTotal: Int?
    /// Distinct pages; compare with ``pagesTotal``.
    package var pagesReceived = 0
    /// Further copies of pages that were already there.
    package var pagesRepeated = 0
    /// Pages without a number that could be used.
    package var pagesIrregular = 0
    /// Entries of `members`, usable or not, the last copy of each page counted.
    package var membersReceived = 0
    package var notes = PageNotes()
    /// The audience's size when the session began, and after its last effect.
    package var membersBefore: Int
    package var membersAfter: Int
    /// How many people a whole replacement makes enter and leave, or would if it is held; `nil`
    /// until its pages are all there.
    package var movement: Movement?
    /// What its pages did to reference ids.
    package var references = ReferenceCounts()
    package let startedAt: Timestamp
    /// When the last page took effect; `nil` while pages are missing.
    package var finishedAt: Timestamp?

    /// A session none of whose pages has been received yet.
    package init(of page: SyncPage, audience: AudienceState, at now: Timestamp) {
        action = page.action
        sessionID = page.sessionID
        status = .applied
        membersBefore = audience.memberCount
        membersAfter = audience.memberCount
        startedAt = now
    }

    /// Restores a session from a store.
    package init(
        action: SyncAction, sessionID: ExternalID?, status: Status, membersBefore: Int,
        membersAfter: Int, startedAt: Timestamp, finishedAt: Timestamp?
    ) {
        self.action = action
        self.sessionID = sessionID
        self.status = status
        self.membersBefore = membersBefore
        self.membersAfter = membersAfter
        self.startedAt = startedAt
        self.finishedAt = finishedAt
    }

    /// True until the first page was received.
    package var isNew: Bool {
        pagesReceived == 0 && pagesIrregular == 0
    }

    /// Whether a page without a session id joins this session, which has none either, instead of
    /// beginning a new one.
    ///
    /// Only replacements have to be put together. One that is not complete takes such pages for as
    /// long as its missing pages may come: a second one must not pass for the whole cohort.
    package func takesUnnamedPages(at now: Timestamp) -> Bool {
        action == .members && (status == .filling || status == .applied)
            && now.since(startedAt) <= Limits.sessionAgeMillisecondsMax
    }

    /// Counts a page and decides what it does.
    ///
    /// - Parameters:
    ///   - page: the page, of this session's action and audience.
    ///   - earlierCopy: what the page of this number counted when it came before; `nil` if it
    ///     did not, or if the page has no usable number.
    ///   - audience: the audience before this page.
    ///   - now: when the page arrived.
    /// - Returns: what the store must do, in the same transaction.
    package mutating func receive(
        _ page: SyncPage, earlierCopy: PageTally?, audience: AudienceState, at now: Timestamp
    ) -> Change {
        let change =
            switch action {
            case .members:
                receiveReplacement(page, earlierCopy: earlierCopy)
            case .addMembers, .removeMembers:
                receiveDiff(page, earlierCopy: earlierCopy, audience: audience, at: now)
            }
        if change.completes {
            finishedAt = now
        }
        return change
    }

    // MARK: Diffs

    private mutating func receiveDiff(
        _ page: SyncPage, earlierCopy: PageTally?, audience: AudienceState, at now: Timestamp
    ) -> Change {
        let isFirst = isNew
        count(page, earlierCopy: earlierCopy)
        var change = Change(
            effect: action == .addMembers ? .add : .remove, pageNumber: page.position.number)
        // Page numbers of diffs are only statistics: they tell when the run was complete.
        change.completes = pagesTotal.map { pagesReceived >= $0 } ?? (page.position == .absent)
        if isFirst, action == .addMembers, audience.memberCount > 0,
            let lastSeen = audience.lastSeenAt,
            now.since(lastSeen) > Limits.snapshotSilenceMilliseconds
        {
            change.reconcile = .addAfterSilence
        }
        return change
    }

    // MARK: Replacements

    private mutating func receiveReplacement(_ page: SyncPage, earlierCopy: PageTally?) -> Change {
        switch status {
        case .committed where isSuccessorOfUnprovablePage(page):
            return add(page, .pageInfoMissing)
        case .committed, .superseded, .held, .rejected, .expired:
            // Acknowledged, so that Mixpanel moves on, but it changes nothing.
            if earlierCopy != nil { pagesRepeated += 1 }
            return Change(effect: .none)
        case .filling, .applied:
            break
        }
        switch page.position {
        case .page:
            return stage(page, earlierCopy: earlierCopy)
        case .irregular:
            return add(page, .pageIrregular)
        case .absent where !isNew:
            // A second page without a number proves that the first one was not the only one.
            return add(page, .pageInfoMissing)
        case .absent where page.entryCount > Limits.provablePageMembersMax:
            return add(page, .pageInfoMissing)
        case .absent:
            var only = page
            only.position = .page(number: 1, of: 1)
            return stage(only, earlierCopy: nil)
        }
    }

    /// A full page without `page_info`, after a smaller one of the same session was taken for
    /// the whole cohort: it can't be that page again, so its members must not be lost.
    private func isSuccessorOfUnprovablePage(_ page: SyncPage) -> Bool {
        page.position == .absent && pagesTotal == 1
            && page.entryCount > Limits.provablePageMembersMax
    }

    private mutating func stage(_ page: SyncPage, earlierCopy: PageTally?) -> Change {
        let begins = status != .filling
        status = .filling
        count(page, earlierCopy: earlierCopy)
        var change = Change(
            effect: .stage, pageNumber: page.position.number, beginsStaging: begins)
        // Every number is at most the largest total, so as many distinct numbers as the total
        // are exactly {1…total}.
        if let pagesTotal, pagesReceived == pagesTotal {
            change.isWhole = true
        }
        return change
    }

    private mutating func add(_ page: SyncPage, _ reason: ReconcileReason) -> Change {
        pagesIrregular += 1
        membersReceived += page.entryCount
        notes.add(page.notes)
        return Change(effect: .add, reconcile: reason)
    }

    // MARK: Counting

    private mutating func count(_ page: SyncPage, earlierCopy: PageTally?) {
        if case .page(_, let total) = page.position {
            pagesTotal = max(pagesTotal ?? 0, total)
        }
        if let earlierCopy {
            pagesRepeated += 1
            membersReceived -= earlierCopy.entries
            notes.subtract(earlierCopy.notes)
        } else if page.position == .irregular {
            pagesIrregular += 1
        } else {
            pagesReceived += 1
        }
        membersReceived += page.entryCount
        notes.add(page.notes)
    }
}

extension PagePosition {
    /// The page's number if it has a usable one.
    package var number: Int? {
        if case .page(let number, _) = self { number } else { nil }
    }
}

/// What one page counted, kept so that a further copy of it replaces these counts.
package struct PageTally: Sendable, Hashable {
    package var entries: Int
    package var notes: PageNotes

    package init(entries: Int, notes: PageNotes) {
        self.entries = entries
        self.notes = notes
    }
}
