package import Audiences
import GRDB

extension SQLiteStore: ElementUserStore {
    package func create(
        _ user: ElementUser, for operation: Operation
    ) async throws(Failure) -> ElementUser {
        try await administer(operation) { db in
            do {
                try db.prepared(
                    """
                    INSERT INTO element_user
                        (public_id, organization, name, hash, organization_hash, created_at)
                    VALUES (?, ?, ?, ?, ?, ?)
                    """
                ).run(
                    user.id.text, user.organization.text, user.name, user.hash.phc,
                    user.organizationHash.phc, user.createdAt)
            } catch  where SQLiteFailure.isDuplicate(error) {
                throw Failure(.conflict, "There is an element user \(user.id.text) already.")
            }
            var made = user
            made.number = db.lastInsertedRowID
            try db.log(
                AuditNote(.elementUserCreated), on: user.id.text, for: operation,
                at: user.createdAt)
            return made
        }
    }

    package func elementUsers(
        _ range: ListRange
    ) async throws(Failure) -> ListPage<ElementUser> {
        try range.validate()
        let after = try range.place(in: .elementUsers)
        return try await read { db in
            let rows = try db.prepared("\(selectUser) WHERE id > ? ORDER BY id LIMIT ?")
                .all(after ?? 0, range.limit + 1) { row in
                    (id: row.integer(0), item: try ElementUser(row))
                }
            return ListPage(rows, limit: range.limit) { last in
                Place(row: last).cursor(in: .elementUsers)
            }
        }
    }

    package func elementUser(_ id: ElementUserID) async throws(Failure) -> ElementUser? {
        try await look(up: .elementUser) { statement in
            try statement.first(id.text) { row in try ElementUser(row) }
        }
    }

    package func removeElementUser(
        _ id: ElementUserID, at now: Timestamp, for operation: Operation
    ) async throws(Failure) -> Int {
        try await administer(operation) { db in
            let user = try db.prepared(Self.selectUserByID).first(id.text) { try ElementUser($0) }
            guard let user else {
                throw Failure(.notFound, "There is no element user \(id.text).")
            }
            try db.prepared("DELETE FROM element_user WHERE id = ?").run(user.number)
            let isLast =
                try db.prepared("SELECT 1 FROM element_user WHERE organization = ?")
                .first(user.organization.text) { _ in true } == nil
            let instances =
                isLast ? try db.removeInstances(of: user.organization, for: operation, at: now) : 0
            try db.log(
                AuditNote(.elementUserRemoved, ["instances \(instances)"]), on: id.text,
                for: operation, at: now)
            return instances
        }
    }

    static let selectUserByID = "\(selectUser) WHERE public_id = ?"
}

private let selectUser = """
    SELECT id, public_id, organization, name, hash, organization_hash, created_at FROM element_user
    """

extension ElementUser {
    fileprivate init(_ row: SQLRow) throws {
        self.init(
            id: ElementUserID(unchecked: row.text(1)), number: row.integer(0),
            organization: OrganizationID(unchecked: row.text(2)), name: row.text(3),
            hash: try row.secretHash(4), organizationHash: try row.secretHash(5),
            createdAt: row.time(6))
    }
}
