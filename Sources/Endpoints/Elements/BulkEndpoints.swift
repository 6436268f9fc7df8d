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
        let query = try BulkQuery(text)
        return try await start(
            BulkWish(
                object: query.object, text: text, condition: query.condition,
                from: try request.query("from"), to: try request.query("to")), by: call)
    }

    @Sendable func download(_ call: ElementCall) async throws -> Response {
        let body = try await call.request.object(limits, keys: BulkWish.keys)
        return try await start(try BulkWish(body), by: call)
    }

    private func start(_ wish: BulkWish, by call: ElementCall) async throws -> Response {
        let instance = try call.instance()
        let criteria = try wish.criteria(droppingNulls: instance.dropsNulls, at: now())
        let job = try await jobs.start(
            BulkJob(
                instance: instance.id, object: wish.object, criteria: criteria, createdAt: now()))
        call.request.logger.info(
            "bulk job started", metadata: ["bulk.id": .stringConvertible(job.id)])
        return .object { json in json.startedBulkJob(job) }
    }

    @Sendable func status(_ call: ElementCall) async throws -> Response {
        let job = try await job(call)
        return .object { json in json.bulkJob(job) }
    }

    @Sendable func cancel(_ call: ElementCall) async throws -> Response {
        guard let id = call.request.number("job") else { throw Self.noJob(call) }
        let job = try await jobs.cancelBulkJob(id, of: call.instance().id, at: now())
        // Nobody may read it any more. What is still written, whoever works on it removes; and if
        // that fails, whoever tidies.
        try? await files.remove(id)
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
        return try Self.errors(of: job, call.request)
    }

    private static func errors(of job: BulkJob, _ request: Request) throws -> Response {
        var messages = job.progress.errorMessages
        if job.status == .aborted, let message = job.message { messages.append(message) }
        let (range, cut) = try request.elementRange()
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
        let format = try BulkJob.Format(
            call.request.head.headers, else: job.criteria.format)
        // Before the answer begins: a file that is gone, or not whole, is none.
        let end = try await files.read(job.id, max(0, job.progress.bytes - 1), 1)
        guard end.count == min(1, job.progress.bytes) else { throw Failure.noBulkFile }
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
