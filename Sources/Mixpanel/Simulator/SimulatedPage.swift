internal import Audiences
internal import JSON

/// What the simulated cohort is called on the wire.
package struct SimulatedCohortName: Sendable, Hashable {
    package var projectID: String
    package var cohortID: String
    package var name: String

    package init(projectID: String, cohortID: String, name: String) {
        self.projectID = projectID
        self.cohortID = cohortID
        self.name = name
    }
}

extension SimulatedCohort {
    /// The body of a page, 1-based, in the shape of Mixpanel's custom-webhook page.
    package func body(
        ofPage number: Int, of export: SimulatedExport, as cohort: SimulatedCohortName
    ) -> [UInt8] {
        export.body(ofPage: number, as: cohort, person: person)
    }
}

extension SimulatedExport {
    /// The body of a page, 1-based, in the shape of Mixpanel's custom-webhook page.
    func body(
        ofPage number: Int, as cohort: SimulatedCohortName, person: (UInt32) -> InventedPerson
    ) -> [UInt8] {
        let people = people(onPage: number)
        var json = JSONWriter(
            reservingCapacity: Self.headBytes + people.count * Self.memberBytes)
        json.beginObject()
        json.key("action")
        json.string(action.rawValue)
        json.key("parameters")
        json.beginObject()
        json.key("mixpanel_project_id")
        json.string(cohort.projectID)
        json.key("mixpanel_cohort_name")
        json.string(cohort.name)
        json.key("mixpanel_cohort_id")
        json.string(cohort.cohortID)
        json.key("mixpanel_cohort_description")
        json.string("Invented people, sent by muster simulate")
        json.key("mixpanel_session_id")
        json.string(utf8: sessionID)
        json.key("page_info")
        json.beginObject()
        json.key("total_pages")
        json.int(pageCount)
        json.key("page_count")
        json.int(number)
        json.endObject()
        json.key("members")
        json.beginArray()
        for number in people { person(number).write(to: &json) }
        json.endArray()
        json.endObject()
        json.endObject()
        return json.bytes
    }

    /// What a page takes without its members, and a member, in round figures: a body
    /// that grows only once.
    private static let headBytes = 1024
    private static let memberBytes = 256
}
