import Audiences

extension StoreConformance {
    static let operations: [StoreCase] = [
        StoreCase("every administrative change is in the audit log, newest first") { rig in
            try await rig.doEverything()
            let log = try await rig.log().reversed()
            try expect(log.map(\.sequence), (0..<log.count).map { Int64($0 + 3) })
            try expect(
                log.map(\.action),
                [
                    .cohortSyncSetUp, .connectionChanged, .serviceAccountChanged,
                    .serviceAccountRekeyed, .secretRegenerated, .secretRevoked,
                    .cohortSyncSwitchedOff, .cohortSyncSwitchedOn, .keyCreated, .keyRevoked,
                    .replacementAccepted, .replacementRejected, .audienceRestored, .personErased,
                    .personErased, .connectionDeleted,
                ])
            let connection = ConnectionID.make(1).text
            let audience = try await rig.store.auditLog(
                matching: AuditFilter(action: .audienceRestored), ListRange()
            ).items.first?.target
            try expect(AudienceID(audience ?? "") != nil, true)
            try expect(
                log.map(\.target),
                [String?](repeating: connection, count: 8)
                    + [String?](repeating: OperatorKey.make(3).id.text, count: 2)
                    + [audience, audience, audience, nil, nil, connection])
            try expect(Set(log.map(\.actor)), [.key(.make(5))])
            try expect(Set(log.map(\.requestID)), ["r-1"])
            try expect(log.map(\.at), (0..<log.count).map { .start.after(Int64($0 + 1)) })
        },
        StoreCase("it says what was changed, and no value") { rig in
            try await rig.doEverything()
            let log = try await rig.log()
            let details = Dictionary(
                log.map { ($0.action, $0.details) }, uniquingKeysWith: { first, _ in first })
            try expect(
                details[.connectionChanged], ["name", "guard_max_removed_fraction"])
            try expect(details[.serviceAccountChanged], ["service_account"])
            try expect(details[.secretRegenerated], [SecretID.make(3).text])
            try expect(details[.secretRevoked], [3, 2, 1].map { SecretID.make($0).text })
            try expect(details[.personErased], ["erased 0", "stay_erased"])
            try expect(details[.connectionDeleted], ["audiences 1"])
            try expect(details[.cohortSyncSetUp], [])
        },
        StoreCase("the audit log is filtered by what was done and to what") { rig in
            try await rig.doEverything()
            let connection = ConnectionID.make(1).text
            let all = try await rig.log()
            for action in [AuditEntry.Action.personErased, .keyRevoked, .connectionDeclared] {
                try expect(
                    try await rig.log(AuditFilter(action: action)),
                    all.filter { $0.action == action })
                try expect(
                    try await rig.log(AuditFilter(action: action, target: connection)),
                    all.filter { $0.action == action && $0.target == connection })
            }
            for target in [connection, OperatorKey.make(3).id.text, "nobody"] {
                try expect(
                    try await rig.log(AuditFilter(target: target)),
                    all.filter { $0.target == target })
            }
            try await expect(.invalid) {
                _ = try await rig.store.auditLog(
                    matching: AuditFilter(), ListRange(after: Cursor("k1-0-1")))
            }
        },
        StoreCase("what fails or changes nothing is not in the audit log") { rig in
            let now = Timestamp.start
            try await expect(.conflict) { try await rig.store.create(Connection.make(1)) }
            _ = try await rig.store.update(.make(1), with: ConnectionEdit(), at: now)
            try await rig.store.setUp(.make(), of: .make(1))
            try await expect(.conflict) { try await rig.store.setUp(.make(), of: .make(1)) }
            _ = try await rig.switchSync(on: true, at: now)
            _ = try await rig.set(nil, at: now)
            try await rig.store.create(OperatorKey.make(3))
            for _ in 0..<2 { try await rig.store.revoke(OperatorKey.make(3).id, at: now) }
            let unknown = AudienceID.make(from: [UInt8](repeating: 31, count: 16))
            try await expect(.notFound) { try await rig.store.restore(unknown, at: now) }
            try expect(
                try await rig.actions(), ["key.revoked", "key.created", "cohort_sync.set_up"])
            try expect(try await rig.log().map(\.sequence), [5, 4, 3])
        },
        StoreCase("what was asked of an account is noted on no other") { rig in
            let (one, now) = (ConnectionID.make(1), Timestamp.start)
            var asked = ServiceAccount.make()
            _ = try await rig.store.set(asked, of: one, at: now, for: .test)
            asked.status = .expired
            let noted = try await rig.store.refresh(asked, of: one, at: now, for: .test)
            try expect(noted.serviceAccount, asked)
            try expect(try await rig.store.connection(one)?.serviceAccount, asked)
            var other = asked
            other.secret = SealedSecret("v1.other")
            for current in [other, nil] {
                _ = try await rig.store.set(current, of: one, at: now, for: .test)
                try await expect(.conflict) {
                    _ = try await rig.store.refresh(asked, of: one, at: now, for: .test)
                }
                try expect(try await rig.store.connection(one)?.serviceAccount, current)
            }
            try await expect(.notFound) {
                _ = try await rig.store.refresh(asked, of: .make(9), at: now, for: .test)
            }
        },
        StoreCase("a key keeps its scope") { rig in
            for scope in OperatorKey.Scope.allCases {
                var key = OperatorKey.make(scope == .admin ? 3 : 4)
                key.scope = scope
                try await rig.store.create(key)
                try expect(try await rig.store.operatorKey(key.id), key)
            }
        },
    ]

