import Audiences
import JSON

/// The body of `POST /v1/connections` and of `PATCH /v1/connections/{id}`.
///
/// A key that is missing leaves the default, or what there is; so does null, except that a guard
/// of null is no guard.
struct ConnectionSettings {
    static let keys = ["name", "reference_property", "traits", "guard_max_removed_fraction"]

    private(set) var edit = ConnectionEdit()

    init(_ body: JSONObject) throws(Failure) {
        edit.name = try body.text("name", "a text")
        edit.referenceProperty = try body.text("reference_property", "the name of a property")
        if let value = body["traits"], !value.isNull { edit.traitsAllowed = try Self.traits(value) }
        if let value = body["guard_max_removed_fraction"] {
            edit.guardMaxRemoved = .some(try Self.fraction(value))
        }
    }

    func makeConnection(at now: Timestamp, by secrets: Secrets) throws -> Connection {
        guard let name = edit.name else { throw Failure(.invalid, "name must be a text.") }
        var connection = try Connection.make(
            name: name, referenceProperty: edit.referenceProperty,
            traitsAllowed: edit.traitsAllowed ?? [], at: now, by: secrets)
        connection.guardMaxRemoved = edit.guardMaxRemoved ?? nil
        return connection
    }

    private static func traits(_ value: JSONValue) throws(Failure) -> [String] {
        guard let named = value.array, named.count <= Limits.traitsAllowedMax else {
            throw Failure(
                .invalid,
                "traits must be a list of at most \(Limits.traitsAllowedMax) property names.")
        }
        return try named.map { value throws(Failure) in
            guard let name = value.string, !name.isEmpty else {
                throw Failure(.invalid, "traits must be a list of property names.")
            }
            return name
        }
    }

    private static func fraction(_ value: JSONValue) throws(Failure) -> RemovedFraction? {
        if value.isNull { return nil }
        guard case .number(let written) = value, let number = Double(written),
            let fraction = RemovedFraction(number)
        else {
            throw Failure(
                .invalid, "guard_max_removed_fraction must be a number from 0 to 1, or null.")
        }
        return fraction
    }
}
