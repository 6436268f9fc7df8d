internal import Audiences
internal import JSON

extension SimulatedMixpanel {
    /// Everything a test wants to know, as JSON; no secret.
    package func state() -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("projects")
        json.beginArray()
        for project in world.projects { write(project, to: &json) }
        json.endArray()
        json.key("cohorts")
        json.beginArray()
        for cohort in world.cohorts { write(cohort, to: &json) }
        json.endArray()
        json.key("destinations")
        json.beginArray()
        for destination in destinations { write(destination, to: &json) }
        json.endArray()
        json.key("deliveries")
        json.beginArray()
        for delivery in deliveries { write(delivery, to: &json) }
        json.endArray()
        json.key("queries")
        json.int(queryCount)
        json.key("faults")
        json.int(faults.count { $0.timesLeft != 0 })
        json.endObject()
        return json.bytes
    }

    private func write(_ project: SimulatedProject, to json: inout JSONWriter) {
        json.beginObject()
        json.key("project")
        json.string(project.id)
        json.key("name")
        json.string(project.name)
        json.key("region")
        json.string(project.region.rawValue)
        json.key("profiles_written")
        json.int(project.profiles.ids.count)
        json.key("events")
        json.int(project.events.count)
        json.endObject()
    }

    private func write(_ cohort: LiveCohort, to json: inout JSONWriter) {
        json.beginObject()
        json.key("project")
        json.string(cohort.name.projectID)
        json.key("cohort")
        json.string(cohort.name.cohortID)
        json.key("name")
        json.string(cohort.name.name)
        json.key("members")
        writePeople(cohort.exported, to: &json)
        json.key("without_profile")
        writePeople(cohort.members.filter { cohort.withoutProfile.contains($0) }, to: &json)
        json.endObject()
    }

    private func writePeople(_ people: [UInt32], to json: inout JSONWriter) {
        json.beginArray()
        for number in people { json.string(utf8: world.person(number).distinctID) }
        json.endArray()
    }

    private func write(_ destination: SimulatedDestination, to json: inout JSONWriter) {
        json.beginObject()
        json.key("destination")
        json.string(destination.id)
        json.key("syncs")
        json.beginArray()
        for (cohort, sync) in destination.syncs {
            json.beginObject()
            json.key("cohort")
            json.string(cohort)
            json.key("state")
            json.string(sync.state)
            json.key("reason")
            json.textOrNull(sync.outcome?.reason)
            json.key("started_at")
            json.textOrNull(sync.startedAt?.rfc3339)
            json.key("succeeded_at")
            json.textOrNull(sync.succeededAt?.rfc3339)
            json.endObject()
        }
        json.endArray()
        json.endObject()
    }

    private func write(_ delivery: SimulatedDelivery, to json: inout JSONWriter) {
        json.beginObject()
        json.key("number")
        json.int(delivery.number)
        json.key("destination")
        json.string(delivery.sync.destination)
        json.key("cohort")
        json.string(delivery.sync.cohort)
        json.key("action")
        json.string(delivery.action.rawValue)
        json.key("session_id")
        json.string(delivery.sessionID)
        json.key("page")
        json.int(delivery.page)
        json.key("pages")
        json.int(delivery.pageCount)
        json.key("members")
        json.int(delivery.memberCount)
        json.key("status")
        if let status = delivery.status { json.int(status) } else { json.null() }
        json.key("verdict")
        json.string(delivery.verdict.word)
        json.endObject()
    }
}

extension SimulatedSync.Outcome {
    /// What a person would read in Mixpanel; `nil` for a success.
    package var reason: String? {
        switch self {
        case .succeeded: nil
        case .failed(let why): why
        case .paused(let status, let message): message ?? "status \(status)"
        }
    }
}

extension Verdict {
    package var word: String {
        switch self {
        case .accepted: "accepted"
        case .retry: "retry"
        case .paused: "paused"
        case .misanswered: "misanswered"
        }
    }
}

extension JSONWriter {
    fileprivate mutating func textOrNull(_ text: String?) {
        if let text { string(text) } else { null() }
    }
}
