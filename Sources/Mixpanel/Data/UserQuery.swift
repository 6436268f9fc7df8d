internal import JSON

/// One page of a project's people, as Mixpanel's Query API is asked for it (engage).
package struct UserQuery: Sendable, Hashable {
    /// In Mixpanel's expression language (docs.mixpanel.com/reference/segmentation-expressions);
    /// `nil` for everybody.
    package var expression: String?
    /// Only these, of whom Mixpanel takes 2000 at most; empty for everybody.
    package var distinctIDs: [String]
    /// The properties that are told; empty for all.
    package var properties: [String]
    /// From 0.
    package var page: Int
    /// What page 0 was answered with, and every later page must bring along.
    package var sessionID: String?

    package init(
        expression: String? = nil, distinctIDs: [String] = [], properties: [String] = [],
        page: Int = 0, sessionID: String? = nil
    ) {
        self.expression = expression
        self.distinctIDs = distinctIDs
        self.properties = properties
        self.page = page
        self.sessionID = sessionID
    }

    /// The fields of the body.
    var form: [(name: String, value: [UInt8])] {
        var form: [(name: String, value: [UInt8])] = []
        if let expression { form.append(("where", Array(expression.utf8))) }
        if !distinctIDs.isEmpty { form.append(("distinct_ids", Self.list(distinctIDs))) }
        if !properties.isEmpty { form.append(("output_properties", Self.list(properties))) }
        form.append(("page", Array("\(page)".utf8)))
        if let sessionID { form.append(("session_id", Array(sessionID.utf8))) }
        return form
    }

    private static func list(_ texts: [String]) -> [UInt8] {
        var json = JSONWriter()
        json.beginArray()
        for text in texts { json.string(text) }
        json.endArray()
        return json.bytes
    }
}
