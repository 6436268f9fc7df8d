package import Audiences

/// Users of the element API, their instances and bulk jobs.
struct MemoryElements: Sendable {
    struct Held: Sendable {
        var job: BulkJob
        var worker: String?
        var leaseEnd: Timestamp?
    }

    var users: [ElementUser] = []
    var usersMade: Int64 = 0
    var instances: [ElementInstance] = []
    var instancesMade: Int64 = 0
    var jobs: [Held] = []
    var jobsMade: Int64 = 0

    mutating func part(from connection: ConnectionID) {
        for index in instances.indices where instances[index].connection == connection {
            instances[index].connection = nil
        }
    }

    func index(_ id: Int64, of organization: OrganizationID) throws(Failure) -> Int {
        let index = instances.firstIndex { $0.id == id && $0.organization == organization }
        guard let index else { throw Failure(.notFound, "No instance found with ID \(id)") }
        return index
    }

    func index(ofJob id: Int64, heldBy worker: String) throws(Failure) -> Int {
        let index = jobs.firstIndex {
            $0.job.id == id && $0.worker == worker && !$0.job.status.isFinal
        }
        guard let index else { throw Failure(.conflict, "Somebody else has the bulk job.") }
        return index
    }
}

extension MemoryState {
    mutating func removeInstance(at index: Int, for operation: Operation, at now: Timestamp) {
        let id = elements.instances.remove(at: index).id
        elements.jobs.removeAll { $0.job.instance == id }
        log(AuditNote(.instanceDeleted), on: "instance \(id)", for: operation, at: now)
    }
}

extension MemoryStore: ElementUserStore {
    package func create(
        _ user: ElementUser, for operation: Operation
    ) async throws(Failure) -> ElementUser {
        try administer(operation) { state throws(Failure) in
            guard !state.elements.users.contains(where: { $0.id == user.id }) else {
                throw Failure(.conflict, "There is an element user \(user.id.text) already.")
            }
            state.elements.usersMade += 1
            var made = user
            made.number = state.elements.usersMade
            state.elements.users.append(made)
            state.log(
                AuditNote(.elementUserCreated), on: user.id.text, for: operation,
                at: user.createdAt)
            return made
        }
    }

    package func elementUsers(
        _ range: ListRange
    ) async throws(Failure) -> ListPage<ElementUser> {
        try access { state throws(Failure) in
            let rows = state.elements.users.map { (offset: Int($0.number), element: $0) }
            return try state.page(rows, range, "element users")
        }
    }

    package func elementUser(_ id: ElementUserID) async throws(Failure) -> ElementUser? {
        try access { state throws(Failure) in state.elements.users.first { $0.id == id } }
    }

    package func removeElementUser(
        _ id: ElementUserID, at now: Timestamp, for operation: Operation
    ) async throws(Failure) -> Int {
        try administer(operation) { state throws(Failure) in
            guard let index = state.elements.users.firstIndex(where: { $0.id == id }) else {
                throw Failure(.notFound, "There is no element user \(id.text).")
            }
            let organization = state.elements.users.remove(at: index).organization
            var count = 0
            if !state.elements.users.contains(where: { $0.organization == organization }) {
                while let own = state.elements.instances.firstIndex(where: {
                    $0.organization == organization
                }) {
                    state.removeInstance(at: own, for: operation, at: now)
                    count += 1
                }
            }
            let note = AuditNote(.elementUserRemoved, ["instances \(count)"])
            state.log(note, on: id.text, for: operation, at: now)
            return count
        }
    }
}

extension MemoryStore: InstanceStore {
    package func create(
        _ instance: ElementInstance, for operation: Operation
    ) async throws(Failure) -> ElementInstance {
        try administer(operation) { state throws(Failure) in
            let count = state.elements.instances.count {
                $0.organization == instance.organization
            }
            guard count < Limits.instancesMax else {
                throw Failure(.conflict, "There are too many instances.")
            }
            state.elements.instancesMade += 1
            var made = instance
            made.id = state.elements.instancesMade
            state.elements.instances.append(made)
            state.log(
                AuditNote(.instanceCreated), on: "instance \(made.id)", for: operation,
                at: instance.createdAt)
            return made
        }
    }

