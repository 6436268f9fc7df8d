import Audiences

extension StoreConformance {
    static let hookInvites: [StoreCase] = [
        StoreCase("what becomes of an invite is told, as the invite was then") { rig in
            try await rig.listen()
            _ = try await rig.track()
            try await rig.report(.shown, at: .start.after(1))
            _ = try await rig.accept(at: .start.after(2))
            try await rig.report(.completed, at: .start.after(3))
            let told = try await rig.toldInvites(at: .start.after(9))
            try expect(told.map(\.kind), [.inviteStarted, .inviteCompleted])
            try expect(told.map(\.at), [.start.after(2), .start.after(3)])
            let now = try await rig.store.invite(.make(1))
            try expect(
                told.map(\.subject),
                [
                    now.map { .invite($0.asOf(.start.after(2))) } ?? .nothing,
                    now.map { .invite($0) } ?? .nothing,
                ])
        },
        StoreCase("a dismissal is told, and a repeated report is not") { rig in
            try await rig.listen()
            _ = try await rig.track()
            for _ in 0..<2 { try await rig.report(.dismissed, at: .start.after(1)) }
            try await rig.report(.completed)
            _ = try await rig.accept()
            let told = try await rig.toldInvites(at: .start.after(9))
            try expect(told.map(\.kind), [.inviteDismissed])
        },
        StoreCase("an accept that is repeated or refused is told once or never") { rig in
            try await rig.listen()
            _ = try await rig.track()
            _ = try await rig.accept(by: "user-2")
            for _ in 0..<2 { _ = try await rig.accept(attempt: "a-1") }
            _ = try await rig.accept(attempt: "a-2")
            let told = try await rig.toldInvites(at: .start.after(9))
            try expect(told.map(\.kind), [.inviteStarted])
        },
        StoreCase("a hook hears of its own connection only, and what it wants, while it is on") {
            rig in
            try await rig.set(.make(2, events: [.inviteStarted]))
            try await rig.listen([.inviteCompleted])
            _ = try await rig.track()
            _ = try await rig.accept()
            try await rig.set(.make(events: [.inviteCompleted], isOn: false))
            try await rig.report(.completed)
            try await rig.set(.make(events: [.inviteCompleted]))
            try expect(try await rig.deliveries(), [])
            let others = try await rig.store.deliveries(
                of: .make(2), status: nil, ListRange()
            ).items
            try expect(others, [])
        },
        StoreCase("of an invite that was erased meanwhile nothing is told") { rig in
            try await rig.listen()
            _ = try await rig.track()
            _ = try await rig.accept()
            _ = try await rig.store.erase(
                matching: .make("user-1"), staysErased: false, at: .start)
            try expect(try await rig.take(), [])
            let failed = try await rig.deliveries(.failed)
            try expect(failed.map(\.lastProblem), [HookDelivery.nothingToTell])
        },
    ]
}

extension StoreRig {
    /// A study with a rule, and a hook that wants these.
    fileprivate func listen(
        _ events: Set<HookEvent.Kind> = [.inviteStarted, .inviteCompleted, .inviteDismissed]
    ) async throws {
        try await launch(.make(), .make())
        try await set(.make(events: events))
    }

    /// What waits, in the order in which it happened.
    fileprivate func toldInvites(at time: Timestamp) async throws -> [HookEvent] {
        try await take(at: time).map(\.event).sorted { $0.at < $1.at }
    }
}
