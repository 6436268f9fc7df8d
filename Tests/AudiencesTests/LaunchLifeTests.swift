import Audiences
import TestSupport
import Testing

/// What operators may do to studies, rules and settings.
@Suite struct LaunchLifeTests {
    @Test(arguments: Study.Status.allCases, Study.Status.allCases)
    func aStudyGoesOnlyForward(_ status: Study.Status, _ next: Study.Status) {
        let allowed: [Study.Status: Set<Study.Status>] = [
            .draft: [.draft, .active, .closed], .active: [.active, .paused, .closed],
            .paused: [.active, .paused, .closed], .closed: [.closed],
        ]
        #expect(status.mayBecome(next) == allowed[status]?.contains(next))
    }

    @Test(arguments: LaunchRule.Status.allCases, LaunchRule.Status.allCases)
    func aRuleGoesOnlyForward(_ status: LaunchRule.Status, _ next: LaunchRule.Status) {
        let allowed: [LaunchRule.Status: Set<LaunchRule.Status>] = [
            .draft: [.draft, .active, .archived], .active: [.active, .paused, .archived],
            .paused: [.active, .paused, .archived], .archived: [.archived],
        ]
        #expect(status.mayBecome(next) == allowed[status]?.contains(next))
    }

    @Test func everySettingOfAStudyIsToldByItsName() throws {
        let changes: [(String, @Sendable (inout Study) -> Void)] = [
            ("name", { $0.name = "Other" }), ("status", { $0.status = .paused }),
            ("launch_url", { $0.launchURL = .make("https://ask.example/2") }),
            ("opens_in", { $0.opensIn = .externalBrowser }),
            ("weekly_starts_max", { $0.capacity.weekly = 3 }),
            ("monthly_starts_max", { $0.capacity.monthly = 3 }),
        ]
        for (setting, change) in changes {
            var study = Study.make()
            let note = try study.change(at: .start.after(1), by: change)
            #expect(note == AuditNote(.studyChanged, [setting]))
            #expect(study.updatedAt == .start.after(1))
            var expected = Study.make()
            change(&expected)
            expected.updatedAt = .start.after(1)
            #expect(study == expected)
            let again = try study.change(at: .start.after(2), by: change)
            #expect(again == nil)
            #expect(study.updatedAt == .start.after(1))
        }
    }

    @Test func everySettingOfARuleIsToldByItsName() throws {
        let changes: [(String, @Sendable (inout LaunchRule) -> Void)] = [
            ("name", { $0.name = "Other" }), ("status", { $0.status = .active }),
            ("event_name", { $0.trigger = .event(.make("other")) }),
            ("surface", { $0.surface = .directLink }), ("prompt", { $0.prompt.message = "Hm" }),
            ("priority", { $0.priority = 4 }),
            ("cooldown_hours", { $0.pacing.cooldownHours = 4 }),
            ("starts_per_person_max", { $0.pacing.startsPerPersonMax = 4 }),
            ("starts_total_max", { $0.pacing.startsTotalMax = 4 }),
            ("starts_at", { $0.schedule.startsAt = .start }),
            ("ends_at", { $0.schedule.endsAt = .start }),
            ("sample_percent", { $0.sample = LaunchSample(basisPoints: 1) ?? .everybody }),
            ("excluded_audience_ids", { $0.excludedAudiences = [.make(from: [1])] }),
        ]
        for (setting, change) in changes {
            var rule = LaunchRule.make(status: .paused)
            let note = try rule.change(at: .start.after(1), by: change)
            #expect(note == AuditNote(.ruleChanged, [setting]))
            #expect(rule.updatedAt == .start.after(1))
            let again = try rule.change(at: .start.after(2), by: change)
            #expect(again == nil)
        }
    }

    @Test func theTargetOfAnAudienceRuleIsToldByItsName() throws {
        var rule = LaunchRule.make(status: .paused, trigger: .audience(.make(from: [1])))
        let note = try rule.change(at: .start) { $0.trigger = .audience(.make(from: [2])) }
        #expect(note?.details == ["audience_id"])
    }

    @Test func whatIsNotTheirsToChooseStays() throws {
        var study = Study.make()
        _ = try study.change(at: .start) { study in
            study.id = .make(9)
            study.connectionID = .make(9)
            study.createdAt = .start.after(9)
            study.name = "Other"
        }
        #expect(study.id == .make() && study.connectionID == .make(1))
        #expect(study.createdAt == .start)
        var rule = LaunchRule.make()
        _ = try rule.change(at: .start) { rule in
            rule.id = .make(9)
            rule.connectionID = .make(9)
            rule.studyID = .make(9)
            rule.createdAt = .start.after(9)
            rule.name = "Other"
        }
        var expected = LaunchRule.make()
        expected.name = "Other"
        #expect(rule == expected)
    }

    @Test(arguments: LaunchRule.Status.allCases)
    func aTargetChangesOnlyWhileNobodyIsOfferedTheRule(_ status: LaunchRule.Status) {
        let audience = AudienceID.make(from: [1])
        let targets: [(from: LaunchRule.Trigger, to: LaunchRule.Trigger, isOneKind: Bool)] = [
            (.event(.make("a")), .event(.make("b")), true),
            (.audience(audience), .audience(.make(from: [2])), true),
            (.event(.make("a")), .audience(audience), false),
            (.audience(audience), .event(.make("a")), false),
        ]
        for (from, to, isOneKind) in targets {
            var rule = LaunchRule.make(status: status, trigger: from)
            let mayChange = isOneKind && (status == .draft || status == .paused)
            let note = try? rule.change(at: .start) { $0.trigger = to }
            #expect((note != nil) == mayChange)
            #expect(rule.trigger == (mayChange ? to : from))
        }
    }

    @Test func aRefusedChangeChangesNothing() {
        var study = Study.make(status: .closed)
        #expect(throws: Failure.self) {
            try study.change(at: .start) { study in
                study.name = "Other"
                study.status = .active
            }
        }
        #expect(study == .make(status: .closed))
    }

    @Test func aRuleNamesItsTargetAndWhomItLeavesOut() {
        let (one, two) = (AudienceID.make(from: [1]), AudienceID.make(from: [2]))
        #expect(LaunchRule.make(excluding: [two]).audiences == [two])
        #expect(
            LaunchRule.make(trigger: .audience(one), excluding: [two]).audiences == [one, two])
    }

    @Test func settingsTellWhatIsNew() {
        let first = SDKSettings(publicKey: .make())
        #expect(first.note(replacing: nil)?.details == ["public_key"])
        #expect(first.note(replacing: first) == nil)
        var next = first
        next.requiresIdentity = true
        next.cooldownHours = 3
        next.identitySecret = SealedSecret("v1")
        #expect(
            next.note(replacing: first)
                == AuditNote(
                    .sdkChanged, ["identity_secret", "requires_identity", "cooldown_hours"]))
    }

    @Test func aPublicKeyIsMadeInItsForm() throws {
        let key = try PublicKey.make(by: .counting)
        #expect(key.text.hasPrefix("muster_pk_"))
        #expect(PublicKey(key.text) == key)
        for wrong in [
            "", "muster_pk_", key.text + "a", String(key.text.dropLast()), "x" + key.text,
        ] {
            #expect(PublicKey(wrong) == nil)
        }
        #expect(PublicKey("muster_pk_" + String(repeating: "-", count: 24)) == nil)
    }
}

extension Secrets {
    /// Every byte in turn.
    static let counting = Secrets(
        random: { count in (0..<count).map { UInt8(truncatingIfNeeded: 255 - $0) } },
        sha256: { _ in [] }, equal: { $0 == $1 })
}
