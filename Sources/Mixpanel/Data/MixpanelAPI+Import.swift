package import Audiences
internal import JSON

extension MixpanelAPI {
    /// Sends events, as many calls as they need, one after the other.
    ///
    /// Strictly: Mixpanel checks each event, stores the good ones, and tells of the others.
    ///
    /// - Throws: the error of the first call, if nothing at all was stored.
    package func importEvents(
        _ events: [ImportedEvent], as access: ProjectAccess
    ) async throws(ProviderError) -> IngestionReport {
        let url = Self.url(
            hosts.address(of: .ingestion, in: access.region) + "/import",
            [("strict", Array("1".utf8))] + access.projectFields)
        return try await sendAll(events.map(\.json)) {
            body, places, report throws(ProviderError) in
            let request = MixpanelRequest(
                method: .post, url: url,
                headers: [
                    ("Accept", "application/json"), ("Authorization", access.authorization),
                    ("Content-Type", "application/json"),
                ], body: body, timeout: MixpanelLimits.queryTimeout)
            let response = try await answer(to: request, in: access.region)
            // A 400 is also how Mixpanel says that some of the events were not good.
            guard response.status == 200 || response.status == 400 else {
                throw refusal(response, in: access.region)
            }
            let answer = ImportAnswer(try notWebPage(response, in: access.region).body)
            guard let answer, let imported = answer.imported else {
                throw response.status == 200
                    ? .unknownShape(response, in: access.region)
                    : refusal(response, in: access.region)
            }
            report.add(imported, answer.failures, of: places)
        }
    }

    /// Changes profiles, as many calls as they need, one after the other.
    ///
    /// Mixpanel answers 200 whether it likes an update or not, and takes a call as a whole or not
    /// at all, so every failure is of a whole call.
    ///
    /// - Throws: the error of the first call, if nothing was changed.
    package func update(
        _ updates: [ProfileUpdate], of token: ProjectToken, in region: MixpanelRegion
    ) async throws(ProviderError) -> IngestionReport {
        let url = hosts.address(of: .ingestion, in: region) + "/engage?verbose=1"
        return try await sendAll(updates.map { $0.json(token: token) }) {
            body, places, report throws(ProviderError) in
            let request = MixpanelRequest(
                method: .post, url: url,
                headers: [("Accept", "application/json"), ("Content-Type", "application/json")],
                body: body, timeout: MixpanelLimits.queryTimeout)
            let response = try await answer(to: request, in: region)
            guard response.status == 200 else { throw refusal(response, in: region) }
            switch EngageVerdict(try notWebPage(response, in: region).body) {
            case .taken: report.add(places.count, [], of: places)
            case .refused(let why):
                throw ProviderError(
                    MixpanelError(.refused(status: 200), in: region), status: 200, said: why)
            case nil: throw .unknownShape(response, in: region)
            }
        }
    }
}

extension IngestionReport {
    fileprivate mutating func add(
        _ count: Int, _ failures: [RecordFailure], of places: Range<Int>
    ) {
        accepted += max(0, min(count, places.count))
        self.failures += failures.map { failure in
            var failure = failure
            // What is told of a record that was not sent is told of no record.
            failure.index = failure.index.flatMap { index in
                (0..<places.count).contains(index) ? places.lowerBound + index : nil
            }
            return failure
        }
    }
}

/// What `/import` answers:
/// `{"code":400,"num_records_imported":23,"failed_records":[{"index":0,"$insert_id":…}]}`.
struct ImportAnswer {
    private(set) var imported: Int?
    private(set) var failures: [RecordFailure] = []

    private static let names = JSONNames(["num_records_imported", "failed_records"])
    private static let failureNames = JSONNames([
        "index", "$insert_id", "insert_id", "field", "message",
    ])

    /// `nil` if it is no object.
    init?(_ body: [UInt8]) {
        let read = body.scanned { scanner throws(JSONError) -> ImportAnswer? in
            var answer = ImportAnswer()
            let isObject = try scanner.eachMember { scanner, key throws(JSONError) in
                switch Self.names.index(of: key, in: scanner.source) {
                case 0: answer.imported = try scanner.intValue()
                case 1: try answer.readFailures(from: &scanner)
                default: try scanner.skipped()
                }
            }
            return isObject ? answer : nil
        }
        guard let read else { return nil }
        self = read
    }

    private init() {}

    private mutating func readFailures(from scanner: inout JSONScanner) throws(JSONError) {
        try scanner.eachElement { scanner throws(JSONError) in
            let failure = try Self.failure(from: &scanner)
            guard failures.count < MixpanelLimits.failedRecordsMax else { return }
            failures.append(failure)
        }
    }

    /// An object, or just a text.
    private static func failure(
        from scanner: inout JSONScanner
    ) throws(JSONError) -> RecordFailure {
        var failure = RecordFailure(message: "")
        var text = scanner
        let isObject = try scanner.eachMember { scanner, key throws(JSONError) in
            switch failureNames.index(of: key, in: scanner.source) {
            case 0: failure.index = try scanner.intValue()
            case 1, 2: failure.insertID = try scanner.textValue()
            case 3: failure.field = try scanner.textValue()
            case 4: failure.message = try scanner.textValue() ?? ""
            default: try scanner.skipped()
            }
        }
        if !isObject { failure.message = try text.textValue() ?? "" }
        return failure
    }
}

/// What `/engage` answers to updates: `1` or `0`, or `{"status":1,"error":null}`.
enum EngageVerdict: Equatable {
    case taken
    case refused(String?)

    /// `nil` if it is neither.
    init?(_ body: [UInt8]) {
        let verdict = body.scanned { scanner throws(JSONError) -> EngageVerdict? in
            var status: Int?
            var error: String?
            var plain = scanner
            let isObject = try scanner.eachMember { scanner, key throws(JSONError) in
                if scanner.source.matches(key, "status") {
                    status = try scanner.intValue()
                } else if scanner.source.matches(key, "error") {
                    error = try scanner.textValue()
                } else {
                    try scanner.skipped()
                }
            }
            if !isObject { status = try plain.intValue() }
            return switch status {
            case 1: .taken
            case 0: .refused(error)
            default: nil
            }
        }
        guard let verdict else { return nil }
        self = verdict
    }
}
