internal import Audiences
internal import JSON

/// What a project's events of today are counted by.
package enum TopEventsKind: String, Sendable, Hashable, CaseIterable {
    case general, unique, average
}

extension MixpanelAPI {
    /// Today's most frequent events; one query of 60 an hour.
    ///
    /// - Parameters:
    ///   - kind: how they are counted.
    ///   - limit: how many at most; `nil` for Mixpanel's default of 100.
    ///   - access: who asks.
    /// - Returns: each in Mixpanel's own JSON, checked but not changed:
    ///   `{"event":…,"amount":…,"percent_change":…}`.
    /// - Throws: ``ProviderError``.
    package func topEvents(
        _ kind: TopEventsKind, limit: Int? = nil, as access: ProjectAccess
    ) async throws(ProviderError) -> [[UInt8]] {
        var fields: [(name: String, value: [UInt8])] = [("type", Array(kind.rawValue.utf8))]
        if let limit { fields.append(("limit", Array("\(limit)".utf8))) }
        let response = try await query(.get, "/api/query/events/top", fields, as: access)
        let events = response.body.scanned { scanner throws(JSONError) -> [[UInt8]]? in
            var events: [[UInt8]]?
            try scanner.eachMember { scanner, key throws(JSONError) in
                guard scanner.source.matches(key, "events") else { return try scanner.skipped() }
                var found: [[UInt8]] = []
                let isList = try scanner.eachElement { scanner throws(JSONError) in
                    found.append(try scanner.recordValue())
                }
                if isList { events = found }
            }
            return events
        }
        guard let events else { throw .unknownShape(response, in: access.region) }
        return events
    }
}
