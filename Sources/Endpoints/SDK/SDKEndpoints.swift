import Audiences
import HTTPWire
import JSON
import Logging
import Routing

/// What apps ask: which events to tell of, whether somebody is invited, and to where.
struct SDKEndpoints: Sendable {
    /// How long an app may keep its configuration: how late it may learn of a new rule.
    ///
    /// An app that is used for an hour asks twelve times.
    static let configurationLifeSeconds = 300

    private let launches: any LaunchStore
    private let claimed: ClaimedPerson
    private let secrets: Secrets
    private let limits: EndpointLimits
    private let address: PublicAddress
    private let now: @Sendable () -> Timestamp

    init(_ parts: Dependencies) {
        launches = parts.launches
        claimed = ClaimedPerson(parts)
        secrets = parts.secrets
        limits = parts.limits
        address = PublicAddress(parts)
        now = parts.now
    }

    @Sendable func configuration(_ request: Request, of app: App) async throws -> Response {
        let identity = try request.query("identity")
        let person = try claimed(
            request.externalID("reference_id")?.ofSomebody,
            signedBy: identity?.isEmpty == true ? nil : identity, of: app)
        let found = try await launches.configuration(
            for: person, of: app.connection, fresh: InviteCode.make(by: secrets), at: now())
        return .json(.ok, Self.written(found))
    }

    /// The same for somebody who has no new invite, which is nearly everybody nearly always.
    @Sendable func configurationAtOnce(_ head: RequestHead, of app: App) -> Response? {
        guard let (text, identity) = Self.asked(head.target) else { return nil }
        var person: ExternalID?
        if let text, !text.isEmpty {
            guard let id = ExternalID(text) else { return nil }
            do {
                person = try claimed(id.ofSomebody, signedBy: identity, of: app)
            } catch {
                return nil
            }
        }
        return launches.configurationAtOnce(
            for: person, of: app.connection, at: now(), write: Self.written
        ).map { .json(.ok, $0) }
    }

    /// What the query says; `nil` if it is to be refused.
    private static func asked(_ target: Target) -> (referenceID: String?, identity: String?)? {
        guard target.rawQuery != nil else { return (nil, nil) }
        if let id = target.onlyValue("reference_id") { return (id, nil) }
        guard let items = try? target.queryItems() else { return nil }
        var (id, identity): (String?, String?) = (nil, nil)
        for (name, value) in items {
            if id == nil, name.utf8.elementsEqual("reference_id".utf8) {
                id = value
            } else if identity == nil, name.utf8.elementsEqual("identity".utf8) {
                identity = value
            } else {
                return nil
            }
        }
        return (id, identity?.isEmpty == true ? nil : identity)
    }

    private static func written(_ configuration: LaunchConfiguration) -> [UInt8] {
        var json = JSONWriter()
        json.configuration(configuration, lifeSeconds: configurationLifeSeconds)
        return json.bytes
    }

    /// Decides about an event or an entry of the app's own, or starts an invite.
    @Sendable func launch(_ request: Request, of app: App) async throws -> Response {
        let body = try LaunchBody(await request.object(limits, keys: LaunchBody.keys))
        let person = try claimed(body.referenceID, signedBy: body.identity, of: app)
        switch body.wish {
        case .accept(let code, let attempt):
            // Whoever names somebody must be believed; whoever names nobody has the code alone.
            guard (person == nil) == (body.referenceID == nil) else {
                return Self.refusal(LaunchRefusal.unknownPerson.toldToHolder)
            }
            let offer = try await launches.start(
                code, by: person, of: app.connection, attempt: attempt, at: now())
            return accepted(offer, request)
        case .event(let event):
            guard let person else { break }
            let offer = try await launches.offer(
                on: event, to: person, of: app.connection, fresh: InviteCode.make(by: secrets),
                at: now())
            return offered(offer, request)
        case .rule(let rule):
            guard let person else { break }
            let offer = try await launches.offer(
                rule, to: person, of: app.connection, fresh: InviteCode.make(by: secrets),
                at: now())
            return offered(offer, request)
        case .nothing:
            return Self.refusal(LaunchRefusal.unknownInvite.toldToHolder)
        }
        return Self.refusal(LaunchRefusal.unknownPerson.toldToAnybody)
    }

    /// What became of an invite, as the app saw it; may be sent again.
    @Sendable func report(_ request: Request, of app: App) async throws -> Response {
        let body = try await request.object(limits, keys: ["event"])
        guard let event = try body.choice("event", InviteEvent.self) else {
            let words = InviteEvent.allCases.map(\.rawValue).joined(separator: ", ")
            throw Failure(.invalid, "event must be one of \(words).")
        }
        guard let code = InviteCode(request.parameters["code"]) else { throw Failure.noSuchInvite }
        let invite = try await launches.note(event, of: code, of: app.connection, at: now())
        guard let invite else { throw Failure.noSuchInvite }
        log("invite reported", invite, request)
        return .object { json in json.report(of: invite) }
    }

    /// Nothing has started yet: opening the link is the start.
    private func offered(_ offer: LaunchOffer, _ request: Request) -> Response {
        switch offer {
        case .invitation(let invitation):
            let url = address.base(for: request) + InviteLinks.path(of: invitation.invite.code)
            return .object { json in json.launch(invitation, url: url) }
        case .refused(let reason):
            return Self.refusal(reason.toldToAnybody)
        }
    }

    private func accepted(_ offer: LaunchOffer, _ request: Request) -> Response {
        switch offer {
        case .invitation(let invitation):
            log("invite accepted", invitation.invite, request)
            return .object { json in json.launch(invitation, url: invitation.studyAddress) }
        case .refused(let reason):
            return Self.refusal(reason.toldToHolder)
        }
    }

    private static func refusal(_ reason: String) -> Response {
        .object { json in json.launch(refusedFor: reason) }
    }

    /// By the rule; the code would open the invite to whoever reads the log.
    private func log(_ event: Logger.Message, _ invite: Invite, _ request: Request) {
        request.logger.info(
            event,
            metadata: [
                "rule.id": .string(invite.ruleID.text), "status": .string(invite.status.rawValue),
            ])
    }
}

extension LaunchOffer.Invitation {
    /// Where the study is opened by the person invited.
    var studyAddress: String {
        launchURL.filled(code: invite.code, referenceID: invite.matchID)
    }
}

extension Failure {
    static let noSuchInvite = Failure(.notFound, "There is no invite of this code.")
}
