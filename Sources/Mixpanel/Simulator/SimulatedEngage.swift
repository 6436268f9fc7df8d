internal import JSON

/// The people that engage lists, as they were when page 0 was asked for.
struct EngageSession: Sendable {
    let cohort: String
    let people: [UInt32]
}

/// What engage is asked for.
struct SimulatedEngage {
    let cohort: String
    let properties: [String]
    let page: Int
    let sessionID: String?
    let includesAllUsers: Bool

    /// `nil` if a field is malformed.
    init?(_ request: SimulatedRequest) {
        guard let filter = request.formField("filter_by_cohort"),
            let id = try? JSONValue(parsing: Array(filter.utf8)).object?["id"]
        else { return nil }
        switch id {
        case .number(let text), .string(let text): cohort = text
        default: return nil
        }
        let page = Int(plainDecimal: (request.formField("page") ?? "0").utf8)
        guard let page, page >= 0 else { return nil }
        self.page = page
        sessionID = request.formField("session_id")
        includesAllUsers = request.formField("include_all_users") != "false"
        let list = request.formField("output_properties") ?? "[]"
        guard let list = try? JSONValue(parsing: Array(list.utf8)).array else { return nil }
        properties = list.compactMap(\.string)
    }

    func answer(
        _ session: EngageSession, id: String, pageSize: Int, in world: SimulatedWorld
    ) -> SimulatedAnswer {
        let (start, isBeyond) = page.multipliedReportingOverflow(by: pageSize)
        let people = isBeyond ? [] : session.people.dropFirst(start).prefix(pageSize)
        var json = JSONWriter()
        json.beginObject()
        json.key("page")
        json.int(page)
        json.key("page_size")
        json.int(pageSize)
        json.key("session_id")
        json.string(id)
        json.key("status")
        json.string("ok")
        json.key("total")
        json.int(session.people.count)
        json.key("results")
        json.beginArray()
        for number in people {
            world.person(number).writeResult(to: &json, properties: properties)
        }
        json.endArray()
        json.endObject()
        return .json(200, json.bytes)
    }
}
