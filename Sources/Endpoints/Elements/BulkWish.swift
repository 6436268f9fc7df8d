import Audiences
import JSON
import Mixpanel

/// A download as a caller asks for it.
struct BulkWish {
    var object: ElementObject
    /// To be shown.
    var text: String
    /// In CEQL.
    var condition: String?
    var from: String?
    var to: String?
    var limit: Int?
    var format = BulkJob.Format.lines

    /// Of the body of `POST /bulk/download`.
    static let keys = ["objectName", "format", "where", "query", "from", "to", "limit"]

    /// - Throws: `invalid`, naming what can't be done.
    func criteria(
        droppingNulls dropsNulls: Bool, at now: Timestamp
    ) throws -> BulkJob.Criteria {
        var criteria = BulkJob.Criteria(
            text: text, expression: try condition.map { try CEQL($0).expression() },
            limit: limit, dropsNulls: dropsNulls, format: format)
        switch object {
        case .activities:
            guard let from = try Self.moment("from", from) else {
                throw Failure(
                    .invalid, "from must be given for activities, as in 2026-01-31T00:00:00Z.")
            }
            let end = try Self.moment("to", to) ?? now
            guard from < end else { throw Failure(.invalid, "from must be before to.") }
            (criteria.from, criteria.to) = (from, end)
        case .users:
            guard from == nil, to == nil else {
                throw Failure(.invalid, "from and to are for activities: people have no time.")
            }
        }
        return criteria
    }

    /// RFC 3339 with any offset, or a day.
    private static func moment(_ name: String, _ text: String?) throws(Failure) -> Timestamp? {
        guard let text, !text.isEmpty else { return nil }
        guard let moment = Timestamp(rfc3339: text) ?? Timestamp(rfc3339: text + "T00:00:00Z")
        else {
            throw Failure(
                .invalid, "\(name) must be an ISO 8601 time such as 2026-01-31T08:57:52Z.")
        }
        return moment
    }
}

extension BulkWish {
    /// - Throws: `invalid`, naming what is wrong.
    init(_ body: JSONObject) throws(Failure) {
        guard let name = try body.text("objectName", "a text"),
            let object = ElementObject(rawValue: name)
        else { throw Failure(.invalid, "objectName must be users or activities.") }
        condition = try body.text("where", "a text")
        if let text = try body.text("query", "a text") {
            let query = try BulkQuery(text)
            guard query.object == object, condition == nil || query.condition == nil else {
                throw Failure(.invalid, "query and objectName, or where, say different things.")
            }
            condition = condition ?? query.condition
        }
        if let value = body["limit"], !value.isNull {
            guard let number = value.int, number >= 1 else {
                throw Failure(.invalid, "limit must be a number from 1 on.")
            }
            limit = number
        }
        self.object = object
        text = "select * from \(name)" + (condition.map { " where \($0)" } ?? "")
        from = try body.text("from", "a text")
        to = try body.text("to", "a text")
        format = try Self.format(try body.text("format", "a text"))
    }

    private static func format(_ name: String?) throws(Failure) -> BulkJob.Format {
        switch name {
        // The original calls lines JSON.
        case nil, "application/jsonl", "application/json", "jsonl", "json": .lines
        case "text/csv", "csv": .csv
        default: throw Failure(.invalid, "format must be application/jsonl or text/csv.")
        }
    }
}
