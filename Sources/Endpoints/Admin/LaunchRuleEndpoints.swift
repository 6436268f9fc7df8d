package import Audiences
import HTTPWire
import JSON
import Logging
import Routing

/// Who is offered a study, when, and what became of it.
struct LaunchRuleEndpoints: Sendable {
    private let studies: any StudyStore
    private let launches: any LaunchStore
    private let secrets: Secrets
    private let limits: EndpointLimits
    private let now: @Sendable () -> Timestamp

    init(_ parts: Dependencies) {
        studies = parts.studies
        launches = parts.launches
        secrets = parts.secrets
        limits = parts.limits
        now = parts.now
    }

    /// The rule is of the study's connection.
    @Sendable func create(_ creation: Creation) async throws -> Response {
        let body = try creation.object(keys: ["study_id"] + LaunchRuleBody.keys)
        guard let id = try body.id("study_id", StudyID.self, "a study") else {
            throw Failure(.invalid, "A launch rule needs a study_id.")
        }
        let edit = try LaunchRuleBody.edit(body)
        let study = try await studies.study(id)
        guard let study else { throw Failure.noSuchStudy }
        let rule = try edit.makeRule(for: study, at: now(), by: secrets)
        let answer = Response.object(.created) { json in json.launchRule(rule) }
        try await studies.create(rule, for: creation.operation(answering: answer))
        log("launch rule created", rule, creation.request)
        return answer
    }

    @Sendable func list(_ request: Request) async throws -> Response {
        let filter = LaunchRuleFilter(
            connection: try request.id("connection", ConnectionID.self, "a connection"),
            study: try request.id("study", StudyID.self, "a study"),
            status: try request.choice("status", LaunchRule.Status.self))
        let page = try await studies.rules(matching: filter, request.listRange())
        return .list(page) { json, rule in json.launchRule(rule) }
    }

    @Sendable func show(_ request: Request) async throws -> Response {
        let rule = try await studies.rule(request.ruleID())
        guard let rule else { throw Failure.noSuchRule }
        return .object { json in json.launchRule(rule) }
    }

    @Sendable func edit(_ request: Request, _ operation: Operation) async throws -> Response {
        let body = try await request.object(limits, keys: LaunchRuleBody.keys)
        let edit = try LaunchRuleBody.edit(body)
        let rule = try await studies.update(request.ruleID(), at: now(), for: operation) {
            rule throws(Failure) in try edit.apply(to: &rule)
        }
        log("launch rule changed", rule, request)
        return .object { json in json.launchRule(rule) }
    }

    @Sendable func funnel(_ request: Request) async throws -> Response {
        let id = try request.ruleID()
        let funnel = try await studies.funnel(of: id)
        return .object { json in json.funnel(funnel, of: id) }
    }

    /// What a person would be offered now, and why not the rest.
    @Sendable func eligibility(_ request: Request) async throws -> Response {
        guard let matchID = try request.externalID("match_id") else {
            throw Failure(.invalid, "The query parameter match_id is missing.")
        }
        let connection = try request.id("connection", ConnectionID.self, "a connection")
        let found = try await launches.verdicts(for: matchID, of: connection, at: now())
        return .object { json in
            json.beginObject()
            json.key("match_id")
            json.string(matchID.text)
            json.key("connections")
            json.beginArray()
            for (connection, verdict) in found { json.verdict(verdict, of: connection) }
            json.endArray()
            json.endObject()
        }
    }

    private func log(_ event: Logger.Message, _ rule: LaunchRule, _ request: Request) {
        request.logger.info(
            event,
            metadata: [
                "rule.id": .string(rule.id.text), "status": .string(rule.status.rawValue),
            ])
    }
}

extension Request {
    /// The launch rule named in the path.
    func ruleID() throws(Failure) -> LaunchRuleID {
        guard let id = LaunchRuleID(parameters["rule"]) else { throw .noSuchRule }
        return id
    }

    /// One of a few words in the query; `nil` if it is missing or empty.
    func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, _ kind: Choice.Type
    ) throws(Failure) -> Choice? where Choice.RawValue == String {
        guard let text = try query(name), !text.isEmpty else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw Failure(.invalid, "\(name) must be one of \(words).")
        }
        return choice
    }
}

extension Failure {
    package static let noSuchRule = Failure(.notFound, "There is no launch rule of this id.")
}
