package import Audiences
import GRDB

extension SQLiteStore: SDKStore {
    package func sdkSettings(of id: ConnectionID) async throws(Failure) -> SDKSettings? {
        try await read { db in
            guard let connection = try db.connectionRow(id) else { throw noConnection(id) }
            return try db.prepared("\(selectSettings) WHERE sdk.connection = ?")
                .first(connection) { row in try row.settings() }
        }
    }

    package func connection(
        having key: PublicKey
    ) async throws(Failure) -> (id: ConnectionID, settings: SDKSettings)? {
        try await look(up: .publicKey) { statement in
            try statement.first(key.text) { row in
                (id: ConnectionID(unchecked: row.text(5)), settings: try row.settings())
            }
        }
    }

    package var sdkEdition: UInt64? { known.edition }

    /// Takes a public key.
    static let selectByPublicKey = "\(selectSettings) WHERE public_key = ?"

    package func changeSDK(
        of id: ConnectionID, at now: Timestamp, for operation: Operation,
        _ change: @escaping @Sendable (SDKSettings?) throws(Failure) -> SDKSettings
    ) async throws(Failure) -> SDKSettings {
        try await administer(operation) { db in
            guard let connection = try db.connectionRow(id) else { throw noConnection(id) }
            let before = try db.prepared("\(selectSettings) WHERE sdk.connection = ?")
                .first(connection) { row in try row.settings() }
            var settings = try change(before)
            settings.firstSeenAt = before?.firstSeenAt
            guard let note = settings.note(replacing: before) else { return settings }
            do {
                try db.prepared(
                    """
                    INSERT INTO sdk (connection, public_key, identity_secret, requires_identity,
                        cooldown_hours)
                    VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT (connection) DO UPDATE SET public_key = excluded.public_key,
                        identity_secret = excluded.identity_secret,
                        requires_identity = excluded.requires_identity,
                        cooldown_hours = excluded.cooldown_hours
                    """
                ).run(
                    connection, settings.publicKey.text, settings.identitySecret?.text,
                    settings.requiresIdentity ? 1 : 0, settings.cooldownHours)
            } catch  where SQLiteFailure.isDuplicate(error) {
                throw Failure(.conflict, "Another connection has this public key.")
            }
            try db.noteLaunchChange(of: connection)
            try db.log(note, on: id.text, for: operation, at: now)
            return settings
        }
    }

    package func reseal(
        _ old: SealedSecret, as new: SealedSecret, identityOf id: ConnectionID
    ) async throws(Failure) {
        try await writer.write { db in
            guard let connection = try db.connectionRow(id) else { throw noConnection(id) }
            try db.prepared(
                "UPDATE sdk SET identity_secret = ? WHERE connection = ? AND identity_secret = ?"
            ).run(new.text, connection, old.text)
        }
    }

    package func noteFirstCall(
        of id: ConnectionID, at now: Timestamp
    ) async throws(Failure) {
        try await writer.write(touching: .noted) { db in
            guard let connection = try db.connectionRow(id) else { throw noConnection(id) }
            try db.prepared(
                "UPDATE sdk SET first_seen_at = ? WHERE connection = ? AND first_seen_at IS NULL"
            ).run(now, connection)
        }
    }
}

/// What ``SQLRow/settings()`` reads.
private let selectSettings = """
    SELECT public_key, identity_secret, requires_identity, cooldown_hours, first_seen_at,
        connection.public_id
    FROM sdk CROSS JOIN connection ON connection.id = sdk.connection
    """

extension SQLRow {
    fileprivate func settings() throws -> SDKSettings {
        guard let key = PublicKey(text(0)) else { throw damage("a public key is malformed") }
        return SDKSettings(
            publicKey: key, identitySecret: optionalText(1).map { SealedSecret($0) },
            requiresIdentity: integer(2) == 1, cooldownHours: optionalCount(3),
            firstSeenAt: optionalTime(4))
    }
}
