import Audiences
import HTTPWire
import JSON
import Logging
import Mixpanel
import Routing

/// Downloads of many objects, in the background.
struct BulkEndpoints: Sendable {
    private let jobs: any BulkJobStore
    private let files: BulkFiles
    private let limits: EndpointLimits
    private let now: @Sendable () -> Timestamp

    init(_ parts: Dependencies) {
        jobs = parts.elements.jobs
        files = parts.elements.files
        limits = parts.limits
        now = parts.now
    }

    @Sendable func query(_ call: ElementCall) async throws -> Response {
        let request = call.request
        let callback = request.head.headers.values("elements-async-callback-url")
        guard callback.isEmpty else {
            throw Failure(
                .invalid, "Elements-Async-Callback-Url is not there: ask for /bulk/{id}/status.")
        }
        guard let text = try request.query("q") else {
            throw Failure(.invalid, "q must be given: select * from users, or activities.")
        }
        let wish = try BulkQuery(text)
        return try await start(
            wish.object, where: wish.condition, text: text, from: request.query("from"),
            to: request.query("to"), limit: nil, by: call)
    }

    @Sendable func download(_ call: ElementCall) async throws -> Response {
        let body = try await call.request.object(
            limits, keys: ["objectName", "format", "where", "query", "from", "to", "limit"])
        guard let name = try body.text("objectName", "a text"),
            let object = ElementObject(rawValue: name)
        else { throw Failure(.invalid, "objectName must be users or activities.") }
        let formats = ["application/json", "application/jsonl", "text/csv", "csv", "jsonl", "json"]
        if let format = try body.text("format", "a text"), !formats.contains(format) {
            throw Failure(.invalid, "format must be application/jsonl or text/csv.")
        }
        var condition = try body.text("where", "a text")
        if let text = try body.text("query", "a text") {
            let wish = try BulkQuery(text)
            guard wish.object == object, condition == nil || wish.condition == nil else {
                throw Failure(.invalid, "query and objectName, or where, say different things.")
            }
            condition = condition ?? wish.condition
        }
        var limit: Int?
        if let value = body["limit"], !value.isNull {
            guard let number = value.int, number >= 1 else {
                throw Failure(.invalid, "limit must be a number from 1 on.")
            }
            limit = number
        }
        let text = "select * from \(name)" + (condition.map { " where \($0)" } ?? "")
        return try await start(
            object, where: condition, text: text, from: body.text("from", "a text"),
            to: body.text("to", "a text"), limit: limit, by: call)
    }

    private func start(
        _ object: ElementObject, where condition: String?, text: String, from: String?,
        to: String?, limit: Int?, by call: ElementCall
    ) async throws -> Response {
        let instance = try call.instance()
        var criteria = BulkJob.Criteria(
            text: text, expression: try condition.map { try CEQL($0).expression() },
            limit: limit, dropsNulls: instance.dropsNulls)
        switch object {
        case .activities:
            guard let from = try Self.moment("from", from) else {
                throw Failure(
                    .invalid, "from must be given for activities, as in 2026-01-31T00:00:00Z.")
            }
            let end = try Self.moment("to", to) ?? now()
            guard from < end else { throw Failure(.invalid, "from must be before to.") }
            (criteria.from, criteria.to) = (from, end)
        case .users:
            guard from == nil, to == nil else {
                throw Failure(.invalid, "from and to are for activities: people have no time.")
            }
        }
        let job = try await jobs.start(
            BulkJob(instance: instance.id, object: object, criteria: criteria, createdAt: now()))
        call.request.logger.info(
            "bulk job started", metadata: ["bulk.id": .stringConvertible(job.id)])
        return .object { json in
            json.beginObject()
            json.key("id")
            json.string(String(job.id))
            json.key("instanceId")
            json.int(job.instance)
            json.key("status")
            json.string(job.status.rawValue)
            json.endObject()
        }
    }

    /// RFC 3339 with any offset, or a day.
    private static func moment(_ name: String, _ text: String?) throws(Failure) -> Timestamp? {
        guard let text, !text.isEmpty else { return nil }
        guard let moment = Timestamp(rfc3339: text) ?? Timestamp(rfc3339: text + "T00:00:00Z")
        else {
            throw Failure(
                .invalid, "\(name) must be an ISO 8601 time such as 2026-01-31T08:57:52Z.")
        }
        return moment
    }

    @Sendable func status(_ call: ElementCall) async throws -> Response {
        let job = try await job(call)
        return .object { json in json.bulkJob(job) }
    }

    @Sendable func cancel(_ call: ElementCall) async throws -> Response {
        guard let id = call.request.number("job") else { throw Self.noJob(call) }
        let job = try await jobs.cancelBulkJob(id, of: call.instance().id, at: now())
        return .object { json in json.bulkJob(job) }
    }

