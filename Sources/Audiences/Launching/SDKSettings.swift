/// What the apps of one connection may do, and how they show who they are.
package struct SDKSettings: Sendable, Hashable {
    /// The public key, which every app carries and everybody can read out of it.
    package var publicKey: PublicKey
    /// The operator's own HMAC key for ``identity``, sealed; `nil` until one was made.
    package var identitySecret: SealedSecret?
    /// Whether a `reference_id` counts only with its HMAC.
    package var requiresIdentity: Bool
    /// At least so long between two different rules; `nil` is none.
    package var cooldownHours: Int?
    /// When an app first called with the key.
    package var firstSeenAt: Timestamp?

    /// What ``identitySecret`` is sealed for, so that no other secret of the connection passes for
    /// it.
    package static func sealingContext(of connection: ConnectionID) -> String {
        "identity \(connection.text)"
    }

    package init(
        publicKey: PublicKey, identitySecret: SealedSecret? = nil,
        requiresIdentity: Bool = false, cooldownHours: Int? = nil, firstSeenAt: Timestamp? = nil
    ) {
        self.publicKey = publicKey
        self.identitySecret = identitySecret
        self.requiresIdentity = requiresIdentity
        self.cooldownHours = cooldownHours
        self.firstSeenAt = firstSeenAt
    }
}

/// `muster_pk_` and 24 characters; it is no secret, and opens nothing but the SDK's own routes.
package struct PublicKey: Sendable, Hashable {
    package let text: String

    package static let prefix = "muster_pk_"
    private static let characters = 24

    package init?(_ text: String) {
        let bytes = text.utf8
        guard bytes.starts(with: Self.prefix.utf8),
            bytes.count == Self.prefix.utf8.count + Self.characters,
            bytes.dropFirst(Self.prefix.utf8.count)
                .allSatisfy(SecretFormat.alphabet.contains)
        else { return nil }
        self.text = text
    }

    package static func make(by secrets: Secrets) throws -> PublicKey {
        var letters: [UInt8] = []
        while letters.count < characters {
            letters += try secrets.random(32).filter { $0 < 248 }
                .map { SecretFormat.alphabet[Int($0 % 62)] }
        }
        return PublicKey(
            unchecked: prefix + String(decoding: letters.prefix(characters), as: UTF8.self))
    }

    private init(unchecked text: String) {
        self.text = text
    }
}

/// What an operator chooses of the SDK settings; what is `nil` stays as it is.
package struct SDKEdit: Sendable, Hashable {
    package var requiresIdentity: Bool?
    /// A value of `nil` is no cooldown.
    package var cooldownHours: Int??

    package init() {}

    /// Throws `conflict` if identities were needed and there is nothing to sign them with.
    package func apply(to settings: inout SDKSettings) throws(Failure) {
        if let requiresIdentity { settings.requiresIdentity = requiresIdentity }
        if let cooldownHours { settings.cooldownHours = cooldownHours }
        guard !settings.requiresIdentity || settings.identitySecret != nil else {
            throw Failure(
                .conflict, "Make an identity secret before you ask for signed identities.")
        }
    }
}

extension Secrets {
    /// What an identity secret begins with; all of it has 59 bytes, and ``messageCode`` takes 64.
    package static let identityPrefix = "muster_id_"

    package func makeIdentitySecret() throws -> String {
        try makeSecret(prefix: Self.identityPrefix)
    }

    /// What the operator's own server signs a person's id with: HMAC-SHA-256 of its bytes under the
    /// bytes of the secret's text, in lower-case hexadecimal.
    package func identity(of person: ExternalID, secret: [UInt8]) throws -> String {
        SecretFormat.hex(try messageCode(Array(person.text.utf8), key: secret))
    }
}

/// Keeps the SDK settings of connections; the rules of ``ConnectionStore`` hold.
package protocol SDKStore: Sendable {
    /// `nil` until they were set up; throws `notFound` if there is no such connection.
    func sdkSettings(of id: ConnectionID) async throws(Failure) -> SDKSettings?

    /// Whose public key this is; `nil` if nobody's.
    func connection(
        having key: PublicKey
    ) async throws(Failure) -> (id: ConnectionID, settings: SDKSettings)?

    /// Another number whenever anything of that but ``SDKSettings/firstSeenAt`` may be another
    /// one; `nil` if that can't be told.
    ///
    /// What is read after this was asked is true while this is the same.
    var sdkEdition: UInt64? { get }

    /// Makes or changes them, all but ``SDKSettings/firstSeenAt``, which stays.
    ///
    /// `change` is given the settings as they are, `nil` if there are none, and returns them as
    /// they are to be; what it throws is thrown. Nobody else changes them meanwhile.
    ///
    /// - Returns: the settings as they are now.
    /// - Throws: `notFound` if there is no such connection, `conflict` if the public key is
    ///   another connection's.
    @discardableResult
    func changeSDK(
        of id: ConnectionID, at now: Timestamp, for operation: Operation,
        _ change: @escaping @Sendable (SDKSettings?) throws(Failure) -> SDKSettings
    ) async throws(Failure) -> SDKSettings

    /// Exchanges the sealed identity secret for another one of the same secret.
    ///
    /// Does nothing if the secret is not `old` any more.
    func reseal(
        _ old: SealedSecret, as new: SealedSecret, identityOf id: ConnectionID
    ) async throws(Failure)

    /// Notes the first call of an app; every later one changes nothing.
    func noteFirstCall(of id: ConnectionID, at now: Timestamp) async throws(Failure)
}
