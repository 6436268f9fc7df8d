internal import Audiences
internal import JSON

extension SimulatedMixpanel {
    /// `/api/query/events/top`, of all events there are; their change is always the same.
    func top(_ request: SimulatedRequest, _ project: SimulatedProject) -> SimulatedAnswer {
        let kind = request.queryField("type") ?? "general"
        guard TopEventsKind(rawValue: kind) != nil else {
            return .failure(400, "type must be general, unique or average", to: request)
        }
        var counts: [[UInt8]: Int] = [:]
        for event in project.events.imported { counts[Array(event.name.utf8), default: 0] += 1 }
        for events in project.events.invented {
            for number in 0..<min(events.count, SimulatedEvents.names.count) {
                let (whole, rest) = events.count.quotientAndRemainder(
                    dividingBy: SimulatedEvents.names.count)
                counts[Array(events.name(of: number).utf8), default: 0] +=
                    whole + (number < rest ? 1 : 0)
            }
        }
        let limit = Int(plainDecimal: (request.queryField("limit") ?? "100").utf8) ?? 100
        let sorted = counts.sorted {
            $0.value == $1.value
                ? $0.key.lexicographicallyPrecedes($1.key) : $0.value > $1.value
        }
        var json = JSONWriter()
        json.beginObject()
        json.key("events")
        json.beginArray()
        for (name, count) in sorted.prefix(max(0, limit)) {
            json.beginObject()
            json.key("amount")
            json.int(count)
            json.key("event")
            json.string(utf8: name)
            json.key("percent_change")
            json.rawNumber("-0.35635745999582824")
            json.endObject()
        }
        json.endArray()
        json.key("type")
        json.string(kind)
        json.endObject()
        return .json(200, json.bytes)
    }

    /// `/api/2.0/export`: lines, made while they are sent.
    func export(
        _ request: SimulatedRequest, _ project: SimulatedProject, at now: Timestamp
    ) -> SimulatedAnswer {
        func refused(_ why: String) -> SimulatedAnswer {
            .failure(400, why, to: request, of: .export)
        }
        guard let from = request.queryField("from_date").flatMap(Self.day),
            let to = request.queryField("to_date").flatMap(Self.day), from <= to
        else { return refused("from_date and to_date must be days") }
        guard to <= now else { return refused("to_date cannot be later than today") }
        let end = Timestamp(milliseconds: to.milliseconds + Self.dayMilliseconds)
        var names: Set<[UInt8]>?
        if let list = request.queryField("event") {
            guard let texts = (try? JSONValue(parsing: Array(list.utf8)))?.array else {
                return refused("event must be a JSON array")
            }
            names = Set(texts.compactMap(\.string).map { Array($0.utf8) })
        }
        var expression: SimulatedExpression?
        if let text = request.queryField("where") {
            expression = SimulatedExpression(text)
            guard expression != nil else { return refused("Unable to parse expression") }
        }
        let choice = SimulatedLines.Choice(
            range: from..<end, names: names, expression: expression)
        var answer = SimulatedAnswer(status: 200, contentType: "text/plain", body: [])
        answer.stream = SimulatedLines.stream(of: project.events, choice)
        return answer
    }

    static let dayMilliseconds: Int64 = 86_400_000

    static func day(_ text: String) -> Timestamp? {
        text.utf8.count == 10 ? Timestamp(rfc3339: text + "T00:00:00Z") : nil
    }
}
