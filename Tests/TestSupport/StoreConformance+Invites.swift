import Audiences

extension StoreConformance {
    /// Each a story of its own, which names its seed if it fails.
    static let launchHistories: [StoreCase] = (0..<12 as Range<UInt64>).map { seed in
        StoreCase("story \(seed) of invited people is the same as in memory") { rig in
            var history = LaunchHistory(on: rig.store, seed: seed)
            try await history.play(steps: 150)
        }
    }

    static let invites: [StoreCase] = [
        StoreCase("invites are listed newest first, by whatever they are asked for") { rig in
            try await rig.makeInvites()
            let filters: [(InviteFilter, [Int])] = [
                (InviteFilter(), [4, 3, 2, 1]),
                (InviteFilter(connection: .make(1)), [3, 2, 1]),
                (InviteFilter(study: .make(1)), [2, 1]),
                (InviteFilter(rule: .make(2)), [3]),
                (InviteFilter(matchID: .make("user-1")), [4, 3, 1]),
                (InviteFilter(rule: .make(1), matchID: .make("user-1")), [1]),
                (InviteFilter(connection: .make(2), matchID: .make("user-1")), [4]),
                (InviteFilter(connection: .make(2), study: .make(1)), []),
                (InviteFilter(study: .make(2), rule: .make(1)), []),
                (InviteFilter(study: .make(2), matchID: .make("user-1")), [3]),
                (InviteFilter(rule: .make(9)), []), (InviteFilter(matchID: .make("USER-1")), []),
            ]
            for (filter, expected) in filters {
                var (found, range) = ([InviteCode](), ListRange(limit: 1))
                repeat {
                    let page = try await rig.store.invites(matching: filter, range)
                    found += page.items.map(\.code)
                    range.after = page.next
                } while range.after != nil
                try expect(found, expected.map { .make($0) })
            }
        },
        StoreCase("an invite keeps what the member was when it was made") { rig in
            _ = try await rig.store.update(
                .make(), with: ConnectionEdit(traitsAllowed: ["plan"]), at: .start)
            let traits = [TraitChange(name: "plan", value: .text("Pro\u{0}"))]
            let member = MemberRecord.make(
                "d1", reference: .set(.make("user-1")), traits: traits)
            try await rig.send(.make(.addMembers, members: [member]))
            try await rig.launch(.make(), .make())
            let invite = try await rig.track(at: .start.after(3)).invite
            try expect(invite?.traits, [Trait(name: "plan", value: .text("Pro\u{0}"))])
            try expect(invite?.createdAt, .start.after(3))
            let changed = MemberRecord.make(
                "d1", reference: .cleared, traits: [TraitChange(name: "plan", value: nil)])
            try await rig.send(.make(.addMembers, members: [changed], session: "S2"))
            try expect(try await rig.store.invite(.make(1)), invite)
        },
        StoreCase("of several people with one id, the member stands for all") { rig in
            try await rig.send(
                .make(.addMembers, members: [.make("d1", reference: "user-1")], cohort: "2"))
            try await rig.send(.make(.addMembers, members: [.make("d2", reference: "user-1")]))
            let audience = try await rig.theAudience().id
            try await rig.launch(.make(), .make(trigger: .audience(audience)))
            let pending = try await rig.load().pending
            try expect(pending?.invite.distinctID, .make("d2"))
            guard let other = try await rig.audience(cohort: "2")?.id else { return }
            _ = try await rig.store.update(.make(), at: .start, for: .test) {
                (rule: inout LaunchRule) in rule.excludedAudiences = [other]
            }
            try expect(try await rig.load(code: 2).pending, nil)
            try expect(try await rig.accept().refusal, .excluded)
        },
        StoreCase("who is erased has no invites any more, while the counts stay") { rig in
            try await rig.makeInvites()
            _ = try await rig.accept(1)
            _ = try await rig.erase("user-1")
            let left = try await rig.store.invites(matching: .init(), ListRange()).items
            try expect(left.map(\.code), [.make(2)])
            try expect(try await rig.store.invite(.make(1)), nil)
            try expect(try await rig.accept(1).refusal, .unknownInvite)
            let funnel = LaunchFunnel(invited: 2, started: 1)
            try expect(try await rig.store.funnel(of: .make()), funnel)
            try expect(try await rig.track(code: 5).invite?.code, .make(5))
        },
        StoreCase("erasing finds the invites of every id the person went by") { rig in
            try await rig.launch(.make(), .make())
            _ = try await rig.track(by: "d1", code: 1)
            _ = try await rig.track(by: "d1", from: 1, code: 9)
            try await rig.send(.make(.addMembers, members: [.make("d1", reference: "old")]))
            _ = try await rig.track(by: "old", code: 2)
            let renamed = MemberRecord.make("d1", reference: "new")
            try await rig.send(.make(.addMembers, members: [renamed], session: "S2"))
            _ = try await rig.track(by: "new", code: 3)
            _ = try await rig.track(by: "other", code: 4)
            try expect(try await rig.erase("new"), 1)
            let left = try await rig.store.invites(matching: .init(), ListRange()).items
            try expect(left.map(\.code), [.make(4)])
        },
        StoreCase("who stays erased is not invited again") { rig in
            try await rig.launch(.make(), .make())
            _ = try await rig.track()
            _ = try await rig.store.erase(
                matching: .make("user-1"), staysErased: true, at: .start)
            try expect(try await rig.track(code: 2).refusal, .unknownPerson)
            try expect(try await rig.track(by: "user-2", code: 3).invite?.code, .make(3))
        },
        StoreCase("invites of closed studies go after a while, and no others") { rig in
            let age = Retention().invitesMilliseconds
            let closed = Timestamp.start.after(hours: 1)
            try await rig.launch(.make(1), .make(1, study: 1))
            try await rig.launch(.make(2), .make(2, study: 2, pacing: .init(cooldownHours: 1)))
            _ = try await rig.track(by: "a", code: 1)
            _ = try await rig.track(by: "b", code: 2)
            _ = try await rig.accept(2, by: "b")
            _ = try await rig.store.update(.make(1), at: closed, for: .test) {
                (study: inout Study) in study.status = .closed
            }
            _ = try await rig.track(by: "a", code: 3, at: closed)
            let late = closed.after(hours: 1)
            try await rig.report(.completed, of: 2, at: late)
            func left(_ time: Timestamp) async throws -> [InviteCode] {
                try await rig.tidy(at: time)
                return try await rig.store.invites(matching: .init(), ListRange()).items.map(\.code)
            }
            try expect(try await left(closed.after(age)), [.make(3), .make(2), .make(1)])
            try expect(try await left(closed.after(age + 1)), [.make(3), .make(2)])
            try expect(try await left(late.after(age)), [.make(3), .make(2)])
            // Not while the connection's pause is counted from it.
            try await rig.set(SDKSettings(publicKey: .make(), cooldownHours: 410 * 24))
            try expect(try await left(late.after(hours: 410 * 24)), [.make(3), .make(2)])
            try expect(try await left(late.after(hours: 410 * 24).after(1)), [.make(3)])
            try expect(try await rig.store.funnel(of: .make(1)).completed, 1)
        },
        StoreCase("how full a study is, is told by week and by month") { rig in
            let starts = { try await rig.store.starts(of: .make(), at: $0) }
            try await rig.launch(.make(weekly: 9), .make())
            try expect(try await starts(.start), StudyStarts())
            for code in 1...3 {
                let person = "u\(code)"
                _ = try await rig.track(by: person, code: code)
                if code != 3 { _ = try await rig.accept(code, by: person) }
            }
            try expect(try await starts(.start), StudyStarts(thisWeek: 2, thisMonth: 2))
            // It is Friday, the last day of the month.
            let first = Timestamp.start.nextDayBegin
            let monday = Timestamp.start.weekBegin.after(hours: 7 * 24)
            try expect(try await starts(first.after(-1)), StudyStarts(thisWeek: 2, thisMonth: 2))
            try expect(try await starts(first), StudyStarts(thisWeek: 2, thisMonth: 0))
            try expect(try await starts(monday.after(-1)), StudyStarts(thisWeek: 2))
            try expect(try await starts(monday), StudyStarts())
            try await expect(.notFound) { _ = try await rig.store.starts(of: .make(9), at: .start) }
        },
        StoreCase("operators who change settings at the same time lose nothing") { rig in
            try await rig.set(
                SDKSettings(publicKey: .make(), identitySecret: SealedSecret("v1")))
            for round in 1...5 {
                _ = try await atOnce(8) { number in
                    try await rig.store.changeSDK(of: .make(), at: .start, for: .test) {
                        before throws(Failure) in
                        var settings = before ?? SDKSettings(publicKey: .make(2))
                        switch number % 4 {
                        case 0: settings.cooldownHours = round
                        case 1: settings.requiresIdentity = round % 2 == 1
                        case 2: settings.identitySecret = SealedSecret("v\(round)")
                        default: break
                        }
                        return settings
                    }
                }
                let expected = SDKSettings(
                    publicKey: .make(), identitySecret: SealedSecret("v\(round)"),
                    requiresIdentity: round % 2 == 1, cooldownHours: round)
                try expect(try await rig.store.sdkSettings(of: .make()), expected)
            }
            try await expect(.conflict) {
                try await rig.store.changeSDK(of: .make(), at: .start, for: .test) {
                    _ throws(Failure) in throw Failure(.conflict, "No.")
                }
            }
        },
        StoreCase("a deleted connection takes its studies, rules, invites and key with it") { rig in
            try await rig.set(SDKSettings(publicKey: .make()))
            try await rig.makeInvites()
            try await rig.store.delete(.make(1), at: .start)
            for _ in 0..<2 {
                try expect(
                    try await rig.store.studies(of: nil, ListRange()).items.map(\.id), [.make(3)])
                try expect(
                    try await rig.store.rules(matching: .init(), ListRange()).items.map(\.id),
                    [.make(3)])
                try expect(
                    try await rig.store.invites(matching: .init(), ListRange()).items.map(\.code),
                    [.make(4)])
                try expect(try await rig.store.invite(.make(1)), nil)
                try expect(try await rig.store.rule(.make(1)), nil)
                try expect(try await rig.store.study(.make(1)), nil)
                try expect(try await rig.store.connection(having: .make())?.id, nil)
                for code in 1...3 {
                    let link = try await rig.store.start(
                        .make(code), by: nil, of: nil, attempt: nil, at: .start)
                    try expect(link.refusal, .unknownInvite)
                }
                try await rig.tidy(at: .start)
            }
            try await rig.store.create(Connection.make(1))
            try expect(try await rig.store.sdkSettings(of: .make()), nil)
            try await rig.set(SDKSettings(publicKey: .make()))
            try await rig.launch(.make(), .make())
            try expect(try await rig.track(code: 1).invite?.code, .make(1))
        },
    ]
}

extension StoreRig {
    /// Invites 1 and 2 of rule 1, 3 of rule 2 of study 2, 4 of connection 2; all but the second
    /// are user-1's.
    fileprivate func makeInvites() async throws {
        try await launch(.make(1), .make(1))
        try await launch(.make(2), .make(2, study: 2, trigger: .event(.make("b"))))
        try await launch(
            .make(3, connection: 2), .make(3, study: 3, connection: 2))
        _ = try await track(code: 1)
        _ = try await track(by: "user-2", code: 2)
        _ = try await track("b", code: 3)
        _ = try await track(from: 2, code: 4)
    }
}
