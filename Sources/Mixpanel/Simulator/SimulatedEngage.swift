internal import JSON

/// The people that engage lists, as they were when page 0 was asked for.
struct EngageSession: Sendable {
    /// What was asked for, to tell a page of something else.
    let filter: String
    let people: [Somebody]

    enum Somebody: Sendable {
        case invented(UInt32)
        case written([UInt8])
    }
}

/// What engage is asked for.
struct SimulatedEngage {
    /// `nil` for everybody in the project.
    let cohort: String?
    let expression: SimulatedExpression?
    /// `nil` for everybody.
    let distinctIDs: Set<[UInt8]>?
    /// `nil` for all.
    let properties: [String]?
    let page: Int
    let sessionID: String?
    let includesAllUsers: Bool
    let filter: String

    /// `nil` if a field is malformed.
    init?(_ request: SimulatedRequest) {
        let fields = ["filter_by_cohort", "where", "distinct_ids"].map(request.formField)
        filter = fields.map { $0 ?? "" }.joined(separator: "\n")
        cohort = fields[0].flatMap { filter in
            switch try? JSONValue(parsing: Array(filter.utf8)).object?["id"] {
            case .number(let text), .string(let text): text
            default: nil
            }
        }
        expression = fields[1].flatMap(SimulatedExpression.init)
        distinctIDs = fields[2].flatMap(Self.texts).map { Set($0.map { Array($0.utf8) }) }
        let isUnderstood =
            (cohort == nil) == (fields[0] == nil) && (expression == nil) == (fields[1] == nil)
            && (distinctIDs == nil) == (fields[2] == nil)
        guard isUnderstood else { return nil }
        let page = Int(plainDecimal: (request.formField("page") ?? "0").utf8)
        guard let page, page >= 0 else { return nil }
        self.page = page
        sessionID = request.formField("session_id")
        includesAllUsers = request.formField("include_all_users") != "false"
        let list = request.formField("output_properties")
        properties = list.flatMap(Self.texts)
        guard (properties == nil) == (list == nil) else { return nil }
    }

    private static func texts(_ list: String) -> [String]? {
        (try? JSONValue(parsing: Array(list.utf8)))?.array?.compactMap(\.string)
    }
}

extension SimulatedMixpanel {
    mutating func engage(
        _ request: SimulatedRequest, _ project: SimulatedProject
    ) -> SimulatedAnswer {
        guard let query = SimulatedEngage(request) else {
            return .failure(400, "malformed fields", to: request)
        }
        var sessionID = query.sessionID ?? ""
        if query.page == 0 {
            guard let people = people(query, of: project) else {
                return .failure(404, "no such cohort", to: request)
            }
            sessionID = String(decoding: random.uuid(), as: UTF8.self)
            if sessions.count >= SimulatorLimits.engageSessionsMax { sessions.removeAll() }
            sessions[sessionID] = EngageSession(filter: query.filter, people: people)
        }
        guard let session = sessions[sessionID],
            session.filter.utf8.elementsEqual(query.filter.utf8)
        else {
            return .failure(400, "page needs the session_id of page 0", to: request)
        }
        return answer(query, session, id: sessionID, about: project)
    }

    /// Whom a query means; `nil` if there is no such cohort.
    private func people(
        _ query: SimulatedEngage, of project: SimulatedProject
    ) -> [EngageSession.Somebody]? {
        if let id = query.cohort {
            guard let cohort = world.cohort(id),
                cohort.name.projectID.utf8.elementsEqual(project.id.utf8)
            else { return nil }
            let people = query.includesAllUsers ? cohort.members : cohort.exported
            return people.map { .invented($0) }
        }
        var invented: Set<[UInt8]> = []
        var people: [EngageSession.Somebody] = []
        for number in world.people(of: project) {
            let person = world.person(number)
            if project.profiles[person.distinctID] != nil { invented.insert(person.distinctID) }
            people.append(.invented(number))
        }
        people += project.profiles.ids.filter { !invented.contains($0) }.map { .written($0) }
        return people.filter { somebody in
            guard let profile = profile(of: somebody, in: project) else { return false }
            return (query.distinctIDs?.contains(profile.id) ?? true)
                && (query.expression?.matches(profile.properties) ?? true)
        }
    }

    /// `nil` for whoever has none.
    private func profile(
        of somebody: EngageSession.Somebody, in project: SimulatedProject
    ) -> (id: [UInt8], properties: JSONObject)? {
        var properties: [(key: String, value: JSONValue)] = []
        let id: [UInt8]
        switch somebody {
        case .written(let written): id = written
        case .invented(let number):
            let person = world.person(number)
            id = person.distinctID
            if project.profiles[id]?.hidesInvented != true { properties = person.properties }
        }
        guard let written = project.profiles[id] else { return (id, JSONObject(properties)) }
        guard !written.isDeleted else { return nil }
        for (key, value) in written.properties {
            properties.removeAll { $0.key.utf8.elementsEqual(key.utf8) }
            if !value.isNull { properties.append((key, value)) }
        }
        return (id, JSONObject(properties))
    }

    private func answer(
        _ query: SimulatedEngage, _ session: EngageSession, id: String,
        about project: SimulatedProject
    ) -> SimulatedAnswer {
        let (start, isBeyond) = query.page.multipliedReportingOverflow(by: settings.pageSize)
        let people = isBeyond ? [] : session.people.dropFirst(start).prefix(settings.pageSize)
        var json = JSONWriter()
        json.beginObject()
        json.key("page")
        json.int(query.page)
        json.key("page_size")
        json.int(settings.pageSize)
        json.key("session_id")
        json.string(id)
        json.key("status")
        json.string("ok")
        json.key("total")
        json.int(session.people.count)
        json.key("results")
        json.beginArray()
        for somebody in people {
            guard let profile = profile(of: somebody, in: project) else { continue }
            json.beginObject()
            json.key("$distinct_id")
            json.string(utf8: profile.id)
            json.key("$properties")
            let wanted = query.properties.map { names in
                JSONObject(
                    names.compactMap { name in profile.properties[name].map { (name, $0) } })
            }
            json.value(.object(wanted ?? profile.properties))
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return .json(200, json.bytes)
    }
}
