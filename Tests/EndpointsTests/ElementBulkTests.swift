import Audiences
import Foundation
import HTTPWire
import Mixpanel
import Synchronization
import TestSupport
import Testing

@testable import Endpoints

/// Bulk downloads, as their callers see them.
@Suite struct ElementBulkTests {
    private func opened() async throws -> (ElementHouse, header: String) {
        let house = try await ElementHouse()
        let made = try await house.instance(configuration: ElementHouse.full)
        return (house, house.hub(made.token))
    }

    private let events = "q=select%20*%20from%20activities&from=2026-11-20T00:00:00Z"

    @Test func eventsAreDownloadedAsLinesAndAsATable() async throws {
        let (house, header) = try await opened()
        let begun = try await house.call(.post, "/bulk/query?" + events, as: header)
        #expect(begun.object["status"] as? String == "CREATED")
        #expect(begun.object["instanceId"] as? Int == 1)
        let id = try #require(begun.object["id"] as? String)
        try await house.call(.get, "/bulk/\(id)/activities", as: header, answers: 409)
        try await house.house.work()
        let status = try await house.call(.get, "/bulk/\(id)/status", as: header)
        #expect(status.object["jobStatus"] as? String == "COMPLETED")
        #expect(status.object["recordsCount"] as? Int == 5)
        let path = "/hubs/general/bulk/\(id)/activities"
        for accepted in [[], [("accept", "application/json")], [("accept", "x/y, */*;q=0.1")]] {
            let lines = try await house.call(.get, path, as: header, headers: accepted)
            #expect(lines.text == ElementMixpanel.events)
            #expect(lines.response.header("Content-Type") == "application/jsonl")
        }
        let table = try await house.call(
            .get, path, as: header, headers: [("accept", "text/csv")])
        #expect(table.text.split(separator: "\r\n").count == 6)
        #expect(table.text.hasPrefix("event,"))
        try await house.call(
            .get, path, as: header, headers: [("accept", "image/png")], answers: 406)
        try await house.call(.get, "/bulk/\(id)/users", as: header, answers: 404)
    }

    /// Mixpanel gives whole days.
    @Test func eventsAreThoseOfTheTimeThatWasAskedFor() async throws {
        let (house, header) = try await opened()
        let begun = try await house.call(
            .post,
            "/bulk/query?q=select%20*%20from%20activities&from=2026-11-20T18:40:01Z"
                + "&to=2026-11-20T18:40:04Z", as: header)
        let id = try #require(begun.object["id"] as? String)
        try await house.house.work()
        let file = try await house.call(.get, "/bulk/\(id)/activities", as: header)
        let lines = ElementMixpanel.events.split(separator: "\n")[1...3]
        #expect(file.text == lines.map { $0 + "\n" }.joined())
    }

