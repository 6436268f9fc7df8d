package import Audiences
import GRDB

extension SQLiteStore: InstanceStore {
    package func create(
        _ instance: ElementInstance, for operation: Operation
    ) async throws(Failure) -> ElementInstance {
        try await administer(operation) { db in
            let count = try db.prepared(Self.countInstances)
                .first(instance.organization.text) { row in row.count(0) }
            guard (count ?? 0) < Limits.instancesMax else {
                throw Failure(
                    .conflict, "The organization has \(Limits.instancesMax) instances already.")
            }
            var made = instance
            made.id = try db.insert(instance)
            try db.log(
                AuditNote(.instanceCreated), on: made.auditName, for: operation,
                at: instance.createdAt)
            return made
        }
    }

    package func instance(
        _ id: Int64, of organization: OrganizationID?
    ) async throws(Failure) -> ElementInstance? {
        try await read { db in
            guard let organization else { return try db.instance(id) }
            return try db.instance(id, of: organization)
        }
    }

    package func instance(tokenDigest: String) async throws(Failure) -> ElementInstance? {
        try await read { db in
            try db.prepared(Self.selectInstanceByToken).first(tokenDigest) { row in
                try ElementInstance(row)
            }
        }
    }

    package func instances(
        matching filter: InstanceFilter, _ range: ListRange
    ) async throws(Failure) -> ListPage<ElementInstance> {
        try range.validate()
        let after = try range.place(in: .instances)
        return try await read { db in
            var place = after ?? 0
            var rows: [(id: Int64, item: ElementInstance)] = []
            while rows.count <= range.limit {
                let some = try db.instances(of: filter.organization, after: place)
                rows += some.filter { filter.matches($0.item) }
                guard let last = some.last, some.count == Self.instancesRead else { break }
                place = last.id
            }
            return ListPage(rows, limit: range.limit) { last in
                Place(row: last).cursor(in: .instances)
            }
        }
    }

    package func update(
        _ id: Int64, of organization: OrganizationID, with edit: InstanceEdit, at now: Timestamp,
        for operation: Operation
    ) async throws(Failure) -> ElementInstance {
        try await administer(operation) { db in
            guard var instance = try db.instance(id, of: organization) else {
                throw noInstance(id)
            }
            let note = try instance.apply(edit, at: now)
            try db.save(instance)
            if let note { try db.log(note, on: instance.auditName, for: operation, at: now) }
            return instance
        }
    }

    package func delete(
        _ id: Int64, of organization: OrganizationID, at now: Timestamp, for operation: Operation
    ) async throws(Failure) {
        try await administer(operation) { db in
            guard let instance = try db.instance(id, of: organization) else {
                throw noInstance(id)
            }
            try db.remove(instance, for: operation, at: now)
        }
    }

    package func note(
        _ check: CredentialCheck, of id: Int64, having credential: SealedSecret
    ) async throws(Failure) {
        try await writer.write { db in
            try db.prepared(
                """
                UPDATE element_instance SET valid = ?, message = ?, checked_at = ?
                WHERE id = ? AND credential = ?
                """
            ).run(check.isValid ? 1 : 0, check.message, check.at, id, credential.text)
        }
    }

    package func reseal(
        _ old: ElementInstance, token: SealedSecret, credential: SealedSecret
    ) async throws(Failure) {
        try await writer.write { db in
            try db.prepared(
                """
                UPDATE element_instance SET token = ?, credential = ?
                WHERE id = ? AND token = ? AND credential = ?
                """
            ).run(
                token.text, credential.text, old.id, old.token.sealed.text,
                old.credential.sealed.text)
        }
    }

    /// How many instances are looked at in one go.
    static let instancesRead = 200

    static let countInstances = "SELECT count(*) FROM element_instance WHERE organization = ?"
    static let selectInstanceByToken = "\(selectInstance) WHERE token_digest = ?"
    /// Takes an organization, a place and a limit.
    static let selectInstancesOf = """
        \(selectInstance) WHERE organization = ? AND id > ? ORDER BY id LIMIT ?
        """
}

/// What is thrown for an instance that is not there, or not any more.
private func noInstance(_ id: Int64) -> Failure {
    Failure(.notFound, "No instance found with ID \(id)")
}

extension ElementInstance {
    /// How the audit log names it.
    fileprivate var auditName: String { "instance \(id)" }
}

extension Database {
    fileprivate func instance(_ id: Int64, of organization: OrganizationID) throws
        -> ElementInstance?
    {
        try prepared("\(selectInstance) WHERE id = ? AND organization = ?")
            .first(id, organization.text) { row in try ElementInstance(row) }
    }

    func instance(_ id: Int64) throws -> ElementInstance? {
        try prepared("\(selectInstance) WHERE id = ?").first(id) { row in
            try ElementInstance(row)
        }
    }

    fileprivate func instances(
        of organization: OrganizationID?, after place: Int64
    ) throws -> [(id: Int64, item: ElementInstance)] {
        let limit = SQLiteStore.instancesRead
        let read = { (row: SQLRow) in (id: row.integer(0), item: try ElementInstance(row)) }
        guard let organization else {
            return try prepared("\(selectInstance) WHERE id > ? ORDER BY id LIMIT ?")
                .all(place, limit, read: read)
        }
        return try prepared(SQLiteStore.selectInstancesOf)
            .all(organization.text, place, limit, read: read)
    }

