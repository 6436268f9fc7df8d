/// What a page asks for (Mixpanel's custom webhook page, "action").
package enum SyncAction: String, Sendable, Hashable, CaseIterable {
    /// The complete cohort: what we hold is replaced.
    case members
    /// People who entered since the last successful sync.
    case addMembers = "add_members"
    /// People who left since then.
    case removeMembers = "remove_members"
}

/// One page of one export, as received: the unit that is recorded atomically.
package struct SyncPage: Sendable {
    package var action: SyncAction
    package var cohort: Cohort
    /// `mixpanel_session_id`, shared by all pages of an export; `nil` if missing or unusable.
    package var sessionID: ExternalID?
    package var position: PagePosition
    package var members: MemberList
    package var notes: PageNotes

    package init(
        action: SyncAction, cohort: Cohort, sessionID: ExternalID?, position: PagePosition,
        members: MemberList, notes: PageNotes = PageNotes()
    ) {
        self.action = action
        self.cohort = cohort
        self.sessionID = sessionID
        self.position = position
        self.members = members
        self.notes = notes
    }

    /// How many entries the `members` list had, usable or not.
    package var entryCount: Int { members.count + notes.unusableCount }
}

/// Which cohort a page is about.
///
/// Project and cohort are the key; name and description may change.
package struct Cohort: Sendable, Hashable {
    /// `mixpanel_project_id`; `nil` if missing.
    package var projectID: ExternalID?
    package var cohortID: ExternalID
    /// For people; `nil` if the page had none, then the known one stays.
    package var name: String?
    package var description: String?

    package init(
        projectID: ExternalID?, cohortID: ExternalID, name: String? = nil,
        description: String? = nil
    ) {
        self.projectID = projectID
        self.cohortID = cohortID
        self.name = name
        self.description = description
    }
}

/// Where a page stands in its export: Mixpanel's `page_info`.
package enum PagePosition: Sendable, Hashable {
    /// No `page_info`, or one without a total: taken as the only page if that can be true.
    case absent
    /// Page `number` of `total`, 1 ≤ `number` ≤ `total` ≤ ``Limits/pagesTotalMax``.
    case page(number: Int, of: Int)
    /// Numbers that can't be: zero, negative, a fraction, beyond the total, not numbers.
    case irregular

    /// Sorts announced numbers into the three cases.
    ///
    /// - Parameters:
    ///   - number: `page_count`, the 1-based number of this page; `nil` if missing or null.
    ///   - total: `total_pages`; `nil` if missing or null.
    package init(number: Int?, of total: Int?) {
        switch (number, total) {
        case (nil, nil), (nil, 0), (0, nil), (0, 0), (1, nil), (1, 0):
            self = .absent
        case (nil, 1):
            self = .page(number: 1, of: 1)
        case (let number?, let total?)
        where number >= 1 && number <= total && total <= Limits.pagesTotalMax:
            self = .page(number: number, of: total)
        default:
            self = .irregular
        }
    }
}

/// One usable member of a page.
package struct MemberRecord: Sendable, Hashable {
    package var distinctID: ExternalID
    package var reference: ReferenceUpdate
    /// The allow-listed properties the page carries.
    package var traits: [TraitChange]

    package init(
        distinctID: ExternalID, reference: ReferenceUpdate = .absent, traits: [TraitChange] = []
    ) {
        self.distinctID = distinctID
        self.reference = reference
        self.traits = traits
    }
}

/// What a page says about a person's reference id.
package enum ReferenceUpdate: Sendable, Hashable {
    /// The property is not on the page, or its value is junk: what is known stays.
    case absent
    /// Null or empty: the person has none.
    case cleared
    case set(ExternalID)
}

/// What was odd about a page: counts by reason, never the ids themselves.
package struct PageNotes: Sendable, Hashable {
    package var unusable: [UnusableReason: Int]
    /// Reference ids that were junk (`null` as text, an all-zero UUID, an object …).
    package var referencesIgnored: Int
    /// Trait values that were too long or no scalars.
    package var traitsIgnored: Int

    package init(
        unusable: [UnusableReason: Int] = [:], referencesIgnored: Int = 0, traitsIgnored: Int = 0
    ) {
        self.unusable = unusable
        self.referencesIgnored = referencesIgnored
        self.traitsIgnored = traitsIgnored
    }

    package var unusableCount: Int { unusable.values.reduce(0, +) }
}

/// Why an entry of `members` can't be a member.
///
/// It never fails its page.
package enum UnusableReason: String, Sendable, Hashable, CaseIterable {
    /// The entry is not a JSON object.
    case notAnObject = "not_an_object"
    /// No `mixpanel_distinct_id`, or null.
    case idMissing = "id_missing"
    case idEmpty = "id_empty"
    /// Neither text nor a number.
    case idNotText = "id_not_text"
    /// More than ``Limits/externalIDBytesMax`` bytes.
    case idTooLong = "id_too_long"
    /// Holds a NUL or half of a surrogate pair, which no text can keep exactly.
    case idNotUnicode = "id_not_unicode"
    /// Somebody who was erased and is to stay erased.
    case erased
}
