import Audiences

extension StoreConformance {
    static let deliveries: [StoreCase] = [
        StoreCase("a test event goes to a hook that wants nothing else") { rig in
            try await rig.set(.make(events: [.audienceLeft]))
            try expect(try await rig.store.dueHooks(at: .start), [])
            try await rig.test(at: .start.after(5))
            try expect(try await rig.store.dueHooks(at: .start), [])
            try expect(try await rig.store.dueHooks(at: .start.after(5)), [.make(1)])
            let message = try await rig.take(at: .start.after(5)).first
            try expect(
                message?.event,
                HookEvent(kind: .test, at: .start.after(5), subject: .nothing))
            try await rig.conclude(message, HookAttempt(answer: 204), at: .start.after(7))
            let ended = try await rig.deliveries()
            try expect(ended.map(\.status), [.delivered])
            try expect(ended[0].attempts, 1)
            try expect(ended[0].lastAnswer, 204)
            try expect(ended[0].lastAttemptAt, .start.after(7))
            try expect(ended[0].nextAttemptAt, nil)
            try expect(try await rig.store.dueHooks(at: .start.after(hours: 99)), [])
        },
        StoreCase("what waits for hooks is counted, and since when it does") { rig in
            try expect(try await rig.store.hookBacklog(), HookBacklog())
            try await rig.set(.make())
            try await rig.test(1)
            try await rig.test(2, at: .start.after(5))
            try expect(
                try await rig.store.hookBacklog(), HookBacklog(waiting: 2, oldest: .start))
            let first = try await rig.take(limit: 1, at: .start.after(9)).first
            try expect(try await rig.store.hookBacklog().waiting, 2)
            try await rig.conclude(first, HookAttempt(answer: 200), at: .start.after(9))
            try expect(
                try await rig.store.hookBacklog(),
                HookBacklog(waiting: 1, oldest: .start.after(5)))
            var off = Hook.make()
            off.isOn = false
            try await rig.set(off)
            try expect(try await rig.store.hookBacklog(), HookBacklog())
        },
        StoreCase("what was claimed is nobody else's until the lease ends, and then due again") {
            rig in
            try await rig.set(.make())
            try await rig.test()
            let first = try await rig.take()
            try expect(first.count, 1)
            try expect(try await rig.take(), [])
            try expect(try await rig.store.dueHooks(at: .start.after(59_999)), [])
            let again = try await rig.take(at: .start.after(minutes: 1))
            try expect(again.map(\.delivery.id), first.map(\.delivery.id))
            try expect(again.map(\.event), first.map(\.event))
            try expect(again.map(\.delivery.attempts), [0])
        },
        StoreCase("a failed attempt is made again later, until it is given up") { rig in
            try await rig.set(.make())
            try await rig.test()
            var now = Timestamp.start
            var attempts = 0
            while let next = try await rig.deliveries()[0].nextAttemptAt {
                try expect(next >= now, true)
                now = next
                try expect(try await rig.take(at: now.after(-1)), [])
                _ = try await rig.attempt(HookAttempt(answer: 500, problem: "500."), at: now)
                attempts += 1
            }
            let ended = try await rig.deliveries()[0]
            try expect(ended.status, .failed)
            try expect(ended.attempts, attempts)
            try expect(ended.lastProblem, "500.")
            try expect((15...30).contains(attempts), true)
            try expect(now.since(.start) <= Limits.hookPatienceMilliseconds, true)
        },
        StoreCase("those that wait for longest are claimed first, and no more than asked for") {
            rig in
            try await rig.set(.make())
            for number in [3, 1, 2] as [UInt8] { try await rig.test(number, at: .start) }
            try await rig.test(9, at: .start.after(-1))
            let first = try await rig.take(limit: 1)
            try expect(first.map(\.delivery.createdAt), [.start.after(-1)])
            try expect(try await rig.take(limit: 2).count, 2)
            try expect(try await rig.take(limit: 2).count, 1)
        },
        StoreCase("deliveries are listed newest first, by pages and by status") { rig in
            try await rig.set(.make())
            for number in 1...5 as ClosedRange<UInt8> { try await rig.test(number) }
            let taken = try await rig.take(limit: 2)
            for message in taken { try await rig.conclude(message, HookAttempt(answer: 200)) }
            let all = try await rig.deliveries()
            try expect(all.count, 5)
            try expect(all.map(\.status).prefix(3), [.waiting, .waiting, .waiting])
            try expect(try await rig.deliveries(limit: 2), all)
            try expect(try await rig.deliveries(.delivered, limit: 1), Array(all.suffix(2)))
            try expect(try await rig.deliveries(.failed), [])
            let other = ListRange(after: Cursor("k1-0-1"))
            try await expect(.invalid) {
                _ = try await rig.store.deliveries(of: .make(1), status: nil, other)
            }
            try await expect(.notFound) {
                _ = try await rig.store.deliveries(of: .make(2), status: nil, ListRange())
            }
        },
        StoreCase("whatever became of a delivery, it can be replayed from the beginning") { rig in
            try await rig.set(.make())
            try await rig.test()
            var ended = try await rig.attempt(HookAttempt(answer: 200), at: .start)
            let id = try await rig.deliveries()[0].id
            let replayed = try await rig.replay(id, at: .start.after(hours: 90))
            try expect(replayed.status, .waiting)
            try expect(replayed.attempts, 0)
            try expect(replayed.queuedAt, .start.after(hours: 90))
            try expect(try await rig.deliveries(), [replayed])
            ended = try await rig.attempt(
                HookAttempt(problem: "Silence."), at: .start.after(hours: 90))
            try expect(ended?.status, .waiting)
            let log = try await rig.store.auditLog(
                matching: AuditFilter(action: .deliveryReplayed), ListRange())
            try expect(log.items.map(\.details), [[id.text]])
            let unknown = HookDeliveryID.make(from: [UInt8](repeating: 31, count: 16))
            try await expect(.notFound) { _ = try await rig.replay(unknown) }
            try await rig.set(.make(2))
            try await expect(.notFound) {
                _ = try await rig.store.replay(id, of: .make(2), at: .start, for: .test)
            }
        },
        StoreCase("a hook that was taken away leaves nothing to the next one") { rig in
            try await rig.set(.make())
            try await rig.test()
            let message = try await rig.take().first
            try await rig.set(nil)
            try await rig.set(.make())
            try expect(try await rig.deliveries(), [])
            try await rig.conclude(message, HookAttempt(answer: 500, problem: "500."))
            try expect(try await rig.deliveries(), [])
            try await rig.tidy(at: .start.after(hours: 1))
            try expect(try await rig.store.dueHooks(at: .start.after(hours: 1)), [])
        },
        StoreCase("what was sent is forgotten after a while, counted from a replay") { rig in
            let week = Retention().hookLogMilliseconds
            try await rig.set(.make())
            try await rig.test(1)
            try await rig.test(2)
            for message in try await rig.take() {
                try await rig.conclude(message, HookAttempt(answer: 200))
            }
            let kept = try await rig.deliveries()[0].id
            _ = try await rig.replay(kept, at: .start.after(1))
            try await rig.tidy(at: .start.after(week))
            try expect(try await rig.deliveries().count, 2)
            try await rig.tidy(at: .start.after(week + 1))
            try expect(try await rig.deliveries().map(\.id), [kept])
            try await rig.tidy(at: .start.after(week + 2))
            try expect(try await rig.deliveries(), [])
        },
    ]

