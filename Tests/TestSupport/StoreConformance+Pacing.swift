import Audiences

extension StoreConformance {
    static let pacing: [StoreCase] = [
        StoreCase("two devices that accept at once start an invite once") { rig in
            try await rig.launch(.make(), .make())
            _ = try await rig.track()
            let offers = try await atOnce(20) { number in
                try await rig.accept(attempt: "device \(number)")
            }
            try expect(offers.count { $0.invite != nil }, 1)
            try expect(offers.count { $0.refusal == .alreadyStarted }, 19)
            try expect(try await rig.store.funnel(of: .make()).started, 1)
        },
        StoreCase("two devices that load at once are given one invite") { rig in
            try await rig.launch(.make(), .make())
            let offers = try await atOnce(20) { try await rig.track(code: $0) }
            try expect(Set(offers.map(\.invite?.code)).count, 1)
            try expect(try await rig.store.funnel(of: .make()).invited, 1)
        },
        StoreCase("200 people who accept at once do not pass a rule's limit") { rig in
            try await rig.launch(
                .make(), .make(pacing: LaunchPacing(startsTotalMax: 7)))
            try await rig.expectStarts(7, refusal: .startsUsedUp, at: .start)
        },
        StoreCase("200 people who accept at once do not pass a study's capacity of the week") {
            rig in
            try await rig.launch(.make(weekly: 5, monthly: 9), .make())
            try await rig.expectStarts(5, refusal: .studyFullThisWeek, at: .start)
        },
        StoreCase("nor that of the month") { rig in
            try await rig.launch(.make(weekly: 9, monthly: 5), .make())
            try await rig.expectStarts(5, refusal: .studyFullThisMonth, at: .start)
        },
        StoreCase("a full study takes people again on Monday, and on the first") { rig in
            // The story begins at 08:00 on Friday, the 31st.
            let (first, monday) = (
                Timestamp.start.after(hours: 16), Timestamp.start.after(hours: 64)
            )
            try await rig.launch(.make(weekly: 2, monthly: 3), .make())
            let story: [(Timestamp, LaunchRefusal?)] = [
                (.start, nil), (first.after(-1), nil), (first.after(-1), .studyFullThisWeek),
                (first, .studyFullThisWeek), (monday.after(-1), .studyFullThisWeek),
                (monday, nil), (monday, nil), (monday, .studyFullThisWeek),
                (monday.after(hours: 7 * 24), nil),
                (monday.after(hours: 7 * 24), .studyFullThisMonth),
            ]
            for (number, (time, refusal)) in story.enumerated() {
                try expect(try await rig.reason(for: "other", at: time), refusal)
                guard refusal == nil else { continue }
                _ = try await rig.track(by: "u\(number)", code: number, at: time)
                let offer = try await rig.accept(number, by: "u\(number)", at: time)
                try expect(offer.invite?.startedAt, time)
            }
        },
        StoreCase("a person starts a rule as often as it says") { rig in
            try await rig.launch(
                .make(),
                .make(pacing: LaunchPacing(cooldownHours: 1, startsPerPersonMax: 2)))
            for number in 1...2 {
                let time = Timestamp.start.after(hours: Int64(number) * 2)
                _ = try await rig.track(code: number, at: time)
                try expect(try await rig.accept(number, at: time).invite?.startedAt, time)
                try await rig.report(.completed, of: number, at: time)
                try expect(
                    try await rig.track(code: 9, at: time.after(1)).refusal,
                    number == 1 ? .coolingDown : .personsStartsUsedUp)
            }
        },
        StoreCase("a dismissal is for good without a cooldown, and for its hours with one") { rig in
            try await rig.launch(
                .make(), .make(1), .make(2, pacing: LaunchPacing(cooldownHours: 24)))
            for rule in 1...2 {
                try expect(try await rig.track(code: rule).invite?.ruleID, .make(UInt8(rule)))
                try await rig.report(.dismissed, of: rule)
            }
            let end = Timestamp.start.after(hours: 24)
            try expect(try await rig.track(code: 3, at: end.after(-1)).refusal, .dismissed)
            try expect(try await rig.reason(2, at: end.after(-1)), .coolingDown)
            let next = try await rig.track(code: 3, at: end)
            try expect(next.invite?.code, .make(3))
            try expect(next.invite?.ruleID, .make(2))
        },
        StoreCase(
            "an invite that was shown is shown again after its cooldown, and then not at once"
        ) {
            rig in
            try await rig.launch(.make(), .make(pacing: LaunchPacing(cooldownHours: 24)))
            for day in 0..<3 as Range<Int64> {
                let time = Timestamp.start.after(hours: day * 24)
                let offer = try await rig.track(code: Int(day) + 1, at: time)
                try expect(offer.invite?.code, .make(1))
                try await rig.report(.shown, at: time)
                try expect(try await rig.track(code: 9, at: time.after(1)).refusal, .coolingDown)
                try expect(
                    try await rig.track(code: 9, at: time.after(hours: 23)).refusal, .coolingDown)
            }
            try expect(try await rig.accept(at: .start.after(hours: 49)).invite?.status, .started)
        },
        StoreCase("between two different rules there is the connection's cooldown") { rig in
            try await rig.set(SDKSettings(publicKey: .make(), cooldownHours: 10))
            try await rig.launch(.make(), .make(1), .make(2, trigger: .event(.make("other"))))
            _ = try await rig.track()
            try await rig.report(.shown)
            try expect(try await rig.track("other", code: 2).refusal, .connectionCoolingDown)
            try expect(try await rig.track(code: 2).invite?.code, .make(1))
            let end = Timestamp.start.after(hours: 10)
            try expect(
                try await rig.track("other", code: 2, at: end.after(-1)).refusal,
                .connectionCoolingDown)
            try expect(try await rig.track("other", code: 2, at: end).invite?.ruleID, .make(2))
        },
    ]
}

/// What `body` returns for each of so many numbers, all of which are under way together.
func atOnce<Value: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (Int) async throws -> Value
) async throws -> [Value] {
    try await withThrowingTaskGroup(of: Value.self) { group in
        for number in 0..<count { group.addTask { try await body(number) } }
        return try await group.reduce(into: []) { $0.append($1) }
    }
}

extension StoreRig {
    /// 200 people who were invited accept at once; so many are let in.
    fileprivate func expectStarts(
        _ count: Int, refusal: LaunchRefusal, at time: Timestamp
    ) async throws {
        let people = 200
        _ = try await atOnce(people) { try await track(by: "u\($0)", code: $0, at: time) }
        let offers = try await atOnce(people) { try await accept($0, by: "u\($0)", at: time) }
        try expect(offers.count { $0.invite != nil }, count)
        try expect(offers.count { $0.refusal == refusal }, people - count)
        let funnel = try await store.funnel(of: .make())
        try expect(funnel, LaunchFunnel(invited: people, started: count))
        try expect(try await track(by: "late", code: 999, at: time).refusal, refusal)
    }
}
