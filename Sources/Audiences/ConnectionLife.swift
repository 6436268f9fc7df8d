/// What can be done to a connection, as the stores do it: each returns what the audit log is to say
/// of it, or `nil` if nothing has changed that is worth a word.
extension Connection {
    /// How the making of this one is logged.
    package var creationNote: AuditNote {
        AuditNote(
            .connectionCreated,
            [
                cohortSync.map { _ in "cohort_sync" },
                serviceAccount.map { _ in "service_account" },
            ].compactMap(\.self))
    }

    package mutating func change(
        by edit: ConnectionEdit, at now: Timestamp
    ) throws(Failure) -> AuditNote? {
        try refuseDeclared()
        apply(edit, at: now)
        return edit.settings.isEmpty ? nil : AuditNote(.connectionChanged, edit.settings)
    }

    /// Sets what is known of the service account; `nil` takes it away.
    package mutating func set(_ account: ServiceAccount?, at now: Timestamp) -> AuditNote? {
        let changes = ServiceAccount.changes(from: serviceAccount, to: account)
        serviceAccount = account
        guard !changes.isEmpty else { return nil }
        updatedAt = now
        return AuditNote(.serviceAccountChanged, changes)
    }

    /// Sets what Mixpanel said of the service account, unless it is another one by now.
    ///
    /// A secret is sealed anew whenever it is set, so the sealed text tells one account from the
    /// next.
    package mutating func refresh(
        _ account: ServiceAccount, at now: Timestamp
    ) throws(Failure) -> AuditNote? {
        guard serviceAccount?.secret == account.secret else {
            throw Failure(
                .conflict,
                "The service account was changed while Mixpanel was asked about it; try again.")
        }
        return set(account, at: now)
    }

    /// Exchanges the sealed secret of the service account, unless it is another one by now.
    package mutating func reseal(_ old: SealedSecret, as new: SealedSecret) -> AuditNote? {
        guard serviceAccount?.secret == old, old != new else { return nil }
        serviceAccount?.secret = new
        return AuditNote(.serviceAccountRekeyed)
    }

    package func refuseDeclared() throws(Failure) {
        guard !isDeclared else {
            throw Failure(
                .conflict, "The configuration file declares this connection; change it there.")
        }
    }
}

// MARK: - The cohort sync

extension Connection {
    package mutating func setUp(_ new: CohortSync) throws(Failure) -> AuditNote? {
        guard cohortSync == nil else {
            throw Failure(.conflict, "The connection has a cohort sync already.")
        }
        cohortSync = new
        updatedAt = new.createdAt
        return AuditNote(.cohortSyncSetUp)
    }

    /// Adds a secret; the others end `overlapMilliseconds` from now, if not before.
    package mutating func add(
        _ secret: StoredSecret, overlapMilliseconds: Int64, at now: Timestamp
    ) throws(Failure) -> AuditNote? {
        try refuseDeclared()
        return try changeCohortSync(at: now) { sync throws(Failure) in
            guard !sync.secrets.contains(where: { $0.id == secret.id }) else {
                throw Failure(.conflict, "There is a secret \(secret.id.text) already.")
            }
            sync.end(at: now.later(by: overlapMilliseconds))
            sync.secrets.insert(secret, at: 0)
            try sync.forgetSurplus(at: now)
            return AuditNote(.secretRegenerated, [secret.id.text])
        }
    }

    /// Ends one secret, or all of them, at once.
    package mutating func revoke(
        _ secret: SecretID?, at now: Timestamp
    ) throws(Failure) -> AuditNote? {
        try changeCohortSync(at: now) { sync throws(Failure) in
            if let secret, !sync.secrets.contains(where: { $0.id == secret }) {
                throw Failure(.notFound, "There is no secret \(secret.text).")
            }
            let ended = sync.end(secret, at: now)
            return ended.isEmpty ? nil : AuditNote(.secretRevoked, ended.map(\.text))
        }
    }

    package mutating func switchCohortSync(
        on isOn: Bool, at now: Timestamp
    ) throws(Failure) -> AuditNote? {
        try changeCohortSync(at: now) { sync throws(Failure) in
            guard isOn == (sync.switchedOffAt != nil) else { return nil }
            sync.switchedOffAt = isOn ? nil : now
            return AuditNote(isOn ? .cohortSyncSwitchedOn : .cohortSyncSwitchedOff)
        }
    }

    /// Notes that a page was recorded with a secret.
    package mutating func noteUse(of secret: SecretID, at now: Timestamp) throws(Failure) {
        _ = try changeCohortSync(at: now) { sync throws(Failure) in
            guard let index = sync.secrets.firstIndex(where: { $0.id == secret }) else {
                throw Failure(.notFound, "There is no secret \(secret.text).")
            }
            sync.secrets[index].lastUsedAt = max(sync.secrets[index].lastUsedAt ?? now, now)
            sync.firstPageAt = sync.firstPageAt ?? now
            return nil
        }
    }

