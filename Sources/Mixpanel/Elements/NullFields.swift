internal import JSON

/// Leaves out the members of objects that are null (`filter.response.nulls`).
package enum NullFields {
    /// - Parameter record: one JSON value.
    /// - Returns: it, as it was unless there is a null to drop.
    package static func dropped(from record: [UInt8]) -> [UInt8] {
        guard mayHaveNull(record), let value = try? JSONValue(parsing: record) else {
            return record
        }
        var json = JSONWriter(reservingCapacity: record.count)
        json.value(dropped(from: value))
        return json.bytes
    }

    /// As deep as the value is, the calls go: no deeper than ``JSONValue/depthLevelsMax``.
    private static func dropped(from value: JSONValue) -> JSONValue {
        switch value {
        case .object(let object):
            let kept = object.members.filter { !$0.value.isNull }
            return .object(JSONObject(kept.map { ($0.key, dropped(from: $0.value)) }))
        case .array(let elements): return .array(elements.map { dropped(from: $0) })
        default: return value
        }
    }

    private static func mayHaveNull(_ record: [UInt8]) -> Bool {
        let word = Array("null".utf8)
        var start = record.startIndex
        while let place = record[start...].firstIndex(of: word[0]) {
            if record[place...].starts(with: word) { return true }
            start = place + 1
        }
        return false
    }
}
