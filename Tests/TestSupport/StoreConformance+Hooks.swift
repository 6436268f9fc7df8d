import Audiences

extension StoreConformance {
    static let hooks: [StoreCase] = [
        StoreCase("a hook is kept as it was made, and changed, and taken away") { rig in
            try expect(try await rig.store.hook(of: .make(1)), nil)
            var hook = Hook.make(events: [.inviteStarted, .audienceLeft])
            hook.secrets = [.make("b", at: .start.after(1)), .make("a", until: .start.after(9))]
            try await rig.set(hook)
            try expect(try await rig.store.hook(of: .make(1)), hook)
            try expect(try await rig.store.hook(of: .make(2)), nil)
            hook.edit(url: .make(2), events: [.inviteCompleted], isOn: false, at: .start.after(2))
            hook.secrets = [.make("c")]
            try await rig.set(hook)
            try expect(try await rig.store.hook(of: .make(1)), hook)
            try await rig.set(nil)
            try expect(try await rig.store.hook(of: .make(1)), nil)
        },
        StoreCase("what was done to a hook is in the audit log, and no value") { rig in
            var hook = Hook.make()
            try await rig.set(hook)
            try await rig.set(hook)
            hook.edit(url: .make(2), events: [.audienceLeft], isOn: true, at: .start)
            try await rig.set(hook)
            hook.edit(url: .make(2), events: [.audienceLeft], isOn: false, at: .start)
            try await rig.set(hook)
            hook.secrets[0].sealed = SealedSecret("anew")
            try await rig.set(hook)
            hook.secrets.insert(.make("b", at: .start.after(1)), at: 0)
            try await rig.set(hook)
            try await rig.set(nil)
            let log = try await rig.store.auditLog(
                matching: AuditFilter(target: ConnectionID.make(1).text), ListRange()
            ).items.filter { $0.action != .connectionCreated }.reversed()
            try expect(
                log.map(\.details),
                [
                    ["url", "events", "secret"], ["url", "events"], ["enabled"], ["rekeyed"],
                    ["secret"], [],
                ])
            try expect(Set(log.dropLast().map(\.action)), [.hookChanged])
            try expect(log.last?.action, .hookRemoved)
        },
        StoreCase("only a connection that is there has a hook, and it goes with it") { rig in
            try await expect(.notFound) { try await rig.set(.make(9)) }
            try await rig.set(.make())
            try await rig.test()
            try await rig.store.delete(.make(1), at: .start)
            try expect(try await rig.store.hook(of: .make(1)), nil)
            try expect(try await rig.store.dueHooks(at: .start), [])
            try await expect(.notFound) { _ = try await rig.deliveries() }
            try await expect(.notFound) { try await rig.test() }
            try await expect(.notFound) { try await rig.set(.make()) }
            try await rig.tidy(at: .start)
        },
        StoreCase("a refused change leaves the hook and the log as they were") { rig in
            try await rig.set(.make())
            let before = try await rig.store.auditLog(matching: AuditFilter(), ListRange()).items
            try await expect(.conflict) {
                try await rig.store.changeHook(of: .make(1), at: .start, for: .test) {
                    hook throws(Failure) in
                    hook = nil
                    throw Failure(.conflict, "No.")
                }
            }
            try expect(try await rig.store.hook(of: .make(1)), .make())
            let after = try await rig.store.auditLog(matching: AuditFilter(), ListRange()).items
            try expect(after, before)
        },
        StoreCase("an answer 410 switches the hook off, and the server says so") { rig in
            try await rig.set(.make())
            try await rig.test()
            let gone = HookAttempt(answer: 410, problem: "Gone.")
            let ended = try await rig.attempt(gone, at: .start)
            try expect(ended?.status, .failed)
            try expect(try await rig.store.hook(of: .make(1))?.isOn, false)
            let entry = try await rig.store.auditLog(matching: AuditFilter(), ListRange()).items[0]
            try expect(entry.actor, .server)
            try expect(entry.details, ["enabled"])
        },
        StoreCase("an answer 410 of an address that is the hook's no more does not") { rig in
            try await rig.set(.make())
            try await rig.test()
            let message = try await rig.take().first
            var hook = Hook.make()
            hook.edit(url: .make(2), events: hook.events, isOn: true, at: .start)
            try await rig.set(hook)
            try await rig.conclude(message, HookAttempt(answer: 410, problem: "Gone."))
            try expect(try await rig.store.hook(of: .make(1))?.isOn, true)
            try expect(try await rig.deliveries().map(\.status), [.failed])
        },
        StoreCase("from a hook that is off nothing is sent, and nothing is promised") { rig in
            try await rig.set(.make())
            try await rig.test()
            let delivery = try await rig.deliveries()[0]
            try await rig.set(.make(isOn: false))
            try expect(try await rig.store.dueHooks(at: .start), [])
            try expect(try await rig.take(), [])
            try await expect(.conflict) { try await rig.test(2) }
            try await expect(.conflict) { _ = try await rig.replay(delivery.id) }
            try expect(try await rig.deliveries(), [delivery])
            try await rig.set(.make())
            try expect(try await rig.take().map(\.delivery.id), [delivery.id])
        },
    ]
}

