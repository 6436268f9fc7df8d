/// Keeps connections and the hashes of their secrets.
///
/// Another process (the command line) may write to the same store; reads see it at once.
package protocol ConnectionStore: Sendable {
    /// Adds a connection, durably. Throws `conflict` if its id exists.
    func create(_ connection: Connection) async throws(Failure)

    /// Connections in the order they were created.
    func connections(_ range: ListRange) async throws(Failure) -> ListPage<Connection>

    /// The connection of this id; `nil` if there is none.
    func connection(_ id: ConnectionID) async throws(Failure) -> Connection?

    /// Gives a connection its cohort sync, durably.
    ///
    /// - Throws: `notFound` if there is no such connection; `conflict` if it has a cohort sync.
    func setUp(_ cohortSync: CohortSync, for id: ConnectionID) async throws(Failure)

    /// Changes what an operator may choose about a connection, durably; what is `nil` stays.
    ///
    /// Pages that arrive from now on are read by the new rules.
    ///
    /// - Throws: `notFound` if there is no such connection.
    func update(
        _ id: ConnectionID, with edit: ConnectionEdit, at now: Timestamp
    ) async throws(Failure) -> Connection
}
