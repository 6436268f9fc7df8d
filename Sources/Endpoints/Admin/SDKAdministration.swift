package import Audiences
import HTTPWire
import JSON
import Logging
import Routing

/// What the apps of a connection may do: their public key, signed identities, the pause between two
/// invitations.
///
/// The apps' own calls are answered by ``SDKEndpoints``.
struct SDKAdministration: Sendable {
    private let sdk: any SDKStore
    private let sealing: Sealing
    private let secrets: Secrets
    private let limits: EndpointLimits
    private let now: @Sendable () -> Timestamp

    init(_ parts: Dependencies) {
        sdk = parts.sdk
        sealing = parts.sealing
        secrets = parts.secrets
        limits = parts.limits
        now = parts.now
    }

    @Sendable func show(_ request: Request) async throws -> Response {
        let id = try request.connectionID()
        let settings = try await sdk.sdkSettings(of: id)
        guard let settings else { throw Failure.noSDK }
        return .object { json in json.sdkSettings(settings, of: id) }
    }

    /// Makes them, with a public key, or changes what is given.
    @Sendable func set(_ request: Request, _ operation: Operation) async throws -> Response {
        let body = try await request.object(limits, keys: ["requires_identity", "cooldown_hours"])
        var edit = SDKEdit()
        edit.requiresIdentity = try body.flag("requires_identity")
        edit.cooldownHours = try body.count("cooldown_hours", in: 1...Limits.cooldownHoursMax)
        let id = try request.connectionID()
        let fresh = try fresh()
        let settings = try await sdk.changeSDK(of: id, at: now(), for: operation) {
            [edit] before throws(Failure) in
            var settings = before ?? fresh
            try edit.apply(to: &settings)
            return settings
        }
        log("SDK settings changed", id, request)
        return .object { json in json.sdkSettings(settings, of: id) }
    }

    /// A new public key; apps that have the old one hear 401 from now on.
    @Sendable func regenerateKey(_ creation: Creation) async throws -> Response {
        _ = try creation.objectIfAny(keys: [])
        let id = try creation.request.connectionID()
        let fresh = try fresh()
        var settings = try await sdk.sdkSettings(of: id) ?? fresh
        settings.publicKey = fresh.publicKey
        let answer = Response.object { [settings] json in json.sdkSettings(settings, of: id) }
        let operation = try creation.operation(answering: answer)
        try await sdk.changeSDK(of: id, at: now(), for: operation) { before throws(Failure) in
            var settings = before ?? fresh
            settings.publicKey = fresh.publicKey
            return settings
        }
        log("public key regenerated", id, creation.request)
        return answer
    }

    /// The only answer that ever holds the identity secret.
    @Sendable func makeIdentitySecret(_ creation: Creation) async throws -> Response {
        _ = try creation.objectIfAny(keys: [])
        let id = try creation.request.connectionID()
        let fresh = try fresh()
        var settings = try await sdk.sdkSettings(of: id) ?? fresh
        let secret = try secrets.makeIdentitySecret()
        let sealed = try sealing.seal(Array(secret.utf8), SDKSettings.sealingContext(of: id))
        settings.identitySecret = sealed
        let answer = Response.object { [settings] json in
            json.sdkSettings(settings, of: id, secret: secret)
        }
        let operation = try creation.operation(answering: answer)
        try await sdk.changeSDK(of: id, at: now(), for: operation) {
            [key = settings.publicKey] before throws(Failure) in
            var settings = before ?? SDKSettings(publicKey: key)
            settings.identitySecret = sealed
            return settings
        }
        log("identity secret made", id, creation.request)
        return answer
    }

    /// What there is where nothing was set up, with a public key of its own.
    private func fresh() throws -> SDKSettings {
        SDKSettings(publicKey: try PublicKey.make(by: secrets))
    }

    private func log(_ event: Logger.Message, _ id: ConnectionID, _ request: Request) {
        request.logger.info(event, metadata: ["connection.id": .string(id.text)])
    }
}

extension Failure {
    package static let noSDK = Failure(
        .notFound, "Nothing was set up for the apps of this connection yet.")
}
