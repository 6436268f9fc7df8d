package import Audiences
internal import JSON

/// Which of a project's events are exported (docs.mixpanel.com/reference/raw-event-export).
package struct ExportQuery: Sendable, Hashable {
    /// The first moment that counts.
    package var from: Timestamp
    /// The first moment that does not count any more.
    package var to: Timestamp
    /// Their names; empty for all.
    package var events: [String]
    /// In Mixpanel's expression language; `nil` for all.
    package var expression: String?

    package init(
        from: Timestamp, to: Timestamp, events: [String] = [], expression: String? = nil
    ) {
        self.from = from
        self.to = to
        self.events = events
        self.expression = expression
    }

    /// The fields of the query.
    ///
    /// Mixpanel takes whole days, both of them inclusive, of UTC or, in projects made before 2023,
    /// of the project's zone: so more is asked for than is wanted, and ``contains(_:)`` decides.
    func fields(at now: Timestamp) -> [(name: String, value: [UInt8])] {
        // A day that has not begun anywhere is refused: "to_date cannot be later than today".
        let last = min(Timestamp(milliseconds: to.milliseconds - 1), now)
        var fields: [(name: String, value: [UInt8])] = [
            ("from_date", from.day), ("to_date", max(last, from).day),
        ]
        if !events.isEmpty {
            var json = JSONWriter()
            json.value(.array(events.map { .string($0) }))
            fields.append(("event", json.bytes))
        }
        if let expression { fields.append(("where", Array(expression.utf8))) }
        return fields
    }

    /// Whether an event happened in time; one that does not say when did.
    ///
    /// `time` is in seconds, whole or not.
    func contains(_ event: ExportedEvent) -> Bool {
        guard let seconds = event.seconds else { return true }
        return seconds >= Double(from.milliseconds) / 1000
            && seconds < Double(to.milliseconds) / 1000
    }
}

extension Timestamp {
    /// `2026-01-31`, in UTC.
    fileprivate var day: [UInt8] { Array(rfc3339.utf8.prefix(10)) }
}

/// A line of an export.
struct ExportedEvent {
    /// `properties.time`.
    private(set) var seconds: Double?

    private static let names = JSONNames(["properties"])
    private static let propertyNames = JSONNames(["time"])

    /// `nil` if the line is no JSON object.
    init?(_ line: [UInt8]) {
        let read = line.scanned { scanner throws(JSONError) -> ExportedEvent? in
            var event = ExportedEvent()
            let isObject = try scanner.eachMember { scanner, key throws(JSONError) in
                guard Self.names.index(of: key, in: scanner.source) != nil else {
                    return try scanner.skipped()
                }
                try scanner.eachMember { scanner, key throws(JSONError) in
                    guard Self.propertyNames.index(of: key, in: scanner.source) != nil else {
                        return try scanner.skipped()
                    }
                    guard case .number(let range) = try scanner.wholeValue() else { return }
                    event.seconds = Double(
                        String(decoding: scanner.source.slice(range), as: UTF8.self))
                }
            }
            return isObject ? event : nil
        }
        guard let read else { return nil }
        self = read
    }

    private init() {}
}