    package func instance(
        _ id: Int64, of organization: OrganizationID?
    ) async throws(Failure) -> ElementInstance? {
        try access { state throws(Failure) in
            state.elements.instances.first {
                $0.id == id && $0.organization == organization ?? $0.organization
            }
        }
    }

    package func instance(tokenDigest: String) async throws(Failure) -> ElementInstance? {
        try access { state throws(Failure) in
            state.elements.instances.first { $0.token.digest == tokenDigest }
        }
    }

    package func instances(
        matching filter: InstanceFilter, _ range: ListRange
    ) async throws(Failure) -> ListPage<ElementInstance> {
        try access { state throws(Failure) in
            let own = state.elements.instances.filter {
                (filter.organization ?? $0.organization) == $0.organization && filter.matches($0)
            }
            return try state.page(
                own.map { (offset: Int($0.id), element: $0) }, range, "instances")
        }
    }

    package func update(
        _ id: Int64, of organization: OrganizationID, with edit: InstanceEdit, at now: Timestamp,
        for operation: Operation
    ) async throws(Failure) -> ElementInstance {
        try administer(operation) { state throws(Failure) in
            let index = try state.elements.index(id, of: organization)
            let note = try state.elements.instances[index].apply(edit, at: now)
            if let note { state.log(note, on: "instance \(id)", for: operation, at: now) }
            return state.elements.instances[index]
        }
    }

    package func delete(
        _ id: Int64, of organization: OrganizationID, at now: Timestamp, for operation: Operation
    ) async throws(Failure) {
        try administer(operation) { state throws(Failure) in
            let index = try state.elements.index(id, of: organization)
            state.removeInstance(at: index, for: operation, at: now)
        }
    }

    package func note(
        _ check: CredentialCheck, of id: Int64, having credential: SealedSecret
    ) async throws(Failure) {
        try access { state throws(Failure) in
            let index = state.elements.instances.firstIndex {
                $0.id == id && $0.credential.sealed == credential
            }
            if let index { state.elements.instances[index].check = check }
        }
    }

    package func reseal(
        _ old: ElementInstance, token: SealedSecret, credential: SealedSecret
    ) async throws(Failure) {
        try access { state throws(Failure) in
            let index = state.elements.instances.firstIndex {
                $0.id == old.id && $0.token == old.token
                    && $0.credential.sealed == old.credential.sealed
            }
            guard let index else { return }
            state.elements.instances[index].token.sealed = token
            state.elements.instances[index].credential.sealed = credential
        }
    }
}

extension MemoryStore: BulkJobStore {
    package func start(_ job: BulkJob) async throws(Failure) -> BulkJob {
        try access { state throws(Failure) in
            guard state.elements.instances.contains(where: { $0.id == job.instance }) else {
                throw Failure(.notFound, "No instance found with ID \(job.instance)")
            }
            let open = state.elements.jobs.count {
                $0.job.instance == job.instance && !$0.job.status.isFinal
            }
            guard open < Limits.openBulkJobsMax else {
                throw Failure(.conflict, "There are too many bulk jobs.")
            }
            state.elements.jobsMade += 1
            var made = job
            made.id = state.elements.jobsMade
            state.elements.jobs.append(MemoryElements.Held(job: made))
            return made
        }
    }

    package func bulkJobs(
        of instance: Int64, _ range: ListRange
    ) async throws(Failure) -> ListPage<BulkJob> {
        try access { state throws(Failure) in
            let own = state.elements.jobs.map(\.job).filter { $0.instance == instance }
            // Newest first: counted down from the number after all.
            let rows = own.reversed().map { (offset: Int.max - Int($0.id), element: $0) }
            return try state.page(rows, range, "bulk jobs")
        }
    }

