/// Keeps the keys that open the API.
///
/// Another process (the command line) may write to the same store; reads see it at once.
package protocol OperatorKeyStore: Sendable {
    /// Adds a key, durably. Throws `conflict` if its id exists.
    func create(_ key: OperatorKey, for operation: Operation) async throws(Failure)

    /// Keys in the order they were created, revoked ones too.
    func operatorKeys(_ range: ListRange) async throws(Failure) -> ListPage<OperatorKey>

    /// The key of this id, revoked or not; `nil` if there is none.
    func operatorKey(_ id: OperatorKeyID) async throws(Failure) -> OperatorKey?

    /// Another number whenever a key may be another one than before; `nil` if that can't be told.
    ///
    /// What is read of a key after this was asked is true while this is the same.
    var keyEdition: UInt64? { get }

    /// Makes a key open nothing any more, durably; a revoked key stays as it is.
    ///
    /// Throws `notFound` if there is no such key.
    func revoke(
        _ id: OperatorKeyID, at now: Timestamp, for operation: Operation
    ) async throws(Failure)
}
