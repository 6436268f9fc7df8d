package import Audiences

/// Staying within Mixpanel's quota.
extension StoreConformance {
    static let queries: [StoreCase] = [
        StoreCase("sixty queries an hour are permitted, and the next when the first is an hour old")
        { rig in
            for minute in 0..<60 { try await rig.ask(at: .start.after(minutes: Int64(minute) / 2)) }
            let hour = Timestamp.start.after(hours: 1)
            try expect(try await rig.permit(at: hour.after(-1)), .notBefore(hour))
            try await rig.ask(at: hour)
            try await rig.ask(at: hour)
            try expect(
                try await rig.permit(at: hour), .notBefore(.start.after(minutes: 61)))
        },
        StoreCase("five queries are permitted at once") { rig in
            var queries: [Int64] = []
            for _ in 0..<5 { queries.append(try await rig.granted(at: .start)) }
            try expect(try await rig.permit(at: .start), .notBefore(.start.after(1000)))
            try await rig.store.finish(queries[2], at: .start)
            _ = try await rig.granted(at: .start)
            try expect(try await rig.permit(at: .start), .notBefore(.start.after(1000)))
        },
        StoreCase("queries that never end are on their way for two minutes") { rig in
            for _ in 0..<5 { _ = try await rig.granted(at: .start) }
            let lost = Timestamp.start.after(Limits.queryMillisecondsMax)
            try expect(
                try await rig.permit(at: lost.after(-1)) == .notBefore(lost.after(999)), true)
            _ = try await rig.granted(at: lost)
        },
        StoreCase("projects have quotas of their own") { rig in
            for _ in 0..<60 { try await rig.ask(at: .start) }
            _ = try await rig.granted(of: "9", at: .start)
        },
        StoreCase("a pause keeps everybody off, and the longest one counts") { rig in
            let end = Timestamp.start.after(minutes: 7)
            try await rig.store.pause(.make(), until: end)
            try await rig.store.pause(.make(), until: .start.after(minutes: 2))
            try expect(try await rig.permit(at: .start), .notBefore(end))
            try expect(try await rig.permit(at: end.after(-1)), .notBefore(end))
            _ = try await rig.granted(of: "9", at: .start)
            _ = try await rig.granted(at: end)
        },
        StoreCase("a clock that goes back locks nobody out for longer than an hour") { rig in
            for _ in 0..<60 { try await rig.ask(at: .start.after(minutes: 30)) }
            try expect(
                try await rig.permit(at: .start), .notBefore(.start.after(hours: 1)))
            _ = try await rig.granted(at: .start.after(hours: -9))
        },
    ]
}

extension MixpanelProject {
    package static func make(_ id: String = "3012457") -> MixpanelProject {
        MixpanelProject(id: .make(id), region: .eu)
    }
}

extension StoreRig {
    fileprivate func permit(
        of project: String = "3012457", at time: Timestamp
    ) async throws -> QueryPermit {
        try await store.permit(for: .make(project), at: time)
    }

    fileprivate func granted(
        of project: String = "3012457", at time: Timestamp, file: String = #fileID,
        line: Int = #line
    ) async throws -> Int64 {
        let permit = try await permit(of: project, at: time)
        guard case .granted(let query) = permit else {
            throw Violation(description: "\(file):\(line): \(permit) instead of a permit")
        }
        return query
    }

    /// A query that is answered at once.
    fileprivate func ask(
        at time: Timestamp, file: String = #fileID, line: Int = #line
    ) async throws {
        try await store.finish(granted(at: time, file: file, line: line), at: time)
    }
}
