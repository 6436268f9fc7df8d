/// One link to one Mixpanel project.
///
/// It has an inbound half (``CohortSync``), an outbound half (``ServiceAccount``), both or none.
package struct Connection: Sendable, Hashable {
    package var id: ConnectionID
    package var name: String
    /// The exported profile property that holds the app's own user id.
    package var referenceProperty: String
    /// The exported properties that are kept as traits; none by default.
    package var traitsAllowed: [String]
    /// Replacements that would remove a larger share of an audience are held; `nil` holds none.
    package var guardMaxRemoved: RemovedFraction?
    /// `nil` until the cohort sync is set up.
    package var cohortSync: CohortSync?
    /// `nil` if Muster can't call Mixpanel for it, which a cohort sync does not need.
    package var serviceAccount: ServiceAccount?
    /// The configuration file declares it, so that only the file can change its settings.
    package var isDeclared: Bool
    package var createdAt: Timestamp
    package var updatedAt: Timestamp

    package static let defaultReferenceProperty = "reference_id"

    package init(
        id: ConnectionID, name: String,
        referenceProperty: String = Connection.defaultReferenceProperty,
        traitsAllowed: [String] = [], guardMaxRemoved: RemovedFraction? = nil,
        cohortSync: CohortSync? = nil, serviceAccount: ServiceAccount? = nil,
        isDeclared: Bool = false, createdAt: Timestamp
    ) {
        self.id = id
        self.name = name
        self.referenceProperty = referenceProperty
        self.traitsAllowed = traitsAllowed
        self.guardMaxRemoved = guardMaxRemoved
        self.cohortSync = cohortSync
        self.serviceAccount = serviceAccount
        self.isDeclared = isDeclared
        self.createdAt = createdAt
        updatedAt = createdAt
    }

    /// The path of the webhook; it never changes, for Mixpanel can't edit a destination's URL.
    package var webhookPath: String { "/webhooks/mixpanel/\(id.text)" }
}
