package import Audiences

extension MemoryState {
    struct StoredQuery {
        let project: ExternalID
        let sentAt: Timestamp
        var isOver = false
    }
}

extension MemoryStore: QueryQuota {
    package func permit(
        for project: MixpanelProject, at now: Timestamp
    ) async throws(Failure) -> QueryPermit {
        try access { state throws(Failure) in
            if let pause = state.queryPauses[project.id], pause > now { return .notBefore(pause) }
            let recent = state.queries.filter {
                $0.project == project.id && abs(now.since($0.sentAt)) < 3_600_000
            }.sorted { $0.sentAt < $1.sentAt }
            if recent.count >= Limits.queriesPerHourMax {
                let oldest = recent[recent.count - Limits.queriesPerHourMax].sentAt
                return .notBefore(min(oldest, now).after(hours: 1))
            }
            let onTheirWay = recent.count {
                !$0.isOver && now.since($0.sentAt) < Limits.queryMillisecondsMax
            }
            guard onTheirWay < Limits.queriesAtOnceMax else { return .notBefore(now.after(1000)) }
            state.queries.append(MemoryState.StoredQuery(project: project.id, sentAt: now))
            return .granted(query: Int64(state.queries.count))
        }
    }

    package func finish(_ query: Int64, at now: Timestamp) async throws(Failure) {
        try access { state throws(Failure) in
            guard state.queries.indices.contains(Int(query) - 1) else { return }
            state.queries[Int(query) - 1].isOver = true
        }
    }

    package func pause(
        _ project: MixpanelProject, until moment: Timestamp
    ) async throws(Failure) {
        try access { state throws(Failure) in
            state.queryPauses[project.id] = max(state.queryPauses[project.id] ?? moment, moment)
        }
    }
}
