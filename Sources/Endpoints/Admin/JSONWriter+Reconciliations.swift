package import Audiences
package import JSON
package import Mixpanel

extension JSONWriter {
    package mutating func reconciliation(_ reconciliation: Reconciliation) {
        beginObject()
        key("id")
        string(reconciliation.id.text)
        key("audience_id")
        string(reconciliation.audience.text)
        key("repair")
        bool(reconciliation.repairs)
        key("force")
        bool(reconciliation.isForced)
        key("status")
        string(reconciliation.status.rawValue)
        key("message")
        optional(reconciliation.message)
        key("resumes_at")
        time(reconciliation.resumesAt)
        key("pages_read")
        int(reconciliation.progress.pagesRead)
        key("people_read")
        int(reconciliation.progress.peopleRead)
        key("people_total")
        optional(reconciliation.progress.peopleTotal)
        key("missing")
        optional(reconciliation.result?.missing)
        key("extra")
        optional(reconciliation.result?.extra)
        key("not_exported")
        optional(reconciliation.result?.notExported)
        key("changed_meanwhile")
        optional(reconciliation.result?.changedMeanwhile)
        key("matching")
        optional(reconciliation.result?.matching)
        key("created_at")
        time(reconciliation.createdAt)
        key("finished_at")
        time(reconciliation.finishedAt)
        endObject()
    }

    /// The reference id is Mixpanel's, and only known of people who are missing here.
    package mutating func difference(_ difference: Difference) {
        beginObject()
        key("kind")
        string(difference.kind.rawValue)
        key("mixpanel_distinct_id")
        string(difference.distinctID.text)
        key("reference_id")
        if case .set(let id) = difference.reference { string(id.text) } else { null() }
        endObject()
    }

    package mutating func savedCohort(_ feeding: FeedingCohort, at now: Timestamp) {
        let cohort = feeding.cohort
        beginObject()
        key("id")
        string(cohort.id.text)
        key("name")
        optional(cohort.name.isEmpty ? nil : cohort.name)
        key("description")
        optional(cohort.description)
        key("count")
        optional(cohort.count)
        key("is_visible")
        bool(cohort.isVisible)
        key("created")
        optional(cohort.createdAt)
        key("audience")
        if let audience = feeding.audience {
            beginObject()
            key("id")
            string(audience.id.text)
            key("member_count")
            int(audience.memberCount)
            freshness(audience.freshness, at: now)
            endObject()
        } else {
            null()
        }
        endObject()
    }
}
