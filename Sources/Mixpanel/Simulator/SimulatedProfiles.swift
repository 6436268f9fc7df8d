internal import JSON

/// What was written to the profiles of a project, over those of the people who were invented.
struct SimulatedProfiles: Sendable {
    /// A profile as it was written.
    struct Written: Sendable {
        var properties: [(key: String, value: JSONValue)] = []
        /// Whether nothing of an invented person shows any more, since it was deleted.
        var hidesInvented = false
        /// Whether there is no profile.
        var isDeleted = false
    }

    private var written: [[UInt8]: Written] = [:]
    /// The ids of ``written``, in the order they came.
    private(set) var ids: [[UInt8]] = []

    subscript(id: [UInt8]) -> Written? { written[id] }

    /// Does what an update says.
    ///
    /// - Returns: why not; `nil` if it was done.
    mutating func update(_ record: JSONObject) -> String? {
        let text: String? =
            switch record["$distinct_id"] {
            case .string(let text), .number(let text): text
            default: nil
            }
        guard let text, !text.isEmpty else { return "$distinct_id, missing or empty" }
        guard record["$token"]?.string?.isEmpty == false else { return "token, missing or empty" }
        let id = Array(text.utf8)
        guard written[id] != nil || ids.count < SimulatorLimits.profilesMax else {
            return "too many profiles for a simulator"
        }
        var profile = written[id] ?? Written()
        var isUpdate = false
        for member in record.members {
            guard let change = Change(member.key, member.value) else { continue }
            isUpdate = true
            profile.apply(change)
        }
        guard isUpdate else { return "no operation in the update" }
        if written.updateValue(profile, forKey: id) == nil { ids.append(id) }
        return nil
    }

    /// One operation.
    fileprivate enum Change {
        case values(String, JSONObject)
        case unset([String])
        case delete

        init?(_ key: String, _ value: JSONValue) {
            switch (key, value) {
            case ("$delete", _): self = .delete
            case ("$unset", .array(let names)): self = .unset(names.compactMap(\.string))
            case ("$set", .object(let values)), ("$set_once", .object(let values)),
                ("$add", .object(let values)), ("$append", .object(let values)),
                ("$union", .object(let values)), ("$remove", .object(let values)):
                self = .values(key, values)
            default: return nil
            }
        }
    }
}

extension SimulatedProfiles.Written {
    fileprivate mutating func apply(_ change: SimulatedProfiles.Change) {
        switch change {
        case .delete: self = Self(hidesInvented: true, isDeleted: true)
        case .unset(let names):
            // An unset property of an invented person is one that says null.
            for name in names { set(name, .null) }
        case .values(let operation, let values):
            isDeleted = false
            for member in values.members {
                let old = JSONObject(properties)[member.key]
                set(member.key, Self.value(operation, old, member.value))
            }
        }
    }

    private mutating func set(_ name: String, _ value: JSONValue?) {
        guard let value else { return }
        let index = properties.firstIndex { $0.key.utf8.elementsEqual(name.utf8) }
        if let index {
            properties[index].value = value
        } else {
            properties.append((name, value))
        }
    }

    /// What a property becomes; `nil` to stay as it is.
    private static func value(
        _ operation: String, _ old: JSONValue?, _ new: JSONValue
    ) -> JSONValue? {
        let list = old?.array ?? []
        switch operation {
        case "$set_once": return old == nil ? new : nil
        case "$add":
            guard let number = new.int else { return nil }
            return .int((old?.int ?? 0) &+ number)
        case "$append": return .array(list + [new])
        case "$union":
            let added = (new.array ?? []).filter { value in !list.contains { $0.isSame(as: value) }
            }
            return .array(list + added)
        case "$remove": return .array(list.filter { !$0.isSame(as: new) })
        default: return new
        }
    }
}
