internal import Audiences
internal import JSON

extension SimulatedMixpanel {
    /// `/import`, strict or not: the good events are stored, and a 400 tells of the others.
    mutating func importEvents(
        _ request: SimulatedRequest, into place: Int, at now: Timestamp
    ) -> SimulatedAnswer {
        guard request.body.count <= Self.importBytesMax else {
            return .failure(
                413, "request exceeds max limit of \(Self.importBytesMax) bytes", to: request,
                of: .importEvents)
        }
        guard let events = (try? JSONValue(parsing: request.body))?.array,
            events.count <= Self.importRecordsMax
        else { return .failure(400, "invalid JSON", to: request, of: .importEvents) }
        let isStrict = request.queryField("strict") == "1"
        var good: [SimulatedEvents.Imported] = []
        var failed: [(index: Int, problem: EventProblem)] = []
        for (index, event) in events.enumerated() {
            switch SimulatedEvents.Imported.read(event, at: now) {
            case .success(let event): good.append(event)
            case .failure(let problem): failed.append((index, problem))
            }
        }
        world.projects[place].events.store(good)
        return Self.answer(good.count, isStrict ? failed : [])
    }

    static let importBytesMax = 2_097_152
    static let importRecordsMax = 2000

    private static func answer(
        _ count: Int, _ failed: [(index: Int, problem: EventProblem)]
    ) -> SimulatedAnswer {
        var json = JSONWriter()
        json.beginObject()
        json.key("code")
        json.int(failed.isEmpty ? 200 : 400)
        if !failed.isEmpty {
            json.key("error")
            json.string("some data points in the request failed validation")
            json.key("failed_records")
            json.beginArray()
            for (index, problem) in failed {
                json.beginObject()
                json.key("index")
                json.int(index)
                json.key("$insert_id")
                json.string(problem.insertID)
                json.key("field")
                json.string(problem.field)
                json.key("message")
                json.string(problem.message)
                json.endObject()
            }
            json.endArray()
        }
        json.key("num_records_imported")
        json.int(count)
        json.key("status")
        json.string(failed.isEmpty ? "OK" : "Bad Request")
        json.endObject()
        return .json(failed.isEmpty ? 200 : 400, json.bytes)
    }

    /// `/engage` of the ingestion API: 200 whatever it thinks of the updates, `1` for a token of no
    /// project as well.
    mutating func update(
        _ request: SimulatedRequest, in region: MixpanelRegion
    ) -> SimulatedAnswer {
        guard let records = (try? JSONValue(parsing: request.body))?.array else {
            return Self.verdict("invalid JSON", request)
        }
        guard records.count <= Self.importRecordsMax else {
            return .failure(413, "too many updates", to: request, of: .importEvents)
        }
        // All or none of a call.
        var projects = world.projects
        for record in records {
            guard let object = record.object else {
                return Self.verdict("an update must be an object", request)
            }
            let token = object["$token"]?.string ?? ""
            let place = projects.firstIndex {
                $0.region == region && ($0.token ?? "").utf8.elementsEqual(token.utf8)
            }
            var nowhere = SimulatedProfiles()
            let problem =
                place.map { projects[$0].profiles.update(object) } ?? nowhere.update(object)
            if let problem { return Self.verdict(problem, request) }
        }
        world.projects = projects
        return Self.verdict(nil, request)
    }

    private static func verdict(
        _ problem: String?, _ request: SimulatedRequest
    ) -> SimulatedAnswer {
        guard request.queryField("verbose") == "1" else {
            return SimulatedAnswer(
                status: 200, contentType: "text/plain",
                body: Array((problem == nil ? "1" : "0").utf8))
        }
        var json = JSONWriter()
        json.beginObject()
        json.key("error")
        if let problem { json.string(problem) } else { json.null() }
        json.key("status")
        json.int(problem == nil ? 1 : 0)
        json.endObject()
        return .json(200, json.bytes)
    }
}

/// Why an event is not imported.
struct EventProblem: Error {
    var insertID = ""
    let field: String
    let message: String
}

extension SimulatedEvents.Imported {
    /// What `/import` checks of an event (docs.mixpanel.com/reference/import-events).
    static func read(
        _ value: JSONValue, at now: Timestamp
    ) -> Result<SimulatedEvents.Imported, EventProblem> {
        guard let object = value.object, let name = object["event"]?.string, !name.isEmpty else {
            return .failure(EventProblem(field: "event", message: "'event' must be a string"))
        }
        let properties = object["properties"]?.object ?? JSONObject([])
        let insertID = properties["$insert_id"]?.string ?? ""
        func failure(
            _ field: String, _ why: String
        ) -> Result<SimulatedEvents.Imported, EventProblem> {
            .failure(
                EventProblem(
                    insertID: insertID, field: "properties.\(field)",
                    message: "'properties.\(field)' is invalid: \(why)"))
        }
        guard case .number(let text) = properties["time"], let time = Double(text) else {
            return failure("time", "must be specified as seconds since epoch")
        }
        // From 1973 on, milliseconds are more than any seconds of our time.
        let seconds = time > 99_999_999_999 ? time / 1000 : time
        guard seconds >= 31_536_000 else { return failure("time", "must be after 1971") }
        guard seconds <= Double(now.milliseconds) / 1000 + 3600 else {
            return failure("time", "must not be in the future")
        }
        guard let id = properties["distinct_id"], isGood(id) else {
            return failure("distinct_id", "must not be missing")
        }
        let isPlain = insertID.utf8.allSatisfy { byte in
            byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte)
                || (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte)
        }
        guard (1...36).contains(insertID.utf8.count), isPlain else {
            return failure("$insert_id", "must be 1 to 36 letters, digits or hyphens")
        }
        guard properties.members.count < 255 else {
            return failure("", "must have fewer than 255 properties")
        }
        return .success(Self(name: name, seconds: seconds, json: object))
    }

    /// Mixpanel takes an empty id, and none that stands for nobody.
    private static func isGood(_ id: JSONValue) -> Bool {
        switch id {
        case .string(let text): text.isEmpty || !JunkIdentifiers.contain(text)
        case .number: true
        case .null, .bool, .array, .object: false
        }
    }
}
