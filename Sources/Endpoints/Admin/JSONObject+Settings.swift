import Audiences
import JSON

// Reading one setting of a body. A key that is missing is `nil`; where null takes a setting away,
// it is `.some(nil)`.

extension JSONObject {
    /// One of a few words; null is as good as missing.
    func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, _ kind: Choice.Type
    ) throws(Failure) -> Choice? where Choice.RawValue == String {
        guard let value = self[key], !value.isNull else { return nil }
        guard let choice = value.string.flatMap(Choice.init(rawValue:)) else {
            let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw Failure(.invalid, "\(key) must be one of \(words).")
        }
        return choice
    }

    /// A whole number; null takes it away.
    func count(_ key: String, in range: ClosedRange<Int>) throws(Failure) -> Int?? {
        guard let value = self[key] else { return nil }
        if value.isNull { return .some(nil) }
        guard let count = value.whole, range.contains(count) else {
            throw Failure(
                .invalid,
                "\(key) must be a whole number from \(range.lowerBound) to \(range.upperBound), "
                    + "or null.")
        }
        return count
    }

    /// A text for people; null takes it away.
    func words(_ key: String, bytesMax: Int) throws(Failure) -> String?? {
        guard let value = self[key] else { return nil }
        if value.isNull { return .some(nil) }
        guard let text = value.string, (1...bytesMax).contains(text.utf8.count) else {
            throw Failure(.invalid, "\(key) must be a text of 1 to \(bytesMax) bytes, or null.")
        }
        return text
    }

    /// A moment; null takes it away.
    func time(_ key: String) throws(Failure) -> Timestamp?? {
        guard let value = self[key] else { return nil }
        if value.isNull { return .some(nil) }
        guard let time = value.string.flatMap(Timestamp.init(rfc3339:)) else {
            throw Failure(
                .invalid,
                "\(key) must be an RFC 3339 time such as 2026-01-31T08:57:52Z, or null.")
        }
        return time
    }

    /// An id that Muster made; null is as good as missing.
    func id<ID: MadeIdentifier>(
        _ key: String, _ kind: ID.Type, _ noun: String
    ) throws(Failure) -> ID? {
        guard let value = self[key], !value.isNull else { return nil }
        guard let id = value.string.flatMap(ID.init(_:)) else {
            throw Failure(.invalid, "\(key) must be the id of \(noun).")
        }
        return id
    }

    /// An id that somebody else chose, as text or number; null or empty is as good as missing.
    func externalID(_ key: String) throws(Failure) -> ExternalID? {
        let text: String
        switch self[key] {
        case nil, .null, .string(""): return nil
        // An app whose user ids are numbers need not make texts of them.
        case .string(let written), .number(let written): text = written
        default: throw Failure(.invalid, "\(key) must be a text or a number.")
        }
        guard let id = ExternalID(text) else {
            throw Failure(
                .invalid, "\(key) must be 1 to \(Limits.externalIDBytesMax) bytes without NUL.")
        }
        return id
    }
}

extension JSONValue {
    /// A whole number; 60.0 is one, too, to those who write all their numbers so.
    var whole: Int? {
        guard case .number(let written) = self, let number = Double(written) else { return nil }
        return Int(exactly: number)
    }
}