    private mutating func changeCohortSync(
        at now: Timestamp, _ work: (inout CohortSync) throws(Failure) -> AuditNote?
    ) throws(Failure) -> AuditNote? {
        guard var sync = cohortSync else {
            throw Failure(.notFound, "This connection has no cohort sync yet.")
        }
        let note = try work(&sync)
        cohortSync = sync
        if note != nil { updatedAt = now }
        return note
    }
}

extension CohortSync {
    /// Lets one secret, or all of them, be valid until `end` at most.
    ///
    /// Returns those that would have been valid for longer.
    @discardableResult
    fileprivate mutating func end(_ id: SecretID? = nil, at end: Timestamp) -> [SecretID] {
        var ended: [SecretID] = []
        for index in secrets.indices where (id ?? secrets[index].id) == secrets[index].id {
            if let expiry = secrets[index].expiresAt, expiry <= end { continue }
            secrets[index].expiresAt = end
            ended.append(secrets[index].id)
        }
        return ended
    }

    /// Keeps ``Limits/secretsMax``; those that ended longest ago go first.
    fileprivate mutating func forgetSurplus(at now: Timestamp) throws(Failure) {
        let ended = secrets.compactMap { secret in
            secret.expiresAt.flatMap { $0 <= now ? (at: $0, id: secret.id) : nil }
        }.sorted { $0.at < $1.at }
        let surplus = Set(ended.prefix(max(0, secrets.count - Limits.secretsMax)).map(\.id))
        secrets.removeAll { surplus.contains($0.id) }
        guard secrets.count <= Limits.secretsMax else {
            throw Failure(
                .conflict,
                "\(Limits.secretsMax) secrets of the connection are valid; revoke some of them.")
        }
    }
}

// MARK: - Declared connections

extension Connection {
    /// Becomes what the configuration file says.
    ///
    /// A secret whose hash is the same stays the one it was: when it was used, and that it was
    /// revoked, for a restart must not bring a leaked one back.
    package mutating func declare(as file: Connection, at now: Timestamp) -> AuditNote? {
        let sync = declared(file.cohortSync)
        let changes = [
            isDeclared ? nil : "declared",
            name == file.name ? nil : "name",
            referenceProperty == file.referenceProperty ? nil : "reference_property",
            traitsAllowed == file.traitsAllowed ? nil : "traits",
            guardMaxRemoved == file.guardMaxRemoved ? nil : "guard_max_removed_fraction",
            cohortSync?.username == sync?.username ? nil : "username",
            cohortSync?.secrets == sync?.secrets ? nil : "secret_hash",
        ].compactMap(\.self)
        guard !changes.isEmpty else { return nil }
        name = file.name
        referenceProperty = file.referenceProperty
        traitsAllowed = file.traitsAllowed
        guardMaxRemoved = file.guardMaxRemoved
        cohortSync = sync
        isDeclared = true
        updatedAt = now
        return AuditNote(.connectionDeclared, changes)
    }

    /// Is not declared any longer: its secrets were the file's.
    package mutating func undeclare(at now: Timestamp) -> AuditNote? {
        guard isDeclared else { return nil }
        isDeclared = false
        cohortSync?.secrets = []
        updatedAt = now
        return AuditNote(.connectionDeclared, ["undeclared"])
    }

    private func declared(_ file: CohortSync?) -> CohortSync? {
        guard var sync = file, let own = cohortSync else { return file }
        sync.secrets = sync.secrets.map { secret in
            own.secrets.first { $0.hash == secret.hash } ?? secret
        }
        sync.createdAt = own.createdAt
        sync.switchedOffAt = own.switchedOffAt
        sync.firstPageAt = own.firstPageAt
        return sync
    }
}

extension ServiceAccount {
    /// What is new about an account, by the names of the API; the time of the check and the
    /// message are not worth a word.
    fileprivate static func changes(
        from old: ServiceAccount?, to new: ServiceAccount?
    ) -> [String] {
        guard let old, let new else { return old == new ? [] : ["service_account"] }
        return [
            old.username == new.username ? nil : "username",
            old.secret == new.secret ? nil : "secret",
            old.status == new.status ? nil : "status",
            old.project == new.project ? nil : "project_id",
            old.projects == new.projects ? nil : "projects",
        ].compactMap(\.self)
    }
}

extension Timestamp {
    /// The moment `milliseconds` after, or the last one there is.
    fileprivate func later(by milliseconds: Int64) -> Timestamp {
        let (moment, overflow) = self.milliseconds.addingReportingOverflow(milliseconds)
        return Timestamp(milliseconds: overflow ? .max : moment)
    }
}
