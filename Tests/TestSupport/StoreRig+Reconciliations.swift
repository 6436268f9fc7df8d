package import Audiences

extension ReconciliationID {
    package static func make(_ number: UInt8) -> ReconciliationID {
        make(from: [UInt8](repeating: number, count: 16))
    }
}

/// Short words for what a worker `w1` does about reconciliation 1 of the default cohort.
extension StoreRig {
    static let leaseEnd = Timestamp.start.after(minutes: 3)

    func start(
        _ number: UInt8, of audience: AudienceID? = nil, repairs: Bool = false,
        force: Bool = false
    ) async throws {
        var id = audience
        if id == nil { id = try await theAudience().id }
        guard let id else { return }
        try await store.start(
            Reconciliation(
                id: .make(number), audience: id, repairs: repairs, isForced: force,
                createdAt: .start), for: .test)
    }

    @discardableResult
    func claim(
        _ worker: String = "w1", at time: Timestamp = .start
    ) async throws -> Reconciliation? {
        let end = max(Self.leaseEnd, time.after(minutes: 3))
        return try await store.claim(until: end, by: worker, at: time)
    }

    /// Starts and claims.
    func reconcile(repairs: Bool = false) async throws {
        try await start(1, repairs: repairs)
        try await claim()
    }

    @discardableResult
    func read(
        _ people: [String], page: Int = 1, next: String? = nil, by worker: String = "w1",
        until end: Timestamp = StoreRig.leaseEnd
    ) async throws -> Reconciliation {
        try await read(
            members: people.map { .make($0) }, page: page, next: next, by: worker, until: end)
    }

    @discardableResult
    func read(
        members: [MemberRecord], page: Int = 1, next: String? = nil, by worker: String = "w1",
        until end: Timestamp = StoreRig.leaseEnd
    ) async throws -> Reconciliation {
        try await store.keep(
            members, progress: .init(queryID: next, pagesRead: page), of: .make(1), by: worker,
            until: end)
    }

    func compare(notExported: Int? = nil) async throws -> Reconciliation.Differences {
        while true {
            let result = try await store.compare(
                .make(1), notExported: notExported, by: "w1", until: Self.leaseEnd)
            if let result { return result }
        }
    }

    /// One step; returns whether there is more to be mended.
    func repair(
        limit: Int = 1000, at time: Timestamp = .start
    ) async throws -> Bool {
        try await store.repair(
            .make(1), limit: limit, by: "w1", until: Self.leaseEnd, at: time)
    }

    /// Reads a list, compares, mends everything and finishes.
    func mend(to people: [String], at time: Timestamp = .start) async throws {
        try await read(people)
        _ = try await compare()
        while try await repair(at: time) {}
        try await conclude(.finished, at: time)
    }

    func conclude(
        _ status: Reconciliation.Status, _ message: String? = nil, until: Timestamp? = nil,
        number: UInt8 = 1, by worker: String = "w1", at time: Timestamp = .start
    ) async throws {
        try await store.conclude(
            .make(number), as: status, message: message, resumesAt: until, by: worker, at: time)
    }

    func reconciliation(_ number: UInt8 = 1) async throws -> Reconciliation {
        guard let found = try await store.reconciliation(.make(number)) else {
            throw Violation(description: "no reconciliation \(number)")
        }
        return found
    }

    /// `+id` for those who are missing, then `-id` for the others; either in the order of ids.
    func differences(limit: Int = 1000) async throws -> [String] {
        var told: [String] = []
        var range = ListRange(limit: limit)
        repeat {
            let page = try await store.differences(of: .make(1), range)
            guard page.items.count <= limit else {
                throw Violation(description: "a page of \(page.items.count)")
            }
            told += page.items.map { ($0.kind == .missing ? "+" : "-") + $0.distinctID.text }
            range.after = page.next
        } while range.after != nil
        return told.filter { $0.hasPrefix("+") }.sorted()
            + told.filter { $0.hasPrefix("-") }.sorted()
    }

    /// The reconciliations of the default cohort, newest first.
    func history(limit: Int = 1000) async throws -> [ReconciliationID] {
        var ids: [ReconciliationID] = []
        var range = ListRange(limit: limit)
        repeat {
            let page = try await store.reconciliations(of: theAudience().id, range)
            ids += page.items.map(\.id)
            range.after = page.next
        } while range.after != nil
        return ids
    }

    /// Sends a replacement of so many people, 1000 a page.
    func fill(_ people: [String]) async throws {
        let pages = (people.count + 999) / 1000
        for page in 0..<pages {
            try await send(
                .make(
                    .members, Array(people[page * 1000..<min(people.count, page * 1000 + 1000)]),
                    session: "fill", page: page + 1, of: pages))
        }
    }
}
