package import Audiences
package import JSON

extension JSONWriter {
    package mutating func audience(_ audience: Audience, at now: Timestamp) {
        beginObject()
        key("id")
        string(audience.id.text)
        key("name")
        optional(audience.cohort.name)
        key("description")
        optional(audience.cohort.description)
        key("connection_id")
        string(audience.connectionID.text)
        key("mixpanel_project_id")
        optional(audience.cohort.projectID)
        key("mixpanel_cohort_id")
        string(audience.cohort.cohortID.text)
        key("member_count")
        int(audience.memberCount)
        freshness(audience.freshness, at: now)
        key("needs_reconcile")
        bool(audience.needsReconcile != nil)
        key("needs_reconcile_reason")
        optional(audience.needsReconcile?.rawValue)
        key("held")
        if let held = audience.held { self.sync(held) } else { null() }
        key("last_sync")
        if let sync = audience.lastSync { self.sync(sync) } else { null() }
        key("created_at")
        time(audience.createdAt)
        key("updated_at")
        time(audience.updatedAt)
        endObject()
    }

    /// Which audience an answer is about, and how fresh it is.
    mutating func reference(to id: AudienceID, _ freshness: Freshness, at now: Timestamp) {
        beginObject()
        key("id")
        string(id.text)
        self.freshness(freshness, at: now)
        endObject()
    }

    /// The keys `status` and `as_of`, which stand beside every membership.
    mutating func freshness(_ freshness: Freshness, at now: Timestamp) {
        key("status")
        string(freshness.status(at: now).rawValue)
        key("as_of")
        time(freshness.asOf)
    }

    package mutating func sync(_ sync: SyncSession) {
        beginObject()
        key("session_id")
        optional(sync.sessionID)
        key("action")
        string(sync.action.rawValue)
        key("status")
        string(sync.status.rawValue)
        key("pages_total")
        optional(sync.pagesTotal)
        key("pages_received")
        int(sync.pagesReceived)
        key("pages_repeated")
        int(sync.pagesRepeated)
        key("pages_irregular")
        int(sync.pagesIrregular)
        key("members_received")
        int(sync.membersReceived)
        key("members_unusable")
        int(sync.notes.unusableCount)
        key("unusable_reasons")
        beginObject()
        for reason in UnusableReason.allCases {
            guard let count = sync.notes.unusable[reason] else { continue }
            key(utf8: reason.rawValue.utf8)
            int(count)
        }
        endObject()
        key("references_ignored")
        int(sync.notes.referencesIgnored)
        key("traits_ignored")
        int(sync.notes.traitsIgnored)
        key("references_changed")
        int(sync.references.changed)
        key("references_shared")
        int(sync.references.shared)
        key("members_entering")
        optional(sync.movement?.entering)
        key("members_leaving")
        optional(sync.movement?.leaving)
        key("members_before")
        int(sync.membersBefore)
        key("members_after")
        int(sync.membersAfter)
        key("started_at")
        time(sync.startedAt)
        key("finished_at")
        time(sync.finishedAt)
        endObject()
    }

    package mutating func member(_ member: Member) {
        beginObject()
        key("mixpanel_distinct_id")
        string(member.person.distinctID.text)
        key("reference_id")
        optional(member.person.referenceID)
        key("match_id")
        string(member.person.matchID.text)
        key("entered_at")
        time(member.enteredAt)
        key("traits")
        traits(member.person.traits)
        endObject()
    }

    package mutating func sharedReference(_ shared: SharedReference) {
        beginObject()
        key("reference_id")
        string(shared.referenceID.text)
        key("mixpanel_distinct_ids")
        beginArray()
        for id in shared.distinctIDs { string(id.text) }
        endArray()
        endObject()
    }

    mutating func traits(_ traits: [Trait]) {
        beginObject()
        for trait in traits {
            key(utf8: trait.name.utf8)
            switch trait.value {
            case .text(let text): string(text)
            case .number(let written): rawNumber(written)
            case .bool(let flag): bool(flag)
            }
        }
        endObject()
    }
}
