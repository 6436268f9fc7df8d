import Audiences
import HTTPWire
import JSON
import Routing

extension Request {
    /// The value of a query parameter; `nil` if it is missing.
    ///
    /// Throws `invalid` if it is there twice or badly escaped.
    func query(_ name: String) throws(Failure) -> String? {
        do {
            return try head.target.value(name)
        } catch {
            throw Failure(.invalid, "The query parameter \(name) is given twice or badly escaped.")
        }
    }

    /// Which part of a list is wanted: `limit` and `after`, which may be empty.
    func listRange() throws(Failure) -> ListRange {
        let after = try query("after").flatMap { $0.isEmpty ? nil : Cursor($0) }
        return ListRange(after: after, limit: try listLimit())
    }

    /// How many items of a list are wanted.
    func listLimit() throws(Failure) -> Int {
        guard let text = try query("limit") else { return Limits.listItemsDefault }
        guard let limit = Int(plainDecimal: text.utf8), (1...Limits.listItemsMax).contains(limit)
        else {
            throw Failure(.invalid, "limit must be a number from 1 to \(Limits.listItemsMax).")
        }
        return limit
    }

    /// `true` or `false`; false if it is missing.
    func flag(_ name: String) throws(Failure) -> Bool {
        switch try query(name) {
        case nil, "false": return false
        case "true": return true
        default: throw Failure(.invalid, "\(name) must be true or false.")
        }
    }

    /// A moment in the query; `nil` if it is missing or empty.
    func time(_ name: String) throws(Failure) -> Timestamp? {
        guard let text = try query(name), !text.isEmpty else { return nil }
        guard let time = Timestamp(rfc3339: text) else {
            throw Failure(
                .invalid, "\(name) must be an RFC 3339 time such as 2026-01-31T08:57:52Z.")
        }
        return time
    }

    /// The id of an audience in the query; `nil` if it is missing or empty.
    func audience(_ name: String) throws(Failure) -> AudienceID? {
        guard let text = try query(name), !text.isEmpty else { return nil }
        guard let id = AudienceID(text) else {
            throw Failure(.invalid, "\(name) is not the id of an audience.")
        }
        return id
    }

    /// An external id in the query; `nil` if it is missing or empty.
    func externalID(_ name: String) throws(Failure) -> ExternalID? {
        guard let text = try query(name), !text.isEmpty else { return nil }
        guard let id = ExternalID(text) else {
            throw Failure(
                .invalid, "\(name) must be 1 to \(Limits.externalIDBytesMax) bytes without NUL.")
        }
        return id
    }

    /// The audience named in the path.
    func audienceID() throws(Failure) -> AudienceID {
        guard let id = AudienceID(parameters["audience"]) else { throw .noSuchAudience }
        return id
    }

    /// The connection named in the path.
    func connectionID() throws(Failure) -> ConnectionID {
        guard let id = ConnectionID(parameters["connection"]) else { throw .noSuchConnection }
        return id
    }

    /// The body as a JSON object with no other keys than `keys`.
    ///
    /// A key that nobody reads is an error, not ignored: it would be a wish that is silently not
    /// fulfilled.
    func object(_ limits: EndpointLimits, keys: [String]) async throws -> JSONObject {
        try JSONObject(
            reading: try await collectBody(limits.apiBody, inflate: limits.inflate), keys: keys)
    }
}

extension JSONValue {
    /// Reads a body, whatever JSON it is.
    init(reading body: BodyBuffer) throws(Failure) {
        do throws(JSONError) {
            self = try body.withUnsafeBytes { bytes in
                Result { () throws(JSONError) in try JSONValue(parsing: bytes) }
            }.get()
        } catch {
            throw Failure(.invalid, "The body is not JSON: \(error).")
        }
    }
}

extension JSONObject {
    /// Reads a body; see ``Request/object(_:keys:)``.
    init(reading body: BodyBuffer, keys: [String]) throws(Failure) {
        guard let object = try JSONValue(reading: body).object else {
            throw Failure(.invalid, "The body must be a JSON object.")
        }
        let known = object.members.allSatisfy { member in
            keys.contains { $0.utf8.elementsEqual(member.key.utf8) }
        }
        guard known else {
            throw Failure(
                .invalid, "The body may only have these keys: \(keys.joined(separator: ", ")).")
        }
        self = object
    }

    /// A text of at least one character; `nil` if it is missing or null.
    func text(_ key: String, _ wanted: String) throws(Failure) -> String? {
        guard let value = self[key], !value.isNull else { return nil }
        guard let text = value.string, !text.isEmpty else {
            throw Failure(.invalid, "\(key) must be \(wanted).")
        }
        return text
    }

    /// True or false; `nil` if it is missing or null.
    func flag(_ key: String) throws(Failure) -> Bool? {
        guard let value = self[key], !value.isNull else { return nil }
        guard let flag = value.bool else {
            throw Failure(.invalid, "\(key) must be true or false.")
        }
        return flag
    }

    /// How long earlier secrets stay valid; none if it is missing or null.
    func overlapMilliseconds() throws(Failure) -> Int64 {
        guard let value = self["overlap_seconds"], !value.isNull else { return 0 }
        // 60.0 is an integer, too, to those who write all their numbers so.
        guard case .number(let written) = value, let number = Double(written),
            let seconds = Int64(exactly: number),
            (0...Int64(Limits.secretOverlapSecondsMax)).contains(seconds)
        else {
            throw Failure(
                .invalid,
                "overlap_seconds must be a number from 0 to \(Limits.secretOverlapSecondsMax).")
        }
        return seconds * 1000
    }
}

extension Request {
    /// The key named in the path.
    func keyID() throws(Failure) -> OperatorKeyID {
        guard let id = OperatorKeyID(parameters["key"]) else { throw .noSuchKey }
        return id
    }
}

extension Failure {
    static let noSuchKey = Failure(.notFound, "There is no key of this id.")
    static let noSuchAudience = Failure(.notFound, "There is no audience of this id.")
    static let noSuchConnection = Failure(.notFound, "There is no connection of this id.")
}
