/// Keeps connections: their settings, the hashes of their secrets, their service accounts.
///
/// Another process (the command line) may write to the same store; reads see it at once. Every
/// change is durable when it returns, and in the audit log; see ``Operation``. Every method that
/// takes an id throws `notFound` if there is no such connection.
package protocol ConnectionStore: Sendable {
    /// Adds a connection. Throws `conflict` if its id exists.
    func create(_ connection: Connection, for operation: Operation) async throws(Failure)

    /// Connections in the order they were created.
    func connections(_ range: ListRange) async throws(Failure) -> ListPage<Connection>

    /// The connection of this id; `nil` if there is none.
    func connection(_ id: ConnectionID) async throws(Failure) -> Connection?

    /// Changes what an operator may choose about a connection; what is `nil` stays.
    ///
    /// Pages that arrive from now on are read by the new rules.
    ///
    /// - Throws: `conflict` if the configuration file declares it.
    func update(
        _ id: ConnectionID, with edit: ConnectionEdit, at now: Timestamp,
        for operation: Operation
    ) async throws(Failure) -> Connection

    /// Removes a connection with its audiences, people, changes and logs.
    ///
    /// All of it is invisible when this returns; housekeeping removes the rows in small steps.
    /// The audit log stays, and the change feed says nothing of it: its changes are left out, as
    /// if their numbers had never been given. The id is free at once.
    ///
    /// - Throws: `conflict` if the configuration file declares it.
    func delete(
        _ id: ConnectionID, at now: Timestamp, for operation: Operation
    ) async throws(Failure)

    /// Sets what is known of the service account; `nil` takes it away.
    ///
    /// Logged unless only ``ServiceAccount/checkedAt`` or the message is new.
    func set(
        _ account: ServiceAccount?, of id: ConnectionID, at now: Timestamp,
        for operation: Operation
    ) async throws(Failure) -> Connection

    /// Sets what Mixpanel said of the service account that has this sealed secret.
    ///
    /// Asking takes seconds: what was set, taken away or encrypted anew meanwhile must not come
    /// back. Logged as by ``set(_:of:at:for:)``.
    ///
    /// - Throws: `conflict` if the connection's account has another sealed secret by now.
    func refresh(
        _ account: ServiceAccount, of id: ConnectionID, at now: Timestamp,
        for operation: Operation
    ) async throws(Failure) -> Connection

    /// Exchanges the sealed secret of a service account for another one of the same secret.
    ///
    /// Does nothing if the account's secret is not `old` any more.
    func reseal(
        _ old: SealedSecret, as new: SealedSecret, of id: ConnectionID, at now: Timestamp,
        for operation: Operation
    ) async throws(Failure)

    /// Makes the connections that the configuration file declares what the file says.
    ///
    /// New ones are created; those that it declared earlier and does not any longer lose their
    /// secrets and can be edited; audiences, service accounts and whether pages are taken stay. A
    /// secret of the same hash stays the one it was, ended or not. Nothing is logged where nothing
    /// changes.
    func declare(
        _ connections: [Connection], at now: Timestamp, for operation: Operation
    ) async throws(Failure)
}
