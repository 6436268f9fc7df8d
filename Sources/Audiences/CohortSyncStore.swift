/// The life cycle of a cohort sync; the rules of ``ConnectionStore`` hold.
///
/// Every method but ``setUp(_:of:for:)`` throws `notFound` also if there is no cohort sync.
package protocol CohortSyncStore: Sendable {
    /// Gives a connection its cohort sync.
    ///
    /// - Throws: `conflict` if it has one.
    func setUp(
        _ cohortSync: CohortSync, of id: ConnectionID, for operation: Operation
    ) async throws(Failure)

    /// Adds a secret, and ends every other one `overlapMilliseconds` from now if it would be valid
    /// for longer.
    ///
    /// Beyond ``Limits/secretsMax`` those that ended longest ago are forgotten.
    ///
    /// - Throws: `conflict` if the configuration file declares the connection's secrets, or if too
    ///   many others are valid still.
    func add(
        _ secret: StoredSecret, to id: ConnectionID, overlapMilliseconds: Int64,
        at now: Timestamp, for operation: Operation
    ) async throws(Failure) -> Connection

    /// Ends one secret, or all of them, at once.
    ///
    /// Those that have ended stay as they are. A declared secret, too, stays ended for as long as
    /// the configuration file has the same hash.
    ///
    /// - Throws: `notFound` also if there is no such secret.
    func revoke(
        _ secret: SecretID?, of id: ConnectionID, at now: Timestamp, for operation: Operation
    ) async throws(Failure) -> Connection

    /// Switches the cohort sync off, so that its pages are answered 503, or on again.
    ///
    /// Does nothing if it is so already.
    func set(
        isOn: Bool, cohortSyncOf id: ConnectionID, at now: Timestamp, for operation: Operation
    ) async throws(Failure) -> Connection

    /// Notes that a page was recorded with a secret: its time of last use, and the first page's.
    func noteUse(
        of secret: SecretID, of id: ConnectionID, at now: Timestamp
    ) async throws(Failure)
}