    @Test func peopleAreDownloadedPageByPage() async throws {
        let (house, header) = try await opened()
        let begun = try await house.call(
            .post, "/bulk/download",
            #"{"objectName":"users","format":"application/jsonl","limit":4}"#, as: header)
        let id = try #require(begun.object["id"] as? String)
        try await house.house.work()
        let lines = try await house.call(.get, "/bulk/\(id)/users", as: header)
        #expect(lines.text.split(separator: "\n").count == 4)
        #expect(lines.text.contains("dee") && !lines.text.contains("eve"))
        #expect(!lines.text.contains("gone"))
    }

    @Test func aJobIsCancelledAndListed() async throws {
        let (house, header) = try await opened()
        let first = try await house.call(.post, "/bulk/query?" + events, as: header)
        let id = try #require(first.object["id"] as? String)
        try await house.house.files.files.write(Array("half".utf8), 1, 0)
        let cancelled = try await house.call(.put, "/bulk/\(id)/cancel", as: header)
        #expect(cancelled.object["status"] as? String == "CANCELLED")
        #expect(try await house.house.files.files.list() == [])
        try await house.call(.put, "/bulk/\(id)/cancel", as: header, answers: 409)
        try await house.call(.post, "/bulk/download", #"{"objectName":"users"}"#, as: header)
        let all = try await house.call(.get, "/bulk/jobs?pageSize=1", as: header)
        #expect(house.array(all).first?["objectName"] as? String == "users")
        let next = try #require(all.response.header("Elements-Next-Page-Token"))
        let rest = try await house.call(.get, "/bulk/jobs?nextPage=\(next)", as: header)
        #expect(house.array(rest).first?["jobStatus"] as? String == "CANCELLED")
        let some = try await house.call(
            .get, "/bulk/jobs?where=job_status='CANCELLED'", as: header)
        #expect(house.array(some).count == 1)
        try await house.call(.get, "/bulk/jobs?where=colour='red'", as: header, answers: 400)
    }

    @Test func anAbortedJobSaysWhy() async throws {
        let (house, header) = try await opened()
        let begun = try await house.call(.post, "/bulk/query?" + events, as: header)
        let id = try #require(begun.object["id"] as? String)
        house.mixpanel.trouble.withLock { $0 = MixpanelResponse(status: 401) }
        try await house.house.work()
        let status = try await house.call(.get, "/bulk/\(id)/status", as: header)
        #expect(status.object["status"] as? String == "ABORTED")
        let errors = try await house.call(.get, "/bulk/\(id)/errors", as: header)
        #expect(house.array(errors).count == 1)
        try await house.call(.get, "/bulk/\(id)/errors?nextPage=x", as: header, answers: 400)
    }

    /// curl takes anything.
    @Test func whoeverTakesAnythingHasTheFormatThatWasAskedFor() async throws {
        let (house, header) = try await opened()
        for (format, type) in [("csv", "text/csv; charset=utf-8"), ("json", "application/jsonl")] {
            let begun = try await house.call(
                .post, "/bulk/download", #"{"objectName":"users","format":"\#(format)"}"#,
                as: header)
            let id = try #require(begun.object["id"] as? String)
            try await house.house.work()
            let file = try await house.call(
                .get, "/bulk/\(id)/users", as: header, headers: [("accept", "*/*")])
            #expect(file.response.header("Content-Type") == type)
            let lines = try await house.call(
                .get, "/bulk/\(id)/users", as: header, headers: [("accept", "application/json")])
            #expect(lines.response.header("Content-Type") == "application/jsonl")
        }
    }

    @Test func aFileThatIsNotWholeIsNotSent() async throws {
        let (house, header) = try await opened()
        let begun = try await house.call(.post, "/bulk/query?" + events, as: header)
        let id = try #require(begun.object["id"] as? String)
        try await house.house.work()
        let files = house.house.files.files
        let length = try await files.bytesUsed()
        try await files.write([], 1, length - 1)
        try await house.call(.get, "/bulk/\(id)/activities", as: header, answers: 410)
    }

    /// Lines do not end where pieces of the file do.
    @Test func aTableIsWrittenPieceByPiece() async throws {
        let about = String(repeating: "x", count: 90)
        let line = #"{"$distinct_id":"ada","$properties":{"about":"\#(about)"}}"#
        let bytes = Array(repeating: line + "\n", count: 4000).joined().utf8
        let files = MemoryFiles()
        try await files.files.write(Array(bytes), 1, 0)
        let job = BulkJob(
            id: 1, instance: 1, object: .users, criteria: BulkJob.Criteria(text: ""),
            progress: BulkJob.Progress(bytes: bytes.count), createdAt: .start)
        let answer = BulkFileAnswer(files: files.files, job: job, format: .csv).response
        let rows = try await answer.bodyBytes().split(separator: 0x0A)
        #expect(rows.count == 4001)
        #expect(Set(rows.dropFirst()).count == 1)
    }

    @Test func aFileThatEndsEarlyBreaksTheAnswerOff() async throws {
        let job = BulkJob(
            id: 1, instance: 1, object: .users, criteria: BulkJob.Criteria(text: ""),
            progress: BulkJob.Progress(bytes: 9), createdAt: .start)
        let files = MemoryFiles()
        try await files.files.write(Array("{}\n".utf8), 1, 0)
        for format in BulkJob.Format.allCases {
            let answer = BulkFileAnswer(files: files.files, job: job, format: format)
            await #expect(throws: Failure.noBulkFile) { try await answer.response.bodyBytes() }
        }
    }

    @Test func aFileThatIsNotKeptAnyMoreIsGone() async throws {
        let (house, header) = try await opened()
        let begun = try await house.call(.post, "/bulk/query?" + events, as: header)
        let id = try #require(begun.object["id"] as? String)
        try await house.house.work()
        try await house.house.files.files.remove(1)
        try await house.call(.get, "/bulk/\(id)/activities", as: header, answers: 410)
    }

    @Test(arguments: [
        "q=select%20name%20from%20users", "q=select%20*%20from%20cohorts", "q=drop%20users",
        "q=drop%20*%20from%20users",
        "q=select%20*%20from%20activities", "q=select%20*%20from%20users&from=2026-11-20",
        "q=select%20*%20from%20users%20limit%205", "from=2026-11-20",
        "q=select%20*%20from%20activities&from=yesterday",
        "q=select%20*%20from%20activities&from=2026-11-20&to=2026-11-20",
        "q=select%20*%20from%20users&lastRunDate=2026-11-20",
    ])
    func aQueryThatCannotBeMeantIsInvalid(query: String) async throws {
        let (house, header) = try await opened()
        try await house.call(.post, "/bulk/query?" + query, as: header, answers: 400)
    }

    @Test(arguments: [
        "{}", #"{"objectName":"cohorts"}"#, #"{"objectName":"users","format":"pdf"}"#,
        #"{"objectName":"users","limit":0}"#, #"{"objectName":"activities"}"#,
        #"{"objectName":"users","query":"select * from activities"}"#,
        #"{"objectName":"users","selectFields":"a"}"#,
    ])
    func aDownloadThatCannotBeMeantIsInvalid(body: String) async throws {
        let (house, header) = try await opened()
        try await house.call(.post, "/bulk/download", body, as: header, answers: 400)
    }

    @Test func callbacksAreRefusedAndJobsOfOthersAreNone() async throws {
        let (house, header) = try await opened()
        try await house.call(
            .post, "/bulk/query?" + events, as: header,
            headers: [("elements-async-callback-url", "https://example.com")], answers: 400)
        let begun = try await house.call(.post, "/bulk/query?" + events, as: header)
        let id = try #require(begun.object["id"] as? String)
        let other = try await house.instance(configuration: ElementHouse.full)
        for path in ["/bulk/\(id)/status", "/bulk/\(id)/errors", "/bulk/\(id)/activities"] {
            try await house.call(.get, path, as: house.hub(other.token), answers: 404)
        }
        try await house.call(
            .put, "/bulk/\(id)/cancel", as: house.hub(other.token), answers: 404)
        try await house.call(.get, "/bulk/x/status", as: header, answers: 404)
    }
}

extension House {
    /// Works on bulk jobs until none is due.
    func work() async throws {
        while try await runner.work() != nil { clock.advance(milliseconds: 1000) }
    }
}