    package func bulkJob(_ id: Int64, of instance: Int64) async throws(Failure) -> BulkJob? {
        try access { state throws(Failure) in
            state.elements.jobs.map(\.job).first { $0.id == id && $0.instance == instance }
        }
    }

    package func cancelBulkJob(
        _ id: Int64, of instance: Int64, at now: Timestamp
    ) async throws(Failure) -> BulkJob {
        try access { state throws(Failure) in
            let index = state.elements.jobs.firstIndex {
                $0.job.id == id && $0.job.instance == instance
            }
            guard let index else { throw Failure(.notFound, "No bulk job found with ID \(id)") }
            guard !state.elements.jobs[index].job.status.isFinal else {
                throw Failure(.conflict, "The bulk job is finished already.")
            }
            state.elements.jobs[index].end(as: .cancelled, message: nil, at: now)
            return state.elements.jobs[index].job
        }
    }

    package func claimBulkJob(
        until leaseEnd: Timestamp, by worker: String, at now: Timestamp
    ) async throws(Failure) -> ClaimedBulkJob? {
        try access { state throws(Failure) in
            let index = state.elements.jobs.firstIndex { held in
                !held.job.status.isFinal && (held.leaseEnd.map { $0 <= now } ?? true)
                    && (held.job.resumesAt.map { $0 <= now } ?? true)
            }
            guard let index else { return nil }
            state.elements.jobs[index].worker = worker
            state.elements.jobs[index].leaseEnd = leaseEnd
            state.elements.jobs[index].job.status = .running
            state.elements.jobs[index].job.message = nil
            state.elements.jobs[index].job.resumesAt = nil
            let job = state.elements.jobs[index].job
            return state.elements.instances.first { $0.id == job.instance }
                .map { ClaimedBulkJob(job: job, instance: $0) }
        }
    }

    package func keep(
        _ progress: BulkJob.Progress, ofBulkJob id: Int64, by worker: String,
        until leaseEnd: Timestamp
    ) async throws(Failure) {
        try access { state throws(Failure) in
            let index = try state.elements.index(ofJob: id, heldBy: worker)
            state.elements.jobs[index].job.progress = progress
            state.elements.jobs[index].leaseEnd = leaseEnd
        }
    }

    package func renewBulkJob(
        _ id: Int64, by worker: String, until leaseEnd: Timestamp
    ) async throws(Failure) {
        try access { state throws(Failure) in
            let index = try state.elements.index(ofJob: id, heldBy: worker)
            state.elements.jobs[index].leaseEnd = leaseEnd
        }
    }

    package func concludeBulkJob(
        _ id: Int64, as status: BulkJob.Status, message: String?, resumesAt: Timestamp?,
        by worker: String, at now: Timestamp
    ) async throws(Failure) {
        try access { state throws(Failure) in
            let index = try state.elements.index(ofJob: id, heldBy: worker)
            guard !status.isFinal else {
                return state.elements.jobs[index].end(as: status, message: message, at: now)
            }
            state.elements.jobs[index].worker = nil
            state.elements.jobs[index].leaseEnd = nil
            state.elements.jobs[index].job.message = message
            state.elements.jobs[index].job.resumesAt = resumesAt
        }
    }

    package func forgetBulkJobs(endedBefore moment: Timestamp) async throws(Failure) -> Bool {
        try access { state throws(Failure) in
            state.elements.jobs.removeAll { $0.job.finishedAt.map { $0 < moment } ?? false }
            return false
        }
    }

    package func bulkJobsWithFiles(
        among ids: [Int64]
    ) async throws(Failure) -> Set<Int64> {
        try access { state throws(Failure) in
            let jobs = state.elements.jobs.map(\.job)
            return Set(jobs.filter { !$0.status.isFinal || $0.status == .completed }.map(\.id))
                .intersection(ids)
        }
    }
}

extension MemoryElements.Held {
    fileprivate mutating func end(as status: BulkJob.Status, message: String?, at now: Timestamp) {
        job.status = status
        job.message = message
        job.resumesAt = nil
        job.finishedAt = now
        worker = nil
        leaseEnd = nil
    }
}
