package import Audiences
package import JSON

/// An event on its way to Mixpanel, with what `/import` wants of it
/// (docs.mixpanel.com/reference/import-events).
package struct ImportedEvent: Sendable {
    /// What was not there and was filled in.
    package struct Filled: OptionSet, Sendable, Hashable {
        package let rawValue: UInt8

        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// `properties.time`: the moment it was read.
        package static let time = Filled(rawValue: 1)
        /// `properties.$insert_id`: derived from the event.
        package static let insertID = Filled(rawValue: 2)
    }

    /// As it is sent.
    let json: [UInt8]
    package let insertID: String
    package let filled: Filled

    /// Reads an event in Mixpanel's form: `{"event":…,"properties":{…}}`.
    ///
    /// Mixpanel takes events with the same name, time, distinct id and `$insert_id` for one. A
    /// missing `$insert_id` is derived from all the rest, so that an event that is sent again is
    /// not counted again. A missing `time` is `now`: then nobody can tell a repetition from
    /// another event, and `place` keeps the events of one call apart.
    ///
    /// - Parameters:
    ///   - value: as somebody wrote it.
    ///   - place: its place in the call.
    ///   - now: the time.
    ///   - digest: SHA-256 in hexadecimal (``Secrets/digest(of:)``).
    /// - Throws: ``RecordRefusal``, naming the field; what `digest` throws.
    package init(
        _ value: JSONValue, at place: Int, now: Timestamp,
        digest: ([UInt8]) throws -> String
    ) throws {
        guard let object = value.object else {
            throw RecordRefusal("event", "must be a member of an object.")
        }
        guard let name = object["event"]?.string, !name.isEmpty else {
            throw RecordRefusal("event", "must be a text.")
        }
        let written = object["properties"] ?? .object(JSONObject([]))
        guard var properties = written.object?.members else {
            throw RecordRefusal("properties", "must be an object.")
        }
        for member in object.members where !["event", "properties"].contains(member.key) {
            throw RecordRefusal(member.key, "is nothing an event has: it belongs into properties.")
        }
        var filled: Filled = []
        var salt = ""
        // Before the others, as Mixpanel shows them.
        if Self.isMissing("time", in: properties) {
            properties.removeAll { $0.key.utf8.elementsEqual("time".utf8) }
            properties.insert(("time", .number("\(now.milliseconds)")), at: 0)
            filled.insert(.time)
            salt = "#\(place)"
        }
        var insertID = ""
        if Self.isMissing("$insert_id", in: properties) {
            properties.removeAll { $0.key.utf8.elementsEqual("$insert_id".utf8) }
            let whole = Self.json(name, properties) + Array(salt.utf8)
            insertID = String(try digest(whole).prefix(Self.insertIDBytes))
            properties.append(("$insert_id", .string(insertID)))
            filled.insert(.insertID)
        } else if case .string(let text) = JSONObject(properties)["$insert_id"] {
            insertID = text
        }
        self.filled = filled
        self.insertID = insertID
        json = Self.json(name, properties)
        guard json.count <= MixpanelLimits.eventBytesMax else {
            throw RecordRefusal("properties", "must be smaller: Mixpanel takes 1 MB an event.")
        }
    }

    /// Mixpanel takes 36 letters and digits at most.
    private static let insertIDBytes = 32

    private static func isMissing(
        _ name: String, in properties: [(key: String, value: JSONValue)]
    ) -> Bool {
        JSONObject(properties)[name]?.isNull ?? true
    }

    private static func json(
        _ name: String, _ properties: [(key: String, value: JSONValue)]
    ) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("event")
        json.string(name)
        json.key("properties")
        json.value(.object(JSONObject(properties)))
        json.endObject()
        return json.bytes
    }
}
