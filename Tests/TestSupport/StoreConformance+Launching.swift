import Audiences

extension StoreConformance {
    static let launching: [StoreCase] = [
        StoreCase("a member of the audience is invited once, and found by their id") { rig in
            try await rig.send(.make(.addMembers, members: [.make("d1", reference: "user-1")]))
            let audience = try await rig.theAudience().id
            try await rig.launch(.make(), .make(trigger: .audience(audience)))
            let pending = try await rig.load(code: 1).pending
            try expect(pending?.invite.code, .make(1))
            try expect(pending?.prompt.title, "Got two minutes?")
            try expect(pending?.launchURL, .make())
            try expect(pending?.invite.audienceID, audience)
            try expect(pending?.invite.distinctID, .make("d1"))
            try expect(pending?.invite.source, .audience)
            let again = try await rig.load(code: 2, at: .start.after(1)).pending
            try expect(again, pending)
            for other in ["d1", "user-2"] {
                try expect(try await rig.load(other, code: 3).pending, nil)
            }
            try expect(try await rig.load(nil, code: 3).pending, nil)
            try expect(try await rig.load(from: 2, code: 3).pending, nil)
            try expect(try await rig.store.invite(.make(1)), pending?.invite)
            try expect(try await rig.store.invite(.make(2)), nil)
        },
        StoreCase("an app is told which events to report, each once and none that is off") { rig in
            try await rig.send(.make(.addMembers, ["ada"]))
            let audience = try await rig.theAudience().id
            try await rig.launch(
                .make(), .make(1, trigger: .event(.make("b"))),
                .make(2, trigger: .event(.make("a"))), .make(3, trigger: .event(.make("b"))),
                .make(4, status: .paused, trigger: .event(.make("c"))),
                .make(5, trigger: .event(.make("d")), surface: .directLink),
                .make(6, trigger: .audience(audience)))
            try await rig.launch(
                .make(2, status: .paused), .make(7, study: 2, trigger: .event(.make("e"))))
            let events = try await rig.load(nil).events
            try expect(events, [.make("a"), .make("b")])
            try expect(try await rig.load(from: 2).events, [])
        },
        StoreCase("an event offers what its rule says, and starts nothing") { rig in
            try await rig.launch(.make(), .make())
            try expect(try await rig.load().pending, nil)
            let offer = try await rig.track(code: 1)
            try expect(offer.invite?.status, .open)
            try expect(offer.invite?.source, .event)
            try expect(offer.invite?.distinctID, nil)
            try expect(try await rig.track(code: 2), offer)
            try expect(try await rig.track("checkout_faile").refusal, .otherEvent)
            try expect(try await rig.track("CHECKOUT_FAILED").refusal, .otherEvent)
            let funnel = LaunchFunnel(invited: 1)
            try expect(try await rig.store.funnel(of: .make()), funnel)
        },
        StoreCase("an invite is started once, and the same accept is answered the same") { rig in
            try await rig.launch(.make(), .make())
            _ = try await rig.track()
            try await rig.report(.shown)
            let now = Timestamp.start.after(1)
            let offer = try await rig.accept(attempt: "a1", at: now)
            try expect(offer.invite?.startedAt, now)
            try expect(offer.invite?.status, .started)
            try expect(try await rig.accept(attempt: "a1", at: now.after(1)), offer)
            for attempt in ["a2", nil] {
                try expect(try await rig.accept(attempt: attempt).refusal, .alreadyStarted)
            }
            let link = {
                try await rig.store.start(.make(1), by: nil, of: nil, attempt: nil, at: now)
            }
            try expect(try await link(), offer)
            try await rig.report(.completed, at: now.after(2))
            try expect(try await link().refusal, .alreadyCompleted)
            try expect(try await rig.accept(attempt: "a2").refusal, .alreadyCompleted)
            let repeated = try await rig.accept(attempt: "a1", at: now.after(3))
            try expect(repeated.invite?.status, .completed)
            let funnel = LaunchFunnel(invited: 1, shown: 1, started: 1, completed: 1)
            try expect(try await rig.store.funnel(of: .make()), funnel)
        },
        StoreCase("nobody starts another one's invite, nor tells of it") { rig in
            try await rig.launch(.make(), .make())
            _ = try await rig.track()
            try expect(try await rig.accept(by: "user-2").refusal, .unknownInvite)
            try expect(try await rig.accept(from: 2).refusal, .unknownInvite)
            try expect(try await rig.accept(2).refusal, .unknownInvite)
            try expect(try await rig.report(.shown, from: 2), nil)
            try expect(try await rig.report(.shown, of: 2), nil)
            try expect(try await rig.store.invite(.make(1))?.status, .open)
        },
        StoreCase("what is reported is noted once, in whichever order it comes") { rig in
            try await rig.launch(.make(), .make())
            _ = try await rig.track()
            try expect(try await rig.report(.completed)?.status, .open)
            try expect(try await rig.report(.started)?.status, .open)
            try expect(try await rig.report(.shown, at: .start.after(1))?.status, .shown)
            try expect(try await rig.report(.shown, at: .start.after(9))?.shownAt, .start.after(9))
            for time in 10...11 as ClosedRange<Int64> {
                let invite = try await rig.report(.dismissed, at: .start.after(time))
                try expect(invite?.dismissedAt, .start.after(10))
            }
            try expect(try await rig.report(.shown, at: .start.after(12))?.status, .dismissed)
            try expect(try await rig.accept().refusal, .dismissed)
            let funnel = LaunchFunnel(invited: 1, shown: 1, dismissed: 1)
            try expect(try await rig.store.funnel(of: .make()), funnel)
        },
        StoreCase("who leaves the audience can't start any more, who has started may finish") {
            rig in
            try await rig.send(.make(.addMembers, ["ada", "bo"]))
            let audience = try await rig.theAudience().id
            try await rig.launch(.make(), .make(trigger: .audience(audience)))
            _ = try await rig.load("ada", code: 1)
            _ = try await rig.load("bo", code: 2)
            _ = try await rig.accept(2, by: "bo")
            try await rig.send(.make(.removeMembers, ["ada", "bo"], session: "S2"))
            try expect(try await rig.load("ada", code: 3).pending, nil)
            try expect(try await rig.accept(1, by: "ada").refusal, .notAMember)
            try expect(try await rig.report(.completed, of: 2)?.status, .completed)
            let funnel = try await rig.store.funnel(of: .make())
            try expect(
                funnel, LaunchFunnel(audienceMembers: 0, invited: 2, started: 1, completed: 1))
        },
        StoreCase("a rule or study that is off makes no invite and starts none, and says why") {
            rig in
            try await rig.launch(.make(), .make())
            _ = try await rig.track(by: "user-1", code: 1)
            let rule: [(LaunchRule.Status, LaunchRefusal?)] = [
                (.paused, .rulePaused), (.active, nil), (.archived, .ruleArchived),
            ]
            for (status, reason) in rule {
                _ = try await rig.store.update(.make(), at: .start, for: .test) {
                    (rule: inout LaunchRule) in rule.status = status
                }
                try expect(try await rig.reason(), reason)
                guard let reason else { continue }
                try expect(try await rig.track(by: "user-2", code: 2).refusal, reason)
                try expect(try await rig.accept().refusal, reason)
            }
            try await rig.add(.make(2))
            try expect(try await rig.track(by: "user-2", code: 2).invite?.ruleID, .make(2))
            let study: [(Study.Status, LaunchRefusal)] = [
                (.paused, .studyPaused), (.closed, .studyClosed),
            ]
            for (status, reason) in study {
                _ = try await rig.store.update(.make(), at: .start, for: .test) {
                    (study: inout Study) in study.status = status
                }
                try expect(try await rig.accept(2, by: "user-2").refusal, reason)
                try expect(try await rig.reason(2), reason)
            }
            try expect(try await rig.load(nil).events, [])
        },
        StoreCase("the higher rule wins, and the reasons of all others are told") { rig in
            try await rig.launch(
                .make(), .make(1), .make(2, priority: 5), .make(3, status: .draft, priority: 9),
                .make(4, surface: .directLink))
            try expect(try await rig.track().invite?.ruleID, .make(2))
            let verdict = try await rig.store.verdicts(
                for: .make("user-1"), of: nil, at: .start)
            try expect(verdict.map(\.connection), [.make(1)])
            try expect(verdict.first?.verdict.chosen, .make(2))
            try expect(
                verdict.first?.verdict.refusals.map(\.rule), [.make(3), .make(1), .make(4)])
            try expect(
                verdict.first?.verdict.refusals.map(\.reason), [.ruleDraft, .outranked, .outranked])
            try expect(
                try await rig.store.verdicts(for: .make("u"), of: .make(2), at: .start).count, 0)
        },
        StoreCase("the app's own entry is to a rule of that kind, whatever others there are") {
            rig in
            try await rig.launch(
                .make(), .make(1, surface: .directLink), .make(2, priority: 9))
            let enter = { (rule: UInt8, connection: UInt8) in
                try await rig.store.offer(
                    .make(rule), to: .make("user-1"), of: .make(connection), fresh: .make(7),
                    at: .start)
            }
            try expect(try await enter(1, 1).invite?.source, .link)
            try expect(try await enter(2, 1).refusal, .waitsForEvent)
            try expect(try await enter(1, 2).refusal, .unknownInvite)
            try expect(try await enter(9, 1).refusal, .unknownInvite)
            try expect(try await rig.accept(7).invite?.status, .started)
        },
    ]
}