extension Hook {
    static func make(
        _ connection: UInt8 = 1, events: Set<HookEvent.Kind> = [.inviteStarted],
        isOn: Bool = true
    ) -> Hook {
        Hook(
            connectionID: .make(connection), url: .make(), events: events,
            secrets: [.make("a")], isOn: isOn, createdAt: .start)
    }
}

extension HookURL {
    static func make(_ number: Int = 1) -> HookURL {
        guard let url = HookURL("https://hooks.lumen.example/muster/\(number)") else {
            preconditionFailure("not a hook's url")
        }
        return url
    }
}

extension HookSecret {
    static func make(
        _ text: String, at time: Timestamp = .start, until end: Timestamp? = nil
    ) -> HookSecret {
        HookSecret(sealed: SealedSecret(text), createdAt: time, expiresAt: end)
    }
}

extension StoreRig {
    func set(_ hook: Hook?) async throws {
        try await store.changeHook(of: hook?.connectionID ?? .make(1), at: .start, for: .test) {
            $0 = hook
        }
    }

    /// Has the `number`th test event sent to connection 1.
    func test(_ number: UInt8 = 1, at time: Timestamp = .start) async throws {
        let delivery = HookDelivery(
            id: .make(from: [UInt8](repeating: number, count: 16)), connectionID: .make(1),
            kind: .test, createdAt: time)
        try await store.sendTest(delivery, for: .test)
    }

    func take(limit: Int = 100, at time: Timestamp = .start) async throws -> [HookMessage] {
        try await store.claimDeliveries(
            of: .make(1), limit: limit, until: time.after(minutes: 1), at: time)
    }

    func conclude(
        _ message: HookMessage?, _ attempt: HookAttempt, at time: Timestamp = .start
    ) async throws {
        guard var delivery = message?.delivery else { throw Violation(description: "no message") }
        delivery.note(attempt, at: time, jitter: 0)
        try await store.conclude(delivery, sentTo: .make(), at: time)
    }

    /// Claims one and lets it end so; what became of it.
    func attempt(
        _ attempt: HookAttempt, at time: Timestamp
    ) async throws -> HookDelivery? {
        let message = try await take(limit: 1, at: time).first
        try await conclude(message, attempt, at: time)
        return try await deliveries().first { $0.id == message?.delivery.id }
    }

    func deliveries(
        _ status: HookDelivery.Status? = nil, limit: Int = 1000
    ) async throws -> [HookDelivery] {
        var found: [HookDelivery] = []
        var range = ListRange(limit: limit)
        repeat {
            let page = try await store.deliveries(of: .make(1), status: status, range)
            found += page.items
            range.after = page.next
        } while range.after != nil
        return found
    }

    func replay(_ id: HookDeliveryID, at time: Timestamp = .start) async throws -> HookDelivery {
        try await store.replay(id, of: .make(1), at: time, for: .test)
    }
}
