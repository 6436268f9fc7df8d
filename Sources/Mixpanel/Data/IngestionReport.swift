/// What became of records that were sent to Mixpanel.
package struct IngestionReport: Sendable {
    /// How many Mixpanel says it took.
    package var accepted = 0
    /// Those it refused, in the order it told of them, ``MixpanelLimits/failedRecordsMax`` a batch
    /// at most.
    package var failures: [RecordFailure] = []
    /// How many were not sent, or were in a call that failed as a whole.
    package var unsent = 0
    /// Why; `nil` if all were sent.
    package var stop: ProviderError?

    package init() {}
}

/// A record that Mixpanel refused while it took others.
package struct RecordFailure: Sendable, Hashable {
    /// Its place among all that were sent, from 0; `nil` if Mixpanel does not tell.
    package var index: Int?
    package var insertID: String?
    /// Such as `properties.time`.
    package var field: String?
    /// In Mixpanel's words.
    package var message: String

    package init(
        index: Int? = nil, insertID: String? = nil, field: String? = nil, message: String
    ) {
        self.index = index
        self.insertID = insertID
        self.field = field
        self.message = message
    }
}

/// Cuts records into calls that Mixpanel takes.
struct IngestionBatches {
    /// One array of JSON for each call, and the places of its records.
    private(set) var batches: [(places: Range<Int>, body: [UInt8])] = []

    /// Each record is smaller than a call may be, which is the caller's part.
    init(_ records: [[UInt8]]) {
        var start = 0
        var body: [UInt8] = []
        for (place, record) in records.enumerated() {
            let isFull = place - start >= MixpanelLimits.batchRecordsMax
            if isFull || body.count + record.count + 2 > MixpanelLimits.batchBytesMax {
                close(start..<place, &body)
                start = place
            }
            body.append(body.isEmpty ? UInt8(ascii: "[") : UInt8(ascii: ","))
            body += record
        }
        close(start..<records.count, &body)
    }

    private mutating func close(_ places: Range<Int>, _ body: inout [UInt8]) {
        guard !places.isEmpty else { return }
        batches.append((places, body + [UInt8(ascii: "]")]))
        body = []
    }
}

extension MixpanelAPI {
    /// Sends batches one after the other until one fails as a whole.
    ///
    /// - Throws: the error of the first call; that of a later one is ``IngestionReport/stop``, for
    ///   something was taken by then.
    func sendAll(
        _ records: [[UInt8]],
        _ send: ([UInt8], Range<Int>, inout IngestionReport) async throws(ProviderError) -> Void
    ) async throws(ProviderError) -> IngestionReport {
        var report = IngestionReport()
        for (places, body) in IngestionBatches(records).batches {
            do throws(ProviderError) {
                try await send(body, places, &report)
            } catch {
                guard places.lowerBound > 0 else { throw error }
                report.stop = error
                report.unsent = records.count - places.lowerBound
                return report
            }
        }
        return report
    }
}
