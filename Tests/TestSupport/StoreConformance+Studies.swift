import Audiences

extension StoreConformance {
    static let studies: [StoreCase] = [
        StoreCase("a study and a rule come back as they were made") { rig in
            try await rig.send(.make(.addMembers, ["ada"]))
            let audience = try await rig.theAudience().id
            let study = Study.make(opensIn: .externalBrowser, weekly: 5, monthly: 9)
            let rule = LaunchRule.make(
                status: .draft, trigger: .audience(audience), surface: .directLink,
                prompt: PromptCopy(
                    title: "Hm\u{0}?", message: "…", startLabel: "Yes", dismissLabel: "No"),
                priority: -3,
                pacing: LaunchPacing(cooldownHours: 48, startsPerPersonMax: nil, startsTotalMax: 7),
                schedule: LaunchSchedule(startsAt: .start, endsAt: .start.after(hours: 9)),
                sample: 1250, excluding: [audience])
            let other = LaunchRule.make(2, trigger: .event(.make("Ereignis\u{0}")))
            try await rig.launch(study, rule, other)
            try expect(try await rig.store.study(.make()), study)
            try expect(try await rig.store.rule(.make()), rule)
            try expect(try await rig.store.rule(.make(2)), other)
            try expect(try await rig.store.study(.make(2)), nil)
            try expect(try await rig.store.rule(.make(3)), nil)
        },
        StoreCase("studies and rules are listed as they were made, by whom and what they are of") {
            rig in
            for number in 1...3 as ClosedRange<UInt8> {
                let connection: UInt8 = number == 3 ? 2 : 1
                let status: LaunchRule.Status = number == 2 ? .draft : .active
                try await rig.launch(
                    .make(number, connection: connection),
                    .make(number, study: number, connection: connection, status: status))
            }
            let all = try await rig.store.studies(of: nil, ListRange(limit: 2))
            try expect(all.items.map(\.id), [.make(1), .make(2)])
            let rest = try await rig.store.studies(of: nil, ListRange(after: all.next, limit: 2))
            try expect(rest.items.map(\.id), [.make(3)])
            try expect(rest.next, nil)
            try expect(
                try await rig.store.studies(of: .make(2), ListRange()).items.map(\.id), [.make(3)])
            let filters: [(LaunchRuleFilter, [UInt8])] = [
                (LaunchRuleFilter(), [1, 2, 3]), (LaunchRuleFilter(connection: .make(1)), [1, 2]),
                (LaunchRuleFilter(study: .make(2)), [2]),
                (LaunchRuleFilter(status: .active), [1, 3]),
                (LaunchRuleFilter(connection: .make(2), study: .make(3), status: .active), [3]),
                (LaunchRuleFilter(connection: .make(9)), []),
            ]
            for (filter, expected) in filters {
                let page = try await rig.store.rules(matching: filter, ListRange())
                try expect(page.items.map(\.id), expected.map { .make($0) })
            }
            let first = try await rig.store.rules(matching: .init(), ListRange(limit: 2))
            let last = try await rig.store.rules(
                matching: .init(), ListRange(after: first.next, limit: 2))
            try expect(last.items.map(\.id), [.make(3)])
            try await expect(.invalid) {
                _ = try await rig.store.studies(of: nil, ListRange(after: first.next))
            }
        },
        StoreCase("what a study or a rule needs must be there, and of its connection") { rig in
            try await rig.send(.make(.addMembers, ["ada"]), from: 2)
            guard let foreign = try await rig.audience(connection: 2)?.id else { return }
            try await rig.launch()
            let refused: [(Failure.Code, @Sendable () async throws -> Void)] = [
                (.notFound, { try await rig.launch(.make(2, connection: 9)) }),
                (.conflict, { try await rig.launch() }),
                (.notFound, { try await rig.add(.make(study: 7)) }),
                (.notFound, { try await rig.add(.make(connection: 9)) }),
                (.conflict, { try await rig.add(.make(connection: 2)) }),
                (
                    .conflict,
                    {
                        try await rig.add(.make(trigger: .audience(foreign)))
                    }
                ),
                (
                    .notFound,
                    { try await rig.add(.make(excluding: [.make(from: [9])])) }
                ),
            ]
            for (code, attempt) in refused { try await expect(code, from: attempt) }
            try await rig.add(.make())
            try await expect(.conflict) { try await rig.add(.make()) }
            try await expect(.conflict) {
                _ = try await rig.store.update(.make(), at: .start, for: .test) {
                    (rule: inout LaunchRule) in rule.excludedAudiences = [foreign]
                }
            }
            try expect(try await rig.store.rule(.make())?.excludedAudiences, [])
        },
        StoreCase("an operator changes what they may choose, and only that") { rig in
            try await rig.launch(.make(), .make(status: .paused))
            let now = Timestamp.start.after(5)
            let study = try await rig.store.update(.make(), at: now, for: .test) {
                (study: inout Study) in
                study.name = "New"
                study.status = .paused
                study.capacity.weekly = 3
                study.createdAt = now
                study.connectionID = .make(2)
            }
            var expected = Study.make(status: .paused, weekly: 3)
            expected.name = "New"
            expected.updatedAt = now
            try expect(study, expected)
            try expect(try await rig.store.study(.make()), expected)
            let rule = try await rig.store.update(.make(), at: now, for: .test) {
                (rule: inout LaunchRule) in
                rule.trigger = .event(.make("other"))
                rule.pacing.startsTotalMax = 1
                rule.studyID = .make(2)
            }
            try expect(rule.trigger, .event(.make("other")))
            try expect(rule.studyID, .make(1))
            try expect(try await rig.store.rule(.make()), rule)
            let log = try await rig.store.auditLog(matching: AuditFilter(), ListRange(limit: 4))
            try expect(
                log.items.map(\.action),
                [.ruleChanged, .studyChanged, .ruleCreated, .studyCreated])
            try expect(
                log.items.map(\.details),
                [
                    ["event_name", "starts_total_max"], ["name", "status", "weekly_starts_max"],
                    [], [],
                ])
            try expect(
                log.items.map(\.target),
                [
                    LaunchRuleID.make().text, StudyID.make().text, LaunchRuleID.make().text,
                    StudyID.make().text,
                ])
        },
        StoreCase("a change that changes nothing is not told, and one that fails changes nothing") {
            rig in
            try await rig.launch(.make(), .make())
            let before = try await rig.store.auditLog(matching: AuditFilter(), ListRange()).items
            _ = try await rig.store.update(.make(), at: .start.after(1), for: .test) {
                (study: inout Study) in study.name = Study.make().name
            }
            try await expect(.invalid) {
                _ = try await rig.store.update(.make(), at: .start.after(1), for: .test) {
                    (study: inout Study) throws(Failure) in
                    study.name = "Other"
                    throw Failure(.invalid, "No.")
                }
            }
            try await expect(.conflict) {
                _ = try await rig.store.update(.make(), at: .start.after(1), for: .test) {
                    (rule: inout LaunchRule) in rule.status = .draft
                }
            }
            try await expect(.notFound) {
                _ = try await rig.store.update(.make(9), at: .start, for: .test) {
                    (rule: inout LaunchRule) in rule.priority = 1
                }
            }
            try await expect(.notFound) {
                _ = try await rig.store.update(.make(9), at: .start, for: .test) {
                    (study: inout Study) in study.name = ""
                }
            }
            try expect(try await rig.store.study(.make()), .make())
            let after = try await rig.store.auditLog(matching: AuditFilter(), ListRange()).items
            try expect(after.count, before.count)
        },
        StoreCase("a connection has so many rules and no more, archived ones aside") { rig in
            try await rig.launch()
            for number in 0..<Limits.launchRulesMax {
                var rule = LaunchRule.make(at: .start.after(Int64(number)))
                rule.id = .make(from: [UInt8(number % 32), UInt8(number / 32)] + [0, 0])
                try await rig.add(rule)
            }
            try await expect(.conflict) { try await rig.add(.make(31)) }
            _ = try await rig.store.update(
                LaunchRuleID.make(from: [0, 0, 0, 0]), at: .start, for: .test
            ) { (rule: inout LaunchRule) in rule.status = .archived }
            try await rig.add(.make(31))
        },
        StoreCase("what an app may do is set, found by its key, and sealed anew") { rig in
            try expect(try await rig.store.sdkSettings(of: .make()), nil)
            let settings = SDKSettings(
                publicKey: .make(1), identitySecret: SealedSecret("v1.a"),
                requiresIdentity: true, cooldownHours: 12)
            try await rig.set(settings)
            try await rig.set(SDKSettings(publicKey: .make(2)), of: 2)
            try expect(try await rig.store.sdkSettings(of: .make()), settings)
            let found = try await rig.store.connection(having: .make(1))
            try expect(found?.id, .make(1))
            try expect(found?.settings, settings)
            try expect(try await rig.store.connection(having: .make(3))?.id, nil)
            for time in 1...2 as ClosedRange<Int64> {
                try await rig.store.noteFirstCall(of: .make(), at: .start.after(time))
            }
            var next = settings
            next.publicKey = .make(3)
            try await rig.set(next)
            next.firstSeenAt = .start.after(1)
            try expect(try await rig.store.sdkSettings(of: .make()), next)
            try expect(try await rig.store.connection(having: .make(1))?.id, nil)
            let (old, new) = (SealedSecret("v1.a"), SealedSecret("v2.a"))
            for _ in 0..<2 { try await rig.store.reseal(old, as: new, identityOf: .make()) }
            next.identitySecret = new
            try expect(try await rig.store.sdkSettings(of: .make()), next)
            try await expect(.conflict) { try await rig.set(next, of: 2) }
            let log = try await rig.store.auditLog(
                matching: AuditFilter(action: .sdkChanged, target: ConnectionID.make().text),
                ListRange())
            try expect(
                log.items.map(\.details),
                [
                    ["public_key"],
                    ["public_key", "identity_secret", "requires_identity", "cooldown_hours"],
                ])
        },
        StoreCase("settings of a connection that is not there are not found") { rig in
            let attempts: [@Sendable () async throws -> Void] = [
                { _ = try await rig.store.sdkSettings(of: .make(9)) },
                { try await rig.set(SDKSettings(publicKey: .make()), of: 9) },
                { try await rig.store.noteFirstCall(of: .make(9), at: .start) },
                {
                    try await rig.store.reseal(
                        SealedSecret("a"), as: SealedSecret("b"), identityOf: .make(9))
                },
                { _ = try await rig.load(from: 9) },
                { _ = try await rig.track(from: 9) },
                { _ = try await rig.store.funnel(of: .make(9)) },
                {
                    _ = try await rig.store.verdicts(
                        for: .make("user-1"), of: .make(9), at: .start)
                },
            ]
            for attempt in attempts { try await expect(.notFound, from: attempt) }
        },
    ]
}