    static let answers: [StoreCase] = [
        StoreCase("the answer of a change is kept with it, for a day") { rig in
            let answer = KeptAnswer.make()
            try expect(try await rig.store.keptAnswer("k1", at: .start), nil)
            try await rig.store.create(
                Connection.make(7), for: Operation(by: .server, answer: answer))
            try expect(try await rig.store.keptAnswer("k1", at: .start), answer)
            let end = Timestamp.start.after(Limits.keptAnswerMillisecondsMax)
            try await rig.tidy(at: end)
            try expect(try await rig.store.keptAnswer("k1", at: end), answer)
            try expect(try await rig.store.keptAnswer("k1", at: end.after(1)), nil)
            try await rig.tidy(at: end.after(1))
            try expect(try await rig.store.keptAnswer("k1", at: .start), nil)
            try expect(try await rig.store.keptAnswer("k2", at: .start), nil)
        },
        StoreCase("a change whose answer is kept already does not happen") { rig in
            let operation = Operation(by: .server, answer: .make())
            try await rig.store.create(Connection.make(7), for: operation)
            let attempts: [@Sendable () async throws -> Void] = [
                { try await rig.store.create(Connection.make(8), for: operation) },
                // The kept answer counts, not what the change would run into.
                { try await rig.store.create(Connection.make(7), for: operation) },
                { try await rig.store.create(OperatorKey.make(3), for: operation) },
                { try await rig.store.setUp(.make(), of: .make(1), for: operation) },
                { try await rig.store.delete(.make(1), at: .start, for: operation) },
            ]
            for attempt in attempts {
                do {
                    try await attempt()
                    throw Violation(description: "it happened again")
                } catch let failure as Failure {
                    try expect(failure, .answeredAlready)
                }
            }
            try expect(try await rig.store.connection(.make(8)), nil)
            try expect(try await rig.store.connection(.make(1)), Connection.make(1))
            try expect(try await rig.actions(), ["connection.created"])
        },
        StoreCase("of requests that race with one key, one acts") { rig in
            let winners = await withTaskGroup(of: Bool.self) { group in
                for number in 10..<30 as Range<UInt8> {
                    group.addTask {
                        var answer = KeptAnswer.make()
                        answer.body = SealedSecret("\(number)")
                        let operation = Operation(by: .server, answer: answer)
                        return
                            (try? await rig.store.create(
                                Connection.make(number), for: operation)) != nil
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            try expect(winners, 1)
            let made = try await rig.store.connections(ListRange()).items
            try expect(made.count, 3)
            let body = try await rig.store.keptAnswer("k1", at: .start)?.body.text ?? ""
            try expect(UInt8(body).map { .make($0) }, made.last?.id)
        },
        StoreCase("a change that fails keeps no answer") { rig in
            let operation = Operation(by: .server, answer: .make())
            try await expect(.conflict) {
                try await rig.store.create(Connection.make(1), for: operation)
            }
            try expect(try await rig.store.keptAnswer("k1", at: .start), nil)
            try await rig.store.create(Connection.make(7), for: operation)
            try expect(try await rig.store.keptAnswer("k1", at: .start) != nil, true)
        },
        StoreCase("every kept answer is sealed anew, however many there are") { rig in
            for number in 0..<120 {
                var answer = KeptAnswer.make()
                answer.key = "k\(number)"
                _ = try await rig.store.update(
                    .make(1), with: ConnectionEdit(), at: .start,
                    for: Operation(by: .server, answer: answer))
            }
            let count = try await rig.store.resealAnswers { body in
                SealedSecret(body.text + "+")
            }
            try expect(count, 120)
            for number in 0..<120 {
                let body = try await rig.store.keptAnswer("k\(number)", at: .start)?.body
                try expect(body, SealedSecret("v1.body+"))
            }
            try expect(try await rig.store.resealAnswers { $0 }, 0)
            try await expect(.unavailable) {
                _ = try await rig.store.resealAnswers { _ throws(Failure) in
                    throw Failure(.unavailable, "There is no key.")
                }
            }
        },
        StoreCase("after a day the same key may act again") { rig in
            var answer = KeptAnswer.make()
            let operation = Operation(by: .server, answer: answer)
            try await rig.store.create(Connection.make(7), for: operation)
            answer.createdAt = .start.after(Limits.keptAnswerMillisecondsMax)
            try await expect(.conflict) {
                try await rig.store.create(
                    Connection.make(8), for: Operation(by: .server, answer: answer))
            }
            answer.createdAt = answer.createdAt.after(1)
            answer.request = "another"
            try await rig.store.create(
                Connection.make(8), for: Operation(by: .server, answer: answer))
            try expect(try await rig.store.keptAnswer("k1", at: answer.createdAt), answer)
        },
    ]
}

extension KeptAnswer {
    static func make() -> KeptAnswer {
        KeptAnswer(
            key: "k1", request: "q1", status: 201, body: SealedSecret("v1.body"),
            createdAt: .start)
    }
}

extension OperatorKeyID {
    fileprivate static func make(_ number: UInt8) -> OperatorKeyID {
        OperatorKey.make(number).id
    }
}

extension StoreRig {
    /// Every administrative change to connection 1, to the default cohort and to keys, one a
    /// millisecond.
    fileprivate func doEverything() async throws {
        let by = Operation(by: .key(.make(5)), requestID: "r-1")
        var now = Timestamp.start
        func next() -> Timestamp {
            now = now.after(1)
            return now
        }
        let one = ConnectionID.make(1)
        try await store.setUp(.make(at: next()), of: one, for: by)
        let edit = ConnectionEdit(
            name: "Fathom", guardMaxRemoved: .some(RemovedFraction(0.25)))
        _ = try await store.update(one, with: edit, at: next(), for: by)
        _ = try await store.set(ServiceAccount.make(), of: one, at: next(), for: by)
        try await store.reseal(
            SealedSecret("v1.a"), as: SealedSecret("v2.a"), of: one, at: next(), for: by)
        let secret = StoredSecret(id: .make(3), hash: .make("c"), createdAt: now)
        _ = try await store.add(
            secret, to: one, overlapMilliseconds: 60_000, at: next(), for: by)
        _ = try await store.revoke(nil, of: one, at: next(), for: by)
        for isOn in [false, true] {
            _ = try await store.set(isOn: isOn, cohortSyncOf: one, at: next(), for: by)
        }
        var key = OperatorKey.make(3)
        key.createdAt = next()
        try await store.create(key, for: by)
        try await store.revoke(key.id, at: next(), for: by)
        for decision in [HeldDecision.accept, .reject] {
            for people in [crowd(1000), crowd(1)] {
                let session = "\(decision) \(people.count)"
                try await send(.make(.members, people, session: session))
            }
            try await store.decide(decision, on: theAudience().id, at: next(), for: by)
        }
        try await store.restore(theAudience().id, at: next(), for: by)
        for staysErased in [false, true] {
            _ = try await store.erase(
                matching: .make("p0"), staysErased: staysErased, at: next(), for: by)
        }
        try await store.delete(one, at: next(), for: by)
    }
}