    fileprivate func insert(_ instance: ElementInstance) throws -> Int64 {
        try prepared(
            """
            INSERT INTO element_instance (organization, user, token_digest, token, created_at,
                name, tags, kind, credential, has_project_token, valid, drops_nulls, disabled,
                maps, updated_at)
            VALUES (?, ?, ?, ?, ?, '', x'', '', '', 0, 0, 0, 0, x'', 0)
            """
        ).run(
            instance.organization.text, instance.user, instance.token.digest,
            instance.token.sealed.text, instance.createdAt)
        var made = instance
        made.id = lastInsertedRowID
        try save(made)
        return made.id
    }

    /// Writes everything that may change, except the token.
    fileprivate func save(_ instance: ElementInstance) throws {
        let (credential, check) = (instance.credential, instance.check)
        try prepared(
            """
            UPDATE element_instance SET name = ?, tags = ?, kind = ?, credential = ?, account = ?,
                has_project_token = ?, project = ?, region = ?, valid = ?, message = ?,
                checked_at = ?, drops_nulls = ?, disabled = ?, connection = ?, maps = ?,
                updated_at = ?
            WHERE id = ?
            """
        ).run(
            instance.name, TextList.encode(instance.tags), credential.kind.rawValue,
            credential.sealed.text, credential.account, credential.hasProjectToken ? 1 : 0,
            credential.project, credential.region?.rawValue, check.isValid ? 1 : 0, check.message,
            check.at, instance.dropsNulls ? 1 : 0, instance.isDisabled ? 1 : 0,
            instance.connection?.text, FieldMapList.encode(instance.maps), instance.updatedAt,
            instance.id)
    }

    func removeInstances(
        of organization: OrganizationID, for operation: Operation, at now: Timestamp
    ) throws -> Int {
        var count = 0
        while true {
            let some = try instances(of: organization, after: 0)
            for instance in some { try remove(instance.item, for: operation, at: now) }
            count += some.count
            guard some.count == SQLiteStore.instancesRead else { return count }
        }
    }

    /// Its worker finds out at its next step, and the files are removed by whoever tidies them.
    fileprivate func remove(
        _ instance: ElementInstance, for operation: Operation, at now: Timestamp
    ) throws {
        try prepared("DELETE FROM bulk_job WHERE instance = ?").run(instance.id)
        try prepared("DELETE FROM element_instance WHERE id = ?").run(instance.id)
        try log(
            AuditNote(.instanceDeleted), on: instance.auditName, for: operation, at: now)
    }

    /// Parts the instances of a connection from it, before it is deleted.
    func partInstances(from connection: String) throws {
        try prepared("UPDATE element_instance SET connection = NULL WHERE connection = ?")
            .run(connection)
    }
}

private let selectInstance = """
    SELECT id, organization, user, name, tags, token_digest, token, kind, credential, account,
        has_project_token, project, region, valid, message, checked_at, drops_nulls, disabled,
        connection, maps, created_at, updated_at
    FROM element_instance
    """

extension ElementInstance {
    fileprivate init(_ row: SQLRow) throws {
        self.init(
            id: row.integer(0), organization: OrganizationID(unchecked: row.text(1)),
            user: row.integer(2), name: row.text(3),
            tags: try row.decoded(4, by: TextList.decode),
            token: StoredToken(digest: row.text(5), sealed: SealedSecret(row.text(6))),
            credential: StoredCredential(
                kind: try row.named(7), sealed: SealedSecret(row.text(8)),
                account: row.optionalText(9), hasProjectToken: row.integer(10) != 0,
                project: row.optionalText(11).flatMap { ExternalID($0) },
                region: row.optionalText(12).flatMap { MixpanelRegion(rawValue: $0) }),
            check: CredentialCheck(
                isValid: row.integer(13) != 0, message: row.optionalText(14),
                at: row.optionalTime(15)),
            dropsNulls: row.integer(16) != 0, isDisabled: row.integer(17) != 0,
            connection: row.optionalText(18).map { ConnectionID(unchecked: $0) },
            maps: try row.decoded(19, by: FieldMapList.decode), createdAt: row.time(20),
            updatedAt: row.time(21))
    }
}

/// Field maps: for each its name, its object, whether it passes through, how many fields, and
/// those.
enum FieldMapList {
    static func encode(_ maps: [FieldMap]) -> [UInt8] {
        var writer = ByteWriter()
        for map in maps {
            writer.write(map.name)
            writer.write(map.object.rawValue)
            writer.write(map.isPassThrough ? 1 : 0)
            writer.write(UInt64(map.fields.count))
            for field in map.fields {
                writer.write(field.path)
                writer.write(field.vendorPath)
            }
        }
        return writer.bytes
    }

    static func decode(_ bytes: [UInt8]) -> [FieldMap]? {
        var reader = ByteReader(bytes)
        var maps: [FieldMap] = []
        while !reader.isAtEnd {
            guard let name = reader.text(),
                let object = reader.text().flatMap({ ElementObject(rawValue: $0) }),
                let passThrough = reader.number(), passThrough <= 1, let count = reader.number(),
                count <= UInt64(Limits.mappedFieldsMax)
            else { return nil }
            var map = FieldMap(
                name: name, object: object, fields: [], isPassThrough: passThrough == 1)
            for _ in 0..<count {
                guard let path = reader.text(), let vendorPath = reader.text() else { return nil }
                map.fields.append(FieldMap.Field(path: path, vendorPath: vendorPath))
            }
            maps.append(map)
        }
        return maps
    }
}
