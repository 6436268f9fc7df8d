package import JSON

/// One change of one person's profile (docs.mixpanel.com/reference/profile-batch-update).
package struct ProfileUpdate: Sendable {
    package let distinctID: String
    package let operation: Operation

    /// What Mixpanel does to profiles; `$set` makes the profile if there is none.
    package enum Operation: Sendable {
        case set(JSONObject)
        case setOnce(JSONObject)
        case add(JSONObject)
        case append(JSONObject)
        case union(JSONObject)
        case remove(JSONObject)
        case unset([String])
        /// Takes the whole profile away, for ever.
        ///
        /// `ignoresAlias`: only the profile of this very id, not the one it is an alias of.
        case delete(ignoresAlias: Bool = false)
    }

    package init(_ distinctID: String, _ operation: Operation) {
        self.distinctID = distinctID
        self.operation = operation
    }

    /// The changes that an object in Mixpanel's form asks for, one for each operation in it:
    /// `{"$distinct_id":…,"$set":{…},"$unset":[…]}`.
    ///
    /// - Parameters:
    ///   - object: as somebody wrote it. `$token` and `$ip` are ours to say, and passed over.
    ///   - distinctID: whom a path names; without it the object must.
    /// - Returns: at least one.
    /// - Throws: ``RecordRefusal``, naming the field.
    package static func read(
        _ object: JSONObject, of distinctID: String? = nil
    ) throws(RecordRefusal) -> [ProfileUpdate] {
        let id = try Self.distinctID(object, distinctID)
        var updates: [ProfileUpdate] = []
        for member in object.members {
            guard let operation = try operation(member.key, member.value, in: object) else {
                continue
            }
            updates.append(ProfileUpdate(id, operation))
        }
        guard !updates.isEmpty else {
            throw RecordRefusal("$set", "must be there, or another operation of Mixpanel's.")
        }
        return updates
    }

    private static func distinctID(
        _ object: JSONObject, _ named: String?
    ) throws(RecordRefusal) -> String {
        let written: String? =
            switch object["$distinct_id"] {
            case .string(let text): text
            case .number(let text): text
            default: nil
            }
        if let named {
            guard written.map({ $0.utf8.elementsEqual(named.utf8) }) ?? true else {
                throw RecordRefusal("$distinct_id", "must be that of the path, or left out.")
            }
            return named
        }
        guard let written, !written.isEmpty else {
            throw RecordRefusal("$distinct_id", "must be a text.")
        }
        return written
    }

    /// `nil` for what is no operation but ours to say.
    private static func operation(
        _ key: String, _ value: JSONValue, in object: JSONObject
    ) throws(RecordRefusal) -> Operation? {
        switch key {
        case "$distinct_id", "$token", "$ip", "$ignore_alias": return nil
        case "$set": return .set(try values(key, value))
        case "$set_once": return .setOnce(try values(key, value))
        case "$add": return .add(try values(key, value))
        case "$append": return .append(try values(key, value))
        case "$union": return .union(try values(key, value))
        case "$remove": return .remove(try values(key, value))
        case "$delete": return .delete(ignoresAlias: object["$ignore_alias"]?.bool ?? false)
        case "$unset":
            guard let names = value.array?.map(\.string), !names.contains(nil) else {
                throw RecordRefusal(key, "must be a list of names.")
            }
            return .unset(names.compactMap(\.self))
        default: throw RecordRefusal(key, "is no operation of Mixpanel's on profiles.")
        }
    }

    private static func values(
        _ key: String, _ value: JSONValue
    ) throws(RecordRefusal) -> JSONObject {
        guard let object = value.object else { throw RecordRefusal(key, "must be an object.") }
        return object
    }

    /// As it is sent.
    func json(token: ProjectToken) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("$token")
        json.string(token.text)
        json.key("$distinct_id")
        json.string(distinctID)
        // Ours is not the person's address, and they shall not move to where it is.
        json.key("$ip")
        json.string("0")
        switch operation {
        case .set(let values): json.operation("$set", values)
        case .setOnce(let values): json.operation("$set_once", values)
        case .add(let values): json.operation("$add", values)
        case .append(let values): json.operation("$append", values)
        case .union(let values): json.operation("$union", values)
        case .remove(let values): json.operation("$remove", values)
        case .unset(let names):
            json.key("$unset")
            json.value(.array(names.map { .string($0) }))
        case .delete(let ignoresAlias):
            json.key("$delete")
            json.string("")
            if ignoresAlias {
                json.key("$ignore_alias")
                json.bool(true)
            }
        }
        json.endObject()
        return json.bytes
    }
}

extension JSONWriter {
    fileprivate mutating func operation(_ name: StaticString, _ values: JSONObject) {
        key(name)
        value(.object(values))
    }
}

/// Why a record can't be sent to Mixpanel: a field, and what is wrong with it.
package struct RecordRefusal: Error, Sendable, Hashable {
    package let field: String
    /// The rest of a sentence that begins with the field.
    package let problem: String

    package init(_ field: String, _ problem: String) {
        self.field = field
        self.problem = problem
    }

    package var message: String { "\"\(field)\" \(problem)" }
}