    @Sendable func list(_ call: ElementCall) async throws -> Response {
        let terms = try call.request.parametersOfWhere()
        let known = ["object_name", "job_status", "job_direction"]
        guard terms.allSatisfy({ known.contains($0.name) }) else {
            throw Failure(
                .invalid, "where may compare \(known.joined(separator: ", ")) here, with =.")
        }
        let (range, cut) = try call.request.elementRange()
        let page = try await jobs.bulkJobs(of: call.instance().id, range)
        let wanted = page.items.filter { job in
            terms.allSatisfy { term in
                switch term.name {
                case "object_name": job.object.rawValue == term.value
                case "job_status": job.status.rawValue == term.value
                default: term.value == "DOWNLOAD"
                }
            }
        }
        var json = JSONWriter()
        json.beginArray()
        for job in wanted { json.bulkJob(job) }
        json.endArray()
        return .json(
            .ok, json.bytes,
            headers: ElementPaging.headers(
                next: page.next?.text, count: wanted.count, cut: cut))
    }

    @Sendable func errors(_ call: ElementCall) async throws -> Response {
        let job = try await job(call)
        var messages = job.progress.errorMessages
        if job.status == .aborted, let message = job.message { messages.append(message) }
        let (range, cut) = try call.request.elementRange()
        var start = 0
        if let after = range.after {
            guard let place = Int(plainDecimal: after.text.utf8), place >= 0 else {
                throw Failure(.invalid, "nextPage is none of this list.")
            }
            start = place
        }
        let page = messages.dropFirst(start).prefix(range.limit)
        let end = start + page.count
        var json = JSONWriter()
        json.value(.array(page.map { ["message": .string($0)] }))
        return .json(
            .ok, json.bytes,
            headers: ElementPaging.headers(
                next: end < messages.count ? String(end) : nil, count: page.count, cut: cut))
    }

    /// What is in the file for good: all of it when the job is completed.
    @Sendable func file(_ call: ElementCall) async throws -> Response {
        let job = try await job(call)
        let name = call.request.parameters["object"]
        guard name.utf8.elementsEqual(job.object.rawValue.utf8) else {
            throw Failure(.notFound, "The bulk job is about \(job.object.rawValue).")
        }
        guard job.status == .completed else {
            throw Failure(.conflict, "The bulk job is \(job.status.rawValue): there is no file.")
        }
        let format = try BulkFileFormat(call.request.head.headers)
        // Before the answer begins: a file that is gone is no empty one.
        _ = try await files.read(job.id, 0, 1)
        return BulkFileAnswer(files: files, job: job, format: format).response
    }

    private func job(_ call: ElementCall) async throws -> BulkJob {
        var found: BulkJob?
        if let id = call.request.number("job") {
            found = try await jobs.bulkJob(id, of: call.instance().id)
        }
        guard let found else { throw Self.noJob(call) }
        return found
    }

    private static func noJob(_ call: ElementCall) -> Failure {
        Failure(.notFound, "No bulk job found with ID \(call.request.parameters["job"].prefix(64))")
    }
}

/// `select * from <object>[ where <condition>]`.
struct BulkQuery {
    let object: ElementObject
    let condition: String?

    init(_ text: String) throws(Failure) {
        let words = text.split(separator: " ", maxSplits: 4).map(String.init)
        guard words.count >= 4, Self.isWord(words[0], "select"), words[1] == "*",
            Self.isWord(words[2], "from"), let object = ElementObject(rawValue: words[3])
        else {
            throw Failure(
                .invalid,
                "q must be select * from users, or activities, and may go on with where: Mixpanel "
                    + "has no other objects, and selects no fields.")
        }
        self.object = object
        guard words.count == 5 else {
            condition = nil
            return
        }
        let rest = words[4].split(separator: " ", maxSplits: 1).map(String.init)
        guard rest.count == 2, Self.isWord(rest[0], "where") else {
            throw Failure(.invalid, "After the object q may go on with where only.")
        }
        condition = rest[1]
    }

    private static func isWord(_ text: String, _ word: StaticString) -> Bool {
        text.utf8.count == word.utf8CodeUnitCount
            && word.withUTF8Buffer { word in
                zip(text.utf8, word).allSatisfy { $0 | 0x20 == $1 }
            }
    }
}

extension JSONWriter {
    /// A job in the words of both versions of the original.
    fileprivate mutating func bulkJob(_ job: BulkJob) {
        beginObject()
        key("id")
        string(String(job.id))
        key("instanceId")
        int(job.instance)
        key("status")
        string(job.status.rawValue)
        key("jobStatus")
        string(job.status.rawValue)
        key("statusMessage")
        optional(job.message)
        key("objectName")
        string(job.object.rawValue)
        key("jobDirection")
        string("DOWNLOAD")
        for name in ["recordsCount", "recordCount"] as [StaticString] {
            key(name)
            int(job.progress.records)
        }
        for name in ["recordsFailedCount", "errorCount"] as [StaticString] {
            key(name)
            int(job.progress.errors)
        }
        key("jobCriteria")
        string(job.criteria.text)
        key("fileFormat")
        string(BulkFileFormat.lines.rawValue)
        key("resumesAt")
        optional(job.resumesAt?.inSeconds)
        key("createdDate")
        int(job.createdAt.milliseconds)
        key("completionTime")
        if let end = job.finishedAt { int(end.milliseconds) } else { null() }
        endObject()
    }
}
