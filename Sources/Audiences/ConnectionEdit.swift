/// What to change about a connection; what is `nil` stays as it is.
package struct ConnectionEdit: Sendable, Hashable {
    package var name: String?
    package var referenceProperty: String?
    package var traitsAllowed: [String]?
    /// `.some(nil)` takes the guard away.
    package var guardMaxRemoved: RemovedFraction??

    package init(
        name: String? = nil, referenceProperty: String? = nil, traitsAllowed: [String]? = nil,
        guardMaxRemoved: RemovedFraction?? = nil
    ) {
        self.name = name
        self.referenceProperty = referenceProperty
        self.traitsAllowed = traitsAllowed
        self.guardMaxRemoved = guardMaxRemoved
    }

    /// What it changes, by the names of the API.
    package var settings: [String] {
        [
            name.map { _ in "name" }, referenceProperty.map { _ in "reference_property" },
            traitsAllowed.map { _ in "traits" },
            guardMaxRemoved.map { _ in "guard_max_removed_fraction" },
        ].compactMap(\.self)
    }
}

extension Connection {
    package mutating func apply(_ edit: ConnectionEdit, at now: Timestamp) {
        name = edit.name ?? name
        referenceProperty = edit.referenceProperty ?? referenceProperty
        traitsAllowed = edit.traitsAllowed ?? traitsAllowed
        if let fraction = edit.guardMaxRemoved { guardMaxRemoved = fraction }
        updatedAt = now
    }
}
