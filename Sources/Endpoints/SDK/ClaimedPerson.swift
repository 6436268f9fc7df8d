import Audiences
import Mixpanel

/// Decides whether an app is believed who its user is.
///
/// Anybody can write a `reference_id` into a request. Where the operator's own server signs them
/// (HMAC-SHA-256, see ``Audiences/Secrets/identity(of:secret:)``), nobody can write another's.
struct ClaimedPerson: Sendable {
    private let sealing: Sealing
    private let secrets: Secrets
    private let recognized = RecognizedIdentities()

    init(_ parts: Dependencies) {
        sealing = parts.sealing
        secrets = parts.secrets
    }

    /// Who it is; `nil` if nobody is named, or if the signature is wrong, or missing where it is
    /// needed.
    ///
    /// A wrong signature is never good, not even where none is needed.
    func callAsFunction(
        _ referenceID: ExternalID?, signedBy identity: String?, of app: App
    ) throws -> ExternalID? {
        guard let referenceID else { return nil }
        guard let identity, let sealed = app.settings.identitySecret else {
            return app.settings.requiresIdentity ? nil : referenceID
        }
        if recognized.contains(referenceID, signedBy: identity, under: sealed) {
            return referenceID
        }
        let secret = try sealing.open(
            sealed, SDKSettings.sealingContext(of: app.connection))
        let right = try secrets.identity(of: referenceID, secret: secret)
        guard secrets.equal(Array(right.utf8), Array(identity.utf8)) else { return nil }
        recognized.add(referenceID, signedBy: identity, under: sealed)
        return referenceID
    }
}

extension ExternalID {
    /// `nil` for `undefined` and the like, which stand for nobody in the code of apps, and would
    /// join strangers into one person.
    var ofSomebody: ExternalID? { JunkIdentifiers.contain(text) ? nil : self }
}
