internal import Audiences

extension MixpanelAPI {
    /// Exports events, one by one as they come, in memory that does not grow with their number;
    /// one of 60 exports an hour.
    ///
    /// Mixpanel does not remove what it was sent twice: events with the same name, time, distinct
    /// id and `$insert_id` are one.
    ///
    /// - Parameters:
    ///   - query: which ones.
    ///   - access: who asks.
    ///   - take: takes an event in Mixpanel's own JSON, checked but not changed. It is called on
    ///     the loop of outbound calls, one event after the other, and must not block.
    /// - Returns: how many were taken.
    /// - Throws: ``ProviderError``, also when the export breaks off after some events were taken:
    ///   nothing tells then how many are missing; what `take` throws, which ends the export.
    package func export(
        _ query: ExportQuery, as access: ProjectAccess,
        _ take: @escaping @Sendable ([UInt8]) async throws -> Void
    ) async throws -> Int {
        let region = access.region
        let request = MixpanelRequest(
            method: .get,
            url: Self.url(
                hosts.address(of: .export, in: region) + "/api/2.0/export",
                access.projectFields + query.fields(at: now())),
            headers: [("Accept", "text/plain"), ("Authorization", access.authorization)],
            timeout: MixpanelLimits.exportTimeout, silenceMax: MixpanelLimits.exportSilenceMax)
        let reader = ExportReader(query, in: region, take)
        do {
            let response = try await streaming(request) { try await reader.read($0) }
            guard response.status == 200 else { throw refusal(response, in: region) }
            try await reader.end()
        } catch let error as MixpanelUnreachable {
            throw ProviderError(MixpanelError(.unreachable(error), in: region))
        }
        return await reader.count
    }
}

/// Reads one export as it comes.
private actor ExportReader {
    private(set) var count = 0
    private var splitter = LineSplitter(lineBytesMax: MixpanelLimits.exportLineBytesMax)
    private let query: ExportQuery
    private let region: MixpanelRegion
    private let take: @Sendable ([UInt8]) async throws -> Void

    init(
        _ query: ExportQuery, in region: MixpanelRegion,
        _ take: @escaping @Sendable ([UInt8]) async throws -> Void
    ) {
        self.query = query
        self.region = region
        self.take = take
    }

    func read(_ piece: [UInt8]) async throws {
        let lines: [[UInt8]]
        do throws(LineSplitter.LineTooLong) {
            lines = try splitter.add(piece)
        } catch {
            throw trouble(.unreachable(.answerTooLarge))
        }
        for line in lines { try await read(line: line) }
    }

    /// The last line needs no line end; half a line is no JSON.
    func end() async throws {
        guard let line = splitter.take() else { return }
        guard line.first != UInt8(ascii: "{") || ExportedEvent(line) != nil else {
            throw trouble(.unreachable(.connectionLost))
        }
        try await read(line: line)
    }

    private func read(line: [UInt8]) async throws {
        guard let event = ExportedEvent(line) else {
            if isBrokenOff(line) { throw trouble(.unreachable(.connectionLost)) }
            let isPage = ASCII.trimmingStart(line).first == UInt8(ascii: "<")
            throw trouble(.notMixpanel(isPage ? .webPage : .otherText))
        }
        guard query.contains(event) else { return }
        try await take(line)
        count += 1
    }

    /// How an export says in its last line that it could not go on, under a status of 200
    /// (mixpanel/mixpanel-utils issue 5).
    private func isBrokenOff(_ line: [UInt8]) -> Bool {
        line.count < 100 && ASCII.contains(line, "terminated early")
    }

    private func trouble(_ reason: MixpanelError.Reason) -> ProviderError {
        ProviderError(MixpanelError(reason, in: region), status: 200)
    }
}
