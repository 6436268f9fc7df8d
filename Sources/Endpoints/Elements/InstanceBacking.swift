import Audiences
import JSON
import Mixpanel

/// Lets an element instance back a connection, so that a person authenticates once: its service
/// account becomes the connection's, and follows when the instance is authenticated again.
struct InstanceBacking: Sendable {
    /// Of the body of `POST /v1/connections`.
    static let key = "element_instance"

    private let instances: any InstanceStore
    private let calls: ElementCalls
    private let now: @Sendable () -> Timestamp

    init(_ parts: Dependencies) {
        instances = parts.elements.instances
        calls = parts.elements.calls
        now = parts.now
    }

    /// An instance that is asked to back a connection.
    struct Backing: Sendable {
        fileprivate let instance: ElementInstance
        fileprivate let credential: InstanceCredential

        /// - Throws: `invalid` if the body names an account beside it; `conflict` if the instance
        ///   has none.
        func wish(beside other: AccountWish) throws(Failure) -> AccountWish {
            guard other == .nothing else {
                throw Failure(.invalid, "element_instance stands for username and secret.")
            }
            guard let password = credential.password else {
                throw Failure(
                    .conflict,
                    "The instance has an API secret: a connection needs a service account.")
            }
            return .account(
                username: credential.username, secret: Array(password.utf8),
                project: credential.project)
        }
    }

    /// `nil` if the body names no instance.
    func backing(_ body: JSONObject) async throws -> Backing? {
        guard let value = body[Self.key], !value.isNull else { return nil }
        guard let id = value.int else {
            throw Failure(.invalid, "element_instance must be the id of an element instance.")
        }
        let found = try await instances.instance(Int64(id), of: nil)
        guard let found else {
            throw Failure(.notFound, "There is no element instance of this id.")
        }
        return Backing(instance: found, credential: try calls.credential(of: found))
    }

    /// After the connection was made: a crash in between leaves two accounts that are not tied.
    func bind(
        _ backing: Backing, to connection: ConnectionID, _ creation: Creation
    ) async throws {
        _ = try await instances.update(
            backing.instance.id, of: backing.instance.organization,
            with: InstanceEdit(connection: .some(connection)), at: now(),
            for: creation.bystanding)
    }
}
