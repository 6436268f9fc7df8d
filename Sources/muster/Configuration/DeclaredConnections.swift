import Audiences
import JSON

/// A connection that the configuration file declares, with the hash of a secret that somebody
/// chose.
struct DeclaredConnection: Sendable, Hashable {
    var id: ConnectionID
    var name: String
    var referenceProperty = Connection.defaultReferenceProperty
    var traits: [String] = []
    var guardMaxRemoved: RemovedFraction?
    var username: String
    var secretHash: SecretHash

    /// As the store keeps it.
    ///
    /// The secret's id comes from its hash, so that it is the same after a restart.
    func connection(at now: Timestamp, by secrets: Secrets) throws -> Connection {
        let secret = StoredSecret(
            id: SecretID.make(from: try secrets.sha256(Array(secretHash.phc.utf8))),
            hash: secretHash, createdAt: now)
        return Connection(
            id: id, name: name, referenceProperty: referenceProperty, traitsAllowed: traits,
            guardMaxRemoved: guardMaxRemoved,
            cohortSync: CohortSync(username: username, secrets: [secret], createdAt: now),
            isDeclared: true, createdAt: now)
    }
}

/// Reads the key `connections` of the file: a list of objects, which the library has no word for.
///
/// Every mistake is named with its place and the way to mend it.
struct DeclaredConnections {
    static let key = "connections"
    /// More would be made by a program, which has the API for it.
    static let countMax = 1000

    private static let keys = [
        "id", "name", "username", "secret_hash", "reference_property", "traits",
        "guard_max_removed_fraction",
    ]

    /// - Throws: `invalid`.
    static func read(_ value: JSONValue?) throws(Failure) -> [DeclaredConnection] {
        guard let value else { return [] }
        guard let list = value.array, list.count <= countMax else {
            throw Failure(
                .invalid, "\(key) must be a list of at most \(countMax) objects, one a connection.")
        }
        var connections: [DeclaredConnection] = []
        for (index, item) in list.enumerated() {
            let connection = try Self(place: "\(key)[\(index)]", item: item).connection()
            if let first = connections.firstIndex(where: { $0.id == connection.id }) {
                throw Failure(
                    .invalid, "\(key)[\(index)] has the id of \(key)[\(first)]; each needs its own."
                )
            }
            connections.append(connection)
        }
        return connections
    }

    private let place: String
    private let object: JSONObject

    private init(place: String, item: JSONValue) throws(Failure) {
        guard let object = item.object else {
            throw Failure(.invalid, "\(place) must be an object.")
        }
        for (key, _) in object.members where !Self.keys.contains(key) {
            let near = ConfigurationKeys.nearest(to: key, among: Self.keys)
            let hint = near.map { "did you mean \($0)?" } ?? "remove it."
            throw Failure(.invalid, "\(place) has the unknown key \(key); \(hint)")
        }
        self.place = place
        self.object = object
    }

    private func connection() throws(Failure) -> DeclaredConnection {
        let made = "`muster connection id` makes one"
        guard let id = ConnectionID(try text("id", "it is conn_ and 16 characters; \(made)")) else {
            throw problem("id", "must be conn_ and 16 characters; \(made)")
        }
        var connection = DeclaredConnection(
            id: id, name: try text("name", "it is what people call the connection"),
            username: try username(), secretHash: try secretHash())
        guard connection.name.count <= Limits.nameCharactersMax else {
            throw problem("name", "must have at most \(Limits.nameCharactersMax) characters")
        }
        if object["reference_property"] != nil {
            connection.referenceProperty = try text("reference_property", "")
        }
        connection.traits = try traits()
        connection.guardMaxRemoved = try guardMaxRemoved()
        return connection
    }

    /// Basic credentials end the username at the first colon, and forbid control characters
    /// (RFC 7617 section 2).
    private func username() throws(Failure) -> String {
        let username = try text("username", "it is what Mixpanel sends as Basic Auth username")
        let isSendable = username.unicodeScalars.allSatisfy {
            $0 != ":" && $0.value >= 0x20 && $0.value != 0x7F
        }
        guard isSendable, username.utf8.count <= Self.usernameBytesMax else {
            throw problem(
                "username",
                "must have at most \(Self.usernameBytesMax) bytes, no colon and no control "
                    + "character")
        }
        return username
    }

    /// Mixpanel's own field is shorter; this is about keeping it out of a row's way.
    private static let usernameBytesMax = 256

    private func secretHash() throws(Failure) -> SecretHash {
        let text = try text("secret_hash", "`muster secret hash` makes it of a secret")
        guard let hash = SecretHash(phc: text) else {
            // Whoever put the secret itself here must not find it in a log.
            throw problem(
                "secret_hash",
                "must be what `muster secret hash` prints, $scrypt$ln=…,r=…,p=…$…$…, of at most "
                    + "\(Limits.scryptMemoryBytesMax >> 20) MiB")
        }
        return hash
    }

    private func traits() throws(Failure) -> [String] {
        guard let value = object["traits"] else { return [] }
        let traits = value.array?.compactMap(\.string).filter { !$0.isEmpty } ?? []
        guard traits.count == value.array?.count, traits.count <= Limits.traitsAllowedMax else {
            throw problem(
                "traits", "must be a list of at most \(Limits.traitsAllowedMax) property names")
        }
        return traits
    }

    private func guardMaxRemoved() throws(Failure) -> RemovedFraction? {
        guard let value = object["guard_max_removed_fraction"], !value.isNull else { return nil }
        guard case .number(let written) = value, let number = Double(written),
            let fraction = RemovedFraction(number)
        else {
            throw problem("guard_max_removed_fraction", "must be a number from 0 to 1, or null")
        }
        return fraction
    }

    private func text(_ key: String, _ hint: String) throws(Failure) -> String {
        guard let value = object[key] else {
            throw Failure(.invalid, "\(place) has no \(key); \(hint).")
        }
        guard let text = value.string, !text.isEmpty, !text.utf8.contains(0) else {
            throw problem(key, "must be a text that is not empty")
        }
        return text
    }

    private func problem(_ key: String, _ rule: String) -> Failure {
        Failure(.invalid, "\(place).\(key) \(rule).")
    }
}
