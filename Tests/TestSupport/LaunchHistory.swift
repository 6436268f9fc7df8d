import Audiences

/// A random story of pages, rules, devices and operators, played on a store and on a
/// ``MemoryStore`` side by side: both must answer the same, step by step.
package struct LaunchHistory {
    private let sides: [Side]
    /// Another process, which does some of what is done to the store.
    private let tool: StoreRig?
    var random: SeededGenerator
    private(set) var now = Timestamp.start
    private var codes = 0
    /// How often the store told what it had told before, without being written for.
    package internal(set) var repeatedCount = 0

    /// A store, and what it calls the audiences of the story.
    struct Side {
        var rig: StoreRig
        var audiences: [AudienceID] = []
    }

    static let people = ["u1", "u2", "u3", "u4"]
    private static let cohorts = ["1", "2"]
    private static let rules = 1...4 as ClosedRange<UInt8>

    package init(on store: any Store, beside tool: (any Store)? = nil, seed: UInt64) {
        self.tool = tool.map { StoreRig(store: $0) }
        sides = [Side(rig: StoreRig(store: store)), Side(rig: StoreRig(store: MemoryStore()))]
        random = SeededGenerator(seed: seed)
    }

    package mutating func play(steps: Int) async throws {
        let sides = try await begin()
        for _ in 0..<steps {
            now = now.after(pick([0, 1, 60_000, 3_600_000, 40 * 3_600_000]))
            let act = act()
            var actors = sides
            if let tool, pick([true, false, false]) { actors[0].rig = tool }
            var answers: [String] = []
            for side in actors { answers.append(try await act(side)) }
            try expect(answers[0], answers[1])
            try compareAtOnce(sides[0], sides[1])
        }
        var ends: [[String]] = []
        for side in sides { ends.append(try await end(side)) }
        try expect(ends[0], ends[1])
    }

    mutating func pick<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: values.indices, using: &random)]
    }

    /// Connection 1 has two audiences, two studies and four rules, some of them with limits.
    private mutating func begin() async throws -> [Side] {
        let weekly: Int? = pick([nil, 2, 3])
        let monthly: Int? = pick([nil, 3])
        let shares = Self.rules.map { _ in pick([10_000, 10_000, 6000]) }
        let pacings = Self.rules.map { _ in
            LaunchPacing(
                cooldownHours: pick([nil, 1, 48]), startsPerPersonMax: pick([1, 2, nil]),
                startsTotalMax: pick([nil, 3]))
        }
        let cooldown: Int? = pick([nil, 2])
        var sides = sides
        for index in sides.indices {
            let rig = sides[index].rig
            if try await rig.store.connection(.make()) == nil {
                try await rig.store.create(Connection.make())
            }
            try await rig.set(SDKSettings(publicKey: .make(), cooldownHours: cooldown))
            for cohort in Self.cohorts {
                let everybody = Self.people.map { MemberRecord.make("d-\($0)", reference: $0) }
                try await rig.send(.make(.addMembers, members: everybody, cohort: cohort))
                guard let audience = try await rig.audience(cohort: cohort) else { continue }
                sides[index].audiences.append(audience.id)
            }
            let audiences = sides[index].audiences
            try await rig.launch(.make(1, weekly: weekly, monthly: monthly))
            try await rig.launch(.make(2))
            let triggers: [LaunchRule.Trigger] = [
                .event(.make()), .audience(audiences[0]), .audience(audiences[1]), .event(.make()),
            ]
            for (rule, trigger) in zip(Self.rules, triggers) {
                try await rig.add(
                    .make(
                        rule, study: 1 + rule % 2, trigger: trigger,
                        surface: rule == 4 ? .directLink : .sdkPrompt, priority: Int(rule % 2),
                        pacing: pacings[Int(rule) - 1], sample: shares[Int(rule) - 1],
                        excluding: rule == 1 ? [audiences[1]] : []))
            }
        }
        return sides
    }

    private typealias Act = (Side) async throws -> String

    /// Does one thing; returns what it came to, without what differs between two stores.
    private mutating func act() -> Act {
        let (person, time) = (pick(Self.people), now)
        let rule = pick(Array(Self.rules))
        codes += 1
        let code = codes
        let earlier = Int.random(in: 0...code, using: &random)
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<20:
            return { side in
                let loaded = try await side.rig.load(person, code: code, at: time)
                return "load \(loaded.events) \(side.told(loaded.pending?.invite))"
            }
        case 20..<35:
            return { side in
                let offer = try await side.rig.track(by: person, code: code, at: time)
                return "track \(side.told(offer))"
            }
        case 35..<40:
            return { side in
                let offer = try await side.rig.store.offer(
                    .make(rule), to: .make(person), of: .make(), fresh: .make(code), at: time)
                return "enter \(side.told(offer))"
            }
        case 40..<65:
            return { side in
                let invite = try await side.rig.store.invite(.make(earlier))
                let offer = try await side.rig.accept(
                    earlier, by: invite?.matchID.text ?? person, attempt: "a\(code % 3)", at: time)
                return "accept \(side.told(offer))"
            }
        case 65..<85:
            let event = pick(InviteEvent.allCases)
            return { side in
                let invite = try await side.rig.report(event, of: earlier, at: time)
                return "report \(side.told(invite))"
            }
        case 85..<95: return membershipAct(person, code, time)
        default: return operatorAct(person, rule, time)
        }
    }

    private mutating func membershipAct(
        _ person: String, _ code: Int, _ time: Timestamp
    ) -> Act {
        let action: SyncAction = pick([.addMembers, .removeMembers])
        let cohort = pick(Self.cohorts)
        return { side in
            let member = MemberRecord.make("d-\(person)", reference: person)
            let page = SyncPage.make(
                action, members: [member], session: "S\(code)", cohort: cohort)
            return "page \(try await side.rig.send(page, at: time))"
        }
    }

    private mutating func operatorAct(
        _ person: String, _ rule: UInt8, _ time: Timestamp
    ) -> Act {
        switch Int.random(in: 0..<5, using: &random) {
        case 0, 1:
            let change = ruleChange(time)
            return { side in
                let changed = try await side.rig.store.update(
                    .make(rule), at: time, for: .test, change)
                return "rule \(changed.status) \(changed.pacing) \(changed.schedule)"
            }
        case 2:
            let status: Study.Status = pick([.active, .active, .paused])
            let weekly: Int? = pick([nil, 2, 3])
            return { side in
                let changed = try await side.rig.store.update(
                    .make(1 + rule % 2), at: time, for: .test
                ) { (changed: inout Study) in
                    changed.status = status
                    changed.capacity.weekly = weekly
                }
                return "study \(changed.status) \(changed.capacity)"
            }
        case 3:
            let settings = SDKSettings(publicKey: .make(), cooldownHours: pick([nil, 2, 24]))
            return { side in
                try await side.rig.set(settings)
                return "settings"
            }
        default:
            return { side in
                let erased = try await side.rig.store.erase(
                    matching: .make(person), staysErased: false, at: time)
                return "erased \(erased)"
            }
        }
    }

    private mutating func ruleChange(
        _ time: Timestamp
    ) -> @Sendable (inout LaunchRule) throws(Failure) -> Void {
        let status: LaunchRule.Status = pick([.active, .active, .paused])
        let hours: Int? = pick([nil, 1, 48])
        let schedule = LaunchSchedule(
            startsAt: pick([nil, nil, time, time.after(hours: 1)]),
            endsAt: pick([nil, nil, time.after(hours: 2)]))
        switch Int.random(in: 0..<3, using: &random) {
        case 0: return { rule in rule.status = status }
        case 1: return { rule in rule.pacing.cooldownHours = hours }
        default: return { rule in rule.schedule = schedule }
        }
    }

    /// Everything that can be read in the end.
    private func end(_ side: Side) async throws -> [String] {
        var lines: [String] = []
        for rule in Self.rules {
            lines.append("\(try await side.rig.store.funnel(of: .make(rule)))")
        }
        let invites = try await side.rig.store.invites(
            matching: InviteFilter(), ListRange(limit: Limits.listItemsMax))
        lines += invites.items.map { side.told($0) }
        for person in Self.people {
            let verdicts = try await side.rig.store.verdicts(
                for: .make(person), of: nil, at: now)
            lines += verdicts.map { "\(person) \($0.verdict)" }
        }
        return lines
    }
}

extension LaunchHistory.Side {
    fileprivate func told(_ offer: LaunchOffer) -> String {
        offer.refusal.map { "\($0)" } ?? told(offer.invite)
    }

    func told(_ invite: Invite?) -> String {
        guard var invite else { return "none" }
        let number = invite.audienceID.flatMap { audiences.firstIndex(of: $0) }
        invite.audienceID = nil
        return "\(invite) \(number ?? -1)"
    }
}
