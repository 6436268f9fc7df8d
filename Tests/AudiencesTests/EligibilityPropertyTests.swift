import Audiences
import TestSupport
import Testing

/// What holds for whatever rules, people and histories there are.
@Suite struct EligibilityPropertyTests {
    @Test(arguments: 0..<400 as Range<UInt64>)
    func everyRuleHasOneAnswerAndItIsTheOneThatIsSpelledOut(seed: UInt64) {
        var world = MadeUpWorld(seed: seed)
        let verdict = world.verdict
        let rules = world.candidates.map(\.rule.id)
        #expect(
            ([verdict.chosen].compactMap(\.self) + verdict.refusals.map(\.rule)).count
                == rules.count)
        #expect(
            Set([verdict.chosen].compactMap(\.self) + verdict.refusals.map(\.rule)) == Set(rules))
        let eligible = world.candidates.filter { world.mayBeOffered($0) }
        let first = eligible.min { left, right in
            (-left.rule.priority, left.rule.createdAt, left.rule.id)
                < (-right.rule.priority, right.rule.createdAt, right.rule.id)
        }
        #expect(verdict.chosen == first?.rule.id)
        let outranked = verdict.refusals.filter { $0.reason == .outranked }.map(\.rule)
        #expect(
            Set(outranked)
                == Set(eligible.map(\.rule.id)).subtracting([first?.rule.id].compactMap(\.self)))
        world.shuffle()
        #expect(world.verdict == verdict)
    }

    /// Limits and cooldowns only ever take away.
    @Test(arguments: 0..<200 as Range<UInt64>)
    func whereThereAreNoLimitsNobodyIsOfferedLess(seed: UInt64) {
        var world = MadeUpWorld(seed: seed)
        let before = world.candidates.filter { world.mayBeOffered($0) }
        world.liftLimits()
        let verdict = world.verdict
        let reasons = Dictionary(
            uniqueKeysWithValues: verdict.refusals.map { ($0.rule, $0.reason) })
        for candidate in before {
            let reason = reasons[candidate.rule.id]
            #expect(reason == nil || reason == .outranked)
        }
    }

    /// Nothing but time passes: what is decided holds until the moment that is named, and at some
    /// of these moments something else is decided.
    @Test func aDecisionHoldsUntilItsEnd() {
        var changes = 0
        for seed in 0..<400 as Range<UInt64> {
            let world = MadeUpWorld(seed: seed)
            let end = world.end
            #expect(world.now < end && end <= world.now.nextDayBegin)
            let times =
                [world.now, end.after(-1)]
                + (1...9).map { part in
                    world.now.after(end.since(world.now) * part / 10)
                }
            for time in times { #expect(world.verdict(at: time) == world.verdict, "\(seed)") }
            if world.verdict(at: end) != world.verdict { changes += 1 }
        }
        #expect(changes > 20)
    }

    /// What may be offered may be started at that moment.
    @Test(arguments: 0..<200 as Range<UInt64>)
    func whatIsOfferedCanBeAccepted(seed: UInt64) throws {
        let world = MadeUpWorld(seed: seed)
        guard let chosen = world.candidates.first(where: { $0.rule.id == world.verdict.chosen })
        else { return }
        let invite = chosen.rule.invite(
            world.person.matchID, as: nil, from: .event, code: .make(999), at: world.now)
        let refusal = Eligibility.refusalToStart(
            invite, of: chosen, by: world.person, at: world.now)
        #expect(refusal == nil)
    }
}

