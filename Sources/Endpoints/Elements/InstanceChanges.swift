import Audiences
import Mixpanel
import Routing

/// Changes instances: asks Mixpanel about new credentials, and hands them to the connection that an
/// instance backs.
struct InstanceChanges: Sendable {
    private let instances: any InstanceStore
    private let connections: any ConnectionStore
    private let accounts: ServiceAccounts
    private let calls: ElementCalls
    private let sealing: Sealing
    private let now: @Sendable () -> Timestamp

    init(_ parts: Dependencies) {
        instances = parts.elements.instances
        connections = parts.connections
        accounts = parts.accounts
        calls = parts.elements.calls
        sealing = parts.sealing
        now = parts.now
    }

    /// The instance that a call is about: that of the path, or that of the header.
    func instance(of call: ElementCall) async throws -> ElementInstance {
        let text = call.request.parameters["instance"]
        guard !text.isEmpty else { return try call.instance() }
        if !call.request.parameters["element"].isEmpty { try call.request.checkElement() }
        var found: ElementInstance?
        if let id = call.request.number("instance") {
            found = try await instances.instance(id, of: call.user.organization)
        }
        guard let found else {
            throw Failure(.notFound, "No instance found with ID \(text.prefix(64))")
        }
        return found
    }

    /// - Parameters:
    ///   - credential: valid.
    ///   - context: ``ElementInstance/sealingContext``.
    ///   - asks: whether to ask Mixpanel; else nobody says that it is valid.
    /// - Returns: what is to be stored.
    /// - Throws: the store's trouble only.
    func authenticate(
        _ credential: InstanceCredential, for context: String, asking asks: Bool
    ) async throws(Failure) -> InstanceEdit.Authentication {
        var (found, check) = (credential, CredentialCheck.notAsked)
        if asks { (found, check) = try await calls.check(credential) }
        return InstanceEdit.Authentication(
            credential: try StoredCredential(found, for: context, by: sealing), check: check)
    }

    /// - Returns: the instance as it is now.
    func change(
        _ instance: ElementInstance, _ edit: InstanceEdit, _ configuration: ConfigurationWish?,
        asking asks: Bool, for operation: Operation
    ) async throws -> ElementInstance {
        var edit = edit
        edit.dropsNulls = configuration?.dropsNulls
        let context = instance.sealingContext
        if let configuration {
            let old = try instance.credential.open(for: context, by: sealing)
            if let wanted = try configuration.credential(after: old) {
                let new = try await authenticate(wanted, for: context, asking: asks)
                edit.authentication = new
                if let connection = instance.connection {
                    let isHandedOn = try await handOn(wanted, to: connection, for: operation)
                    if !isHandedOn { edit.connection = .some(nil) }
                }
            }
        }
        return try await instances.update(
            instance.id, of: instance.organization, with: edit, at: now(), for: operation)
    }

    /// Makes a credential the service account of a connection.
    ///
    /// - Returns: false if it is none, or the connection is gone.
    private func handOn(
        _ credential: InstanceCredential, to connection: ConnectionID, for operation: Operation
    ) async throws(Failure) -> Bool {
        guard let password = credential.password else { return false }
        let account = try await accounts.connect(
            username: credential.username, secret: Array(password.utf8),
            project: credential.project, for: connection)
        do throws(Failure) {
            _ = try await connections.set(account, of: connection, at: now(), for: operation)
            return true
        } catch {
            guard error.code == .notFound else { throw error }
            return false
        }
    }
}
