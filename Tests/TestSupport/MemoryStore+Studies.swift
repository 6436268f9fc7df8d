package import Audiences

extension MemoryStore: StudyStore {
    package func create(_ study: Study, for operation: Operation) async throws(Failure) {
        try administer(operation) { state throws(Failure) in
            _ = try state.index(of: study.connectionID)
            guard state.study(study.id) == nil else {
                throw Failure(.conflict, "There is a study \(study.id.text) already.")
            }
            state.studies.append(study)
            state.log(
                AuditNote(.studyCreated), on: study.id.text, for: operation, at: study.createdAt)
        }
    }

    package func studies(
        of connection: ConnectionID?, _ range: ListRange
    ) async throws(Failure) -> ListPage<Study> {
        try access { state throws(Failure) in
            let rows = state.studies.enumerated().compactMap { offset, study in
                study.map { (offset: offset, element: $0) }
            }
            return try state.page(
                rows.filter { (connection ?? $0.element.connectionID) == $0.element.connectionID },
                range, "studies")
        }
    }

    package func study(_ id: StudyID) async throws(Failure) -> Study? {
        try access { state throws(Failure) in state.study(id) }
    }

    package func starts(
        of id: StudyID, at now: Timestamp
    ) async throws(Failure) -> StudyStarts {
        try access { state throws(Failure) in
            guard state.study(id) != nil else {
                throw Failure(.notFound, "There is no study \(id.text).")
            }
            return state.starts(of: id, at: now)
        }
    }

    package func update(
        _ id: StudyID, at now: Timestamp, for operation: Operation,
        _ change: @escaping @Sendable (inout Study) throws(Failure) -> Void
    ) async throws(Failure) -> Study {
        try administer(operation) { state throws(Failure) in
            guard let index = state.studies.firstIndex(where: { $0?.id == id }),
                var study = state.studies[index]
            else { throw Failure(.notFound, "There is no study \(id.text).") }
            if let note = try study.change(at: now, by: change) {
                state.studies[index] = study
                state.log(note, on: id.text, for: operation, at: now)
            }
            return study
        }
    }

    // MARK: Rules

    package func create(_ rule: LaunchRule, for operation: Operation) async throws(Failure) {
        try administer(operation) { state throws(Failure) in
            _ = try state.index(of: rule.connectionID)
            guard let study = state.study(rule.studyID) else {
                throw Failure(.notFound, "There is no study \(rule.studyID.text).")
            }
            guard study.connectionID == rule.connectionID else {
                throw Failure(.conflict, "The study is another connection's.")
            }
            try state.expect(rule.audiences, of: rule.connectionID)
            let active = state.rules.count {
                $0?.rule.connectionID == rule.connectionID && $0?.rule.status != .archived
            }
            guard active < Limits.launchRulesMax else { throw Failure.tooManyRules }
            guard !state.rules.contains(where: { $0?.rule.id == rule.id }) else {
                throw Failure(.conflict, "There is a launch rule \(rule.id.text) already.")
            }
            state.rules.append(MemoryState.StoredRule(rule: rule))
            state.log(
                AuditNote(.ruleCreated), on: rule.id.text, for: operation, at: rule.createdAt)
        }
    }

    package func rules(
        matching filter: LaunchRuleFilter, _ range: ListRange
    ) async throws(Failure) -> ListPage<LaunchRule> {
        try access { state throws(Failure) in
            var rows: [(offset: Int, element: LaunchRule)] = []
            for (offset, stored) in state.rules.enumerated() {
                if let rule = stored?.rule, filter.takes(rule) { rows.append((offset, rule)) }
            }
            return try state.page(rows, range, "rules")
        }
    }

    package func rule(_ id: LaunchRuleID) async throws(Failure) -> LaunchRule? {
        try access { state throws(Failure) in
            state.rules.compactMap { $0?.rule }.first { $0.id == id }
        }
    }

    package func update(
        _ id: LaunchRuleID, at now: Timestamp, for operation: Operation,
        _ change: @escaping @Sendable (inout LaunchRule) throws(Failure) -> Void
    ) async throws(Failure) -> LaunchRule {
        try administer(operation) { state throws(Failure) in
            guard let index = state.rules.firstIndex(where: { $0?.rule.id == id }),
                var rule = state.rules[index]?.rule
            else { throw Failure(.notFound, "There is no launch rule \(id.text).") }
            if let note = try rule.change(at: now, by: change) {
                try state.expect(rule.audiences, of: rule.connectionID)
                state.rules[index]?.rule = rule
                state.log(note, on: id.text, for: operation, at: now)
            }
            return rule
        }
    }

    package func funnel(of id: LaunchRuleID) async throws(Failure) -> LaunchFunnel {
        try access { state throws(Failure) in
            guard let stored = state.rules.compactMap(\.self).first(where: { $0.rule.id == id })
            else { throw Failure(.notFound, "There is no launch rule \(id.text).") }
            var funnel = stored.counts
            if case .audience(let target) = stored.rule.trigger {
                funnel.audienceMembers = state.members(of: try state.row(of: target)).count
            }
            return funnel
        }
    }
}

extension MemoryState {
    fileprivate func expect(
        _ audiences: [AudienceID], of connection: ConnectionID
    ) throws(Failure) {
        for id in audiences {
            let row = try row(of: id)
            guard self.audiences[row].connection == connection else {
                throw Failure(.conflict, "The audience \(id.text) is another connection's.")
            }
        }
    }
}

extension LaunchRuleFilter {
    fileprivate func takes(_ rule: LaunchRule) -> Bool {
        (connection ?? rule.connectionID) == rule.connectionID
            && (study ?? rule.studyID) == rule.studyID && (status ?? rule.status) == rule.status
    }
}