/// Rules, a person and their history, drawn from few values so that they meet often.
private struct MadeUpWorld {
    private var random: SeededGenerator
    var candidates: [LaunchCandidate] = []
    var person = LaunchPerson(matchID: .make("user-1"), audiences: [])
    var occasion = LaunchOccasion.question
    var cooldown: Int?
    let now = Timestamp.start.after(hours: 100)

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        let audiences = (0..<3).map { AudienceID.make(from: [$0]) }
        for audience in audiences where coin() { person.audiences.insert(audience) }
        occasion = pick([
            .configurationLoad, .event(.make("a")), .event(.make("b")), .link, .question,
        ])
        cooldown = pick([nil, nil, 1, 24])
        for number in 0..<UInt8(pick([0, 1, 2, 5, 9])) {
            candidates.append(candidate(number, audiences))
        }
        for number in 0..<pick([0, 0, 1, 3, 6]) { person.invites.append(invite(number)) }
    }

    private mutating func pick<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: values.indices, using: &random)]
    }

    private mutating func coin() -> Bool { Bool.random(using: &random) }

    private mutating func candidate(
        _ number: UInt8, _ audiences: [AudienceID]
    ) -> LaunchCandidate {
        let hour = { (hours: Int64) in Timestamp.start.after(hours: hours) }
        let rule = LaunchRule.make(
            number, study: number % 3, status: pick([.active, .active, .active, .paused, .draft]),
            trigger: pick([
                .event(.make("a")), .event(.make("b")), .audience(audiences[0]),
                .audience(audiences[1]),
            ]), surface: pick([.sdkPrompt, .sdkPrompt, .directLink]),
            priority: pick([0, 0, 1, -1]),
            pacing: LaunchPacing(
                cooldownHours: pick([nil, nil, 1, 48]),
                startsPerPersonMax: pick([nil, 1, 1, 2]), startsTotalMax: pick([nil, nil, 3])),
            schedule: LaunchSchedule(
                startsAt: pick([nil, nil, hour(99), hour(101)]),
                endsAt: pick([nil, nil, hour(100), hour(102), hour(200)])),
            sample: pick([10_000, 10_000, 5000]), excluding: coin() ? [] : [audiences[2]],
            at: hour(pick([0, 1])))
        return LaunchCandidate(
            rule: rule,
            study: .make(
                number % 3, status: pick([.active, .active, .active, .closed]),
                weekly: pick([nil, nil, 2]), monthly: pick([nil, nil, 4])),
            usage: LaunchUsage(
                rulesStarts: pick([0, 2, 3]), studysStartsThisWeek: pick([0, 1, 2]),
                studysStartsThisMonth: pick([2, 3, 4])))
    }

    private mutating func invite(_ number: Int) -> Invite {
        let times: [Timestamp] = [-60, -30, -2, 0].map { now.after(hours: $0) }
        let rule = UInt8(pick([0, 1, 2, 3, 20]))
        var invite = Invite.make(number, rule: rule, study: rule % 3)
        let status: Invite.Status = pick(Invite.Status.allCases)
        if status != .open { invite.shownAt = coin() ? pick(times) : nil }
        if status == .shown { invite.shownAt = pick(times) }
        if status == .dismissed { invite.dismissedAt = pick(times) }
        if status == .started || status == .completed { invite.startedAt = pick(times) }
        if status == .completed { invite.completedAt = pick(times) }
        return invite
    }

    mutating func shuffle() {
        candidates.shuffle(using: &random)
        person.invites.shuffle(using: &random)
    }

    mutating func liftLimits() {
        cooldown = nil
        person.invites = []
        for index in candidates.indices {
            candidates[index].rule.pacing = LaunchPacing(startsPerPersonMax: nil)
            candidates[index].study.capacity = StudyCapacity()
        }
    }

    var verdict: LaunchVerdict { verdict(at: now) }

    func verdict(at time: Timestamp) -> LaunchVerdict {
        Eligibility.decide(
            among: candidates, on: occasion, for: person, connectionCooldownHours: cooldown,
            at: time)
    }

    var end: Timestamp {
        Eligibility.end(
            ofDecisionAmong: candidates, for: person, connectionCooldownHours: cooldown, at: now)
    }

    /// The conditions as a person would say them, in no particular order.
    func mayBeOffered(_ candidate: LaunchCandidate) -> Bool {
        let (rule, study, usage) = (candidate.rule, candidate.study, candidate.usage)
        let own = person.invites.filter { $0.ruleID == rule.id }
        let isOn =
            rule.status == .active && study.status == .active
            && (rule.schedule.startsAt ?? now) <= now
            && (rule.schedule.endsAt.map { now < $0 } ?? true)
        let isRight =
            isOccasion(of: rule) && rule.sample.contains(person.matchID, for: rule.id)
            && person.audiences.isDisjoint(with: rule.excludedAudiences)
            && (target(of: rule).map(person.audiences.contains) ?? true)
        let isLeft =
            own.count { $0.startedAt != nil } < rule.pacing.startsPerPersonMax ?? .max
            && usage.rulesStarts < rule.pacing.startsTotalMax ?? .max
            && usage.studysStartsThisWeek < study.capacity.weekly ?? .max
            && usage.studysStartsThisMonth < study.capacity.monthly ?? .max
        let isDone = person.invites.contains {
            $0.studyID == study.id && $0.completedAt != nil
        }
        let mayRepeat = rule.pacing.startsPerPersonMax.map { $0 > 1 } ?? true
        return isOn && isRight && isLeft && (!isDone || mayRepeat) && isRested(rule, own)
    }

    private func target(of rule: LaunchRule) -> AudienceID? {
        if case .audience(let target) = rule.trigger { target } else { nil }
    }

    private func isOccasion(of rule: LaunchRule) -> Bool {
        switch occasion {
        case .question: true
        case .link: rule.surface == .directLink
        case .configurationLoad: rule.surface == .sdkPrompt && target(of: rule) != nil
        case .event(let name): rule.surface == .sdkPrompt && rule.trigger == .event(name)
        }
    }

    private func isRested(_ rule: LaunchRule, _ own: [Invite]) -> Bool {
        let hours = { (invite: Invite) in
            invite.touchedAt.map { Double(now.since($0)) / 3_600_000 } ?? .infinity
        }
        let ruleIsRested =
            if let cooldown = rule.pacing.cooldownHours {
                own.allSatisfy { hours($0) >= Double(cooldown) }
            } else {
                own.allSatisfy { $0.status != .dismissed }
            }
        guard let cooldown else { return ruleIsRested }
        let others = person.invites.filter {
            $0.ruleID != rule.id || ![.open, .shown].contains($0.status)
        }
        return ruleIsRested && others.allSatisfy { hours($0) >= Double(cooldown) }
    }
}