    static let hookChanges: [StoreCase] = [
        StoreCase("a hook is told of changes from the moment it asked for them") { rig in
            try await rig.send(.make(.addMembers, ["ada"]))
            try await rig.set(.make(events: [.inviteStarted]))
            try await rig.send(.make(.addMembers, ["bo"], session: "S2"))
            try await rig.set(.make(events: [.audienceEntered]))
            try await rig.send(.make(.addMembers, ["cy"], session: "S3"), at: .start.after(5))
            try await rig.send(.make(.removeMembers, ["ada"], session: "S3"))
            try await rig.send(.make(.addMembers, ["dee"], session: "S3"), from: 2)
            try expect(try await rig.follow(at: .start.after(9)), ["+cy"])
            try await rig.set(.make(events: [.audienceEntered, .audienceLeft]))
            try await rig.send(.make(.removeMembers, ["bo"], session: "S4"))
            try expect(try await rig.follow(), ["-bo"])
            let told = try await rig.deliveries().last
            try expect(told?.kind, .audienceEntered)
            try expect(told?.createdAt, .start.after(9))
            try expect(told?.connectionID, .make(1))
        },
        StoreCase("it is told exactly what the feed tells, at the time of the feed") { rig in
            let person = MemberRecord.make("d1", reference: "user-1")
            try await rig.set(.make(events: [.audienceEntered]))
            try await rig.send(.make(.members, members: [person]), at: .start.after(5))
            try await rig.tidy(at: .start.after(6))
            while try await rig.store.followChanges(at: .start.after(7)) {}
            let message = try await rig.take(at: .start.after(7)).first
            let change = try await rig.changes()[0]
            try expect(
                message?.event,
                HookEvent(
                    kind: .audienceEntered, at: .start.after(5), subject: .change(change)))
        },
        StoreCase("what happens while a hook is off it is never told") { rig in
            try await rig.set(.make(events: [.audienceEntered]))
            try await rig.set(.make(events: [.audienceEntered], isOn: false))
            try await rig.send(.make(.addMembers, ["ada"]))
            try expect(try await rig.follow(), [])
            try await rig.set(.make(events: [.audienceEntered]))
            try await rig.send(.make(.addMembers, ["bo"], session: "S2"))
            try expect(try await rig.follow(), ["+bo"])
        },
        StoreCase("of somebody who was erased nothing is told, and what waits fails") { rig in
            try await rig.set(.make(events: [.audienceEntered, .audienceLeft]))
            try await rig.send(.make(.addMembers, ["ada", "bo"]))
            while try await rig.store.followChanges(at: .start) {}
            _ = try await rig.store.erase(matching: .make("ada"), staysErased: false, at: .start)
            try expect(try await rig.follow(), ["+bo"])
            let failed = try await rig.deliveries(.failed)
            try expect(failed.map(\.lastProblem), [HookDelivery.nothingToTell])
            try expect(failed.map(\.attempts), [0])
        },
        StoreCase("a hook of a deleted connection follows nothing") { rig in
            try await rig.set(.make(events: [.audienceEntered]))
            try await rig.send(.make(.addMembers, ["ada"]))
            try await rig.store.delete(.make(1), at: .start)
            try expect(try await rig.store.followChanges(at: .start), false)
            try expect(try await rig.store.dueHooks(at: .start), [])
        },
    ]
}

extension StoreRig {
    /// Follows the feed to its end and delivers everything: what that told, as `+ada` and `-bo`.
    func follow(at time: Timestamp = .start) async throws -> [String] {
        while try await store.followChanges(at: time) {}
        var told: [String] = []
        for message in try await take(at: time) {
            if case .change(let change) = message.event.subject { told.append(change.story) }
            try await conclude(message, HookAttempt(answer: 200), at: time)
        }
        return told
    }
}
