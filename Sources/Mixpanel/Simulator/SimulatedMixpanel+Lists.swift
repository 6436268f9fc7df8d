internal import Audiences
internal import HTTPWire
internal import JSON

extension SimulatedMixpanel {
    /// `/api/app/me`: known only where the account has a project.
    func me(_ request: SimulatedRequest, in region: MixpanelRegion) -> SimulatedAnswer {
        guard case .account = caller(of: request) else {
            return .failure(401, "Invalid credentials", to: request)
        }
        guard !world.account.isExpired else {
            return .failure(401, "Service account has expired", to: request)
        }
        let isKnown = world.projects.isEmpty || world.projects.contains { $0.region == region }
        guard isKnown else { return .failure(401, "Invalid credentials", to: request) }
        guard world.account.listsProjects else {
            return .failure(403, "missing scope user_details", to: request)
        }
        var json = JSONWriter()
        json.beginObject()
        json.key("status")
        json.string("ok")
        json.key("results")
        json.beginObject()
        json.key("user_id")
        json.int(42)
        json.key("organizations")
        writeOrganizations(to: &json)
        json.key("projects")
        json.beginObject()
        for project in world.projects {
            json.key(utf8: project.id.utf8)
            write(project, to: &json)
        }
        json.endObject()
        json.endObject()
        json.endObject()
        return .json(200, json.bytes)
    }

    private func writeOrganizations(to json: inout JSONWriter) {
        json.beginObject()
        for (index, project) in world.projects.enumerated() {
            json.key(utf8: "\(100 + index)".utf8)
            json.beginObject()
            json.key("id")
            json.int(100 + index)
            json.key("name")
            json.string(project.organization)
            json.endObject()
        }
        json.endObject()
    }

    private func write(_ project: SimulatedProject, to json: inout JSONWriter) {
        let index = world.projects.firstIndex { $0.id.utf8.elementsEqual(project.id.utf8) } ?? 0
        json.beginObject()
        json.key("name")
        json.string(project.name)
        json.key("organization_id")
        json.int(100 + index)
        json.key("domain")
        json.string(project.region.domain)
        json.key("timezone")
        json.string("Europe/Berlin")
        json.key("type")
        json.string("PROJECT")
        json.key("role")
        json.string(project.role)
        json.key("permissions")
        json.beginArray()
        json.string("view_base_reports")
        json.endArray()
        json.endObject()
    }

    /// `/api/query/cohorts/list`; the ids are numbers here, and texts in the webhook.
    func cohorts(of project: SimulatedProject) -> SimulatedAnswer {
        var json = JSONWriter()
        json.beginArray()
        for cohort in world.cohorts
        where cohort.name.projectID.utf8.elementsEqual(project.id.utf8) {
            json.beginObject()
            json.key("id")
            json.numberOrText(cohort.name.cohortID)
            json.key("name")
            json.string(cohort.name.name)
            json.key("count")
            json.int(cohort.members.count)
            json.key("created")
            json.string("2026-01-31 08:57:52")
            json.key("is_visible")
            json.int(1)
            json.key("project_id")
            json.numberOrText(project.id)
            json.endObject()
        }
        json.endArray()
        return .json(200, json.bytes)
    }
}

extension MixpanelRegion {
    /// As `/me` writes it: empty for the US.
    fileprivate var domain: String {
        switch self {
        case .us: ""
        case .eu: "eu.mixpanel.com"
        case .india: "in.mixpanel.com"
        }
    }
}

extension JSONWriter {
    /// An id as Mixpanel's own lists have it: a number, if it can be one.
    fileprivate mutating func numberOrText(_ id: String) {
        if let number = Int(plainDecimal: id.utf8) { int(number) } else { string(id) }
    }
}

extension SimulatedAnswer {
    /// A refusal as the Query API has it: with the request in it, query string and all.
    ///
    /// The export host writes the reason as plain text, and `/import` in a form of its own.
    static func failure(
        _ status: Int, _ text: String, to request: SimulatedRequest,
        of call: SimulatedCall? = nil
    ) -> SimulatedAnswer {
        if call == .export {
            return SimulatedAnswer(
                status: status, contentType: "text/plain", body: Array(text.utf8))
        }
        var json = JSONWriter()
        if call == .importEvents {
            json.beginObject()
            json.key("code")
            json.int(status)
            json.key("error")
            json.string(text)
            json.key("status")
            json.string(status == 401 ? "Unauthorized" : "Error")
            json.endObject()
            return .json(status, json.bytes)
        }
        json.beginObject()
        json.key("request")
        let path = "/" + request.target.segments.dropFirst().joined(separator: "/")
        json.string(path + (request.target.rawQuery.map { "?" + $0 } ?? ""))
        json.key("error")
        json.string(text)
        json.key("status")
        json.string("error")
        json.endObject()
        return .json(status, json.bytes)
    }
}
