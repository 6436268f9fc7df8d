package import Audiences
import HTTPWire
import JSON
import Logging
import Routing

/// What people are invited to.
struct StudyEndpoints: Sendable {
    private let studies: any StudyStore
    private let secrets: Secrets
    private let limits: EndpointLimits
    private let now: @Sendable () -> Timestamp

    init(_ parts: Dependencies) {
        studies = parts.studies
        secrets = parts.secrets
        limits = parts.limits
        now = parts.now
    }

    @Sendable func create(_ creation: Creation) async throws -> Response {
        let body = try creation.object(keys: ["connection_id"] + StudyBody.keys)
        guard let connection = try body.id("connection_id", ConnectionID.self, "a connection")
        else { throw Failure(.invalid, "A study needs a connection_id.") }
        let study = try StudyBody.edit(body).makeStudy(of: connection, at: now(), by: secrets)
        let answer = Response.object(.created) { json in json.study(study) }
        try await studies.create(study, for: creation.operation(answering: answer))
        log("study created", study, creation.request)
        return answer
    }

    @Sendable func list(_ request: Request) async throws -> Response {
        let connection = try request.id("connection", ConnectionID.self, "a connection")
        let page = try await studies.studies(of: connection, request.listRange())
        return .list(page) { json, study in json.study(study) }
    }

    @Sendable func show(_ request: Request) async throws -> Response {
        let id = try request.studyID()
        let study = try await studies.study(id)
        guard let study else { throw Failure.noSuchStudy }
        let starts = try await studies.starts(of: id, at: now())
        return .object { json in json.study(study, starts: starts) }
    }

    @Sendable func edit(_ request: Request, _ operation: Operation) async throws -> Response {
        let edit = try StudyBody.edit(try await request.object(limits, keys: StudyBody.keys))
        let study = try await studies.update(request.studyID(), at: now(), for: operation) {
            study throws(Failure) in edit.apply(to: &study)
        }
        log("study changed", study, request)
        return .object { json in json.study(study) }
    }

    private func log(_ event: Logger.Message, _ study: Study, _ request: Request) {
        request.logger.info(
            event,
            metadata: [
                "study.id": .string(study.id.text), "status": .string(study.status.rawValue),
            ])
    }
}

extension Request {
    /// The study named in the path.
    func studyID() throws(Failure) -> StudyID {
        guard let id = StudyID(parameters["study"]) else { throw .noSuchStudy }
        return id
    }

    /// An id that Muster made, in the query; `nil` if it is missing or empty.
    func id<ID: MadeIdentifier>(
        _ name: String, _ kind: ID.Type, _ noun: String
    ) throws(Failure) -> ID? {
        guard let text = try query(name), !text.isEmpty else { return nil }
        guard let id = ID(text) else {
            throw Failure(.invalid, "\(name) is not the id of \(noun).")
        }
        return id
    }
}

extension Failure {
    package static let noSuchStudy = Failure(.notFound, "There is no study of this id.")
}
