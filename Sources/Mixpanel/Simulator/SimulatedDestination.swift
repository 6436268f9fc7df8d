package import Audiences

/// A webhook that cohorts are synced to: what a person enters in Mixpanel.
package struct SimulatedDestination: Sendable {
    package let id: String
    package var url: String
    /// `nil` to send no credentials.
    package var username: String?
    package var secret: String
    /// By cohort, in the order they were attached.
    package internal(set) var syncs: [(cohort: String, sync: SimulatedSync)] = []

    /// The value of `Authorization`.
    var authorization: String? {
        username.map { "Basic " + Base64.encode(Array("\($0):\(secret)".utf8)) }
    }
}

/// Which sync is meant.
package struct SimulatedSyncID: Sendable, Hashable {
    package let destination: String
    package let cohort: String
}

/// A call to a webhook.
package struct SimulatedPost: Sendable {
    package let url: String
    package let authorization: String?
    package let body: [UInt8]
    package let action: SyncAction
}

/// A page that was sent, and what came of it.
package struct SimulatedDelivery: Sendable {
    /// From 1, without a gap.
    package let number: Int
    package let sync: SimulatedSyncID
    package let action: SyncAction
    package let sessionID: String
    package let page: Int
    package let pageCount: Int
    package let memberCount: Int
    package let verdict: Verdict
    /// `nil` if there was no answer.
    package let status: Int?
}
