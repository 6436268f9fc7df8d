package import Audiences
internal import HTTPWire

/// A Mixpanel to test against: it answers what Muster asks of it, and sends cohorts to webhooks.
///
/// Behaves as far as Mixpanel documents itself or was seen to. A state machine without I/O and
/// without a clock: requests, answers and commands go in with the time, answers and pages come
/// out, and the same input always gives the same output.
package struct SimulatedMixpanel: Sendable {
    package var world: SimulatedWorld
    package var settings = Settings()
    package var faults: [SimulatedFault] = []
    package internal(set) var destinations: [SimulatedDestination] = []
    /// The last ``SimulatorLimits/deliveriesMax`` pages and how they went, oldest first.
    package internal(set) var deliveries: [SimulatedDelivery] = []
    var deliveryCount = 0
    /// Queries of the Query API, refused ones too.
    private(set) var queryCount = 0
    /// How much later it is here than outside.
    var clockOffset: Int64 = 0
    var random: SplitMix64
    private var quotas: [String: SimulatedQuota] = [:]
    /// The lists that engage is paging through, by session.
    private var sessions: [String: EngageSession] = [:]

    package struct Settings: Sendable, Hashable {
        package var queriesPerHour = 60
        package var queriesAtOnce = 5
        /// Whether a 429 says when to come back; Mixpanel does not promise it.
        package var tellsRetryAfter = true
        /// People a page, of engage and of a sync.
        package var pageSize = 1000
        /// How a whole cohort is sent: Mixpanel documents `members`, and shows `add_members`.
        package var fullSyncAction = SyncAction.members
        /// Between the beginnings of two syncs; `nil` if they only run on command.
        package var cycle: Duration? = .seconds(1800)
        /// Multiplies the waits between retries, which are a minute together.
        package var retryScale = 1.0

        package init() {}
    }

    package init(_ world: SimulatedWorld, seed: UInt64) {
        self.world = world
        random = SplitMix64(seed: seed, stream: 0x4d69)
    }

    /// Answers a request to `/us`, `/eu` or `/in`.
    package mutating func answer(
        to request: SimulatedRequest, at time: Timestamp
    ) -> SimulatedAnswer {
        let now = here(time)
        guard let region = request.target.segments.first.flatMap(MixpanelRegion.init(rawValue:)),
            let call = SimulatedCall(path: request.target.segments.dropFirst())
        else { return .failure(404, "not found", to: request) }
        guard request.method.utf8.elementsEqual(call.method.utf8) else {
            return .failure(405, "method not allowed", to: request)
        }
        let fault = faults.firstIndex { $0.hits(call, in: region) }
        let delay = fault.map { faults[$0].delay } ?? .zero
        let answer = answer(call, request, in: region, lasting: delay, at: now)
        guard let fault else { return answer }
        faults[fault].timesLeft? -= 1
        return faults[fault].apply(to: answer)
    }

    /// The time here.
    func here(_ time: Timestamp) -> Timestamp {
        Timestamp(milliseconds: time.milliseconds + clockOffset)
    }

    private mutating func answer(
        _ call: SimulatedCall, _ request: SimulatedRequest, in region: MixpanelRegion,
        lasting delay: Duration, at now: Timestamp
    ) -> SimulatedAnswer {
        guard isSigned(request) else {
            return .failure(401, "Invalid credentials", to: request)
        }
        guard !world.account.isExpired else {
            return .failure(401, "Service account has expired", to: request)
        }
        if call == .me { return me(request, in: region) }
        let id = request.queryField("project_id") ?? ""
        guard let project = world.project(id) else {
            return .failure(403, "no permission for the project", to: request)
        }
        guard project.region == region else {
            return .failure(
                400, "request failed with error: invalid project id for cluster", to: request)
        }
        queryCount += 1
        let wait = quotas[id, default: SimulatedQuota()].take(
            at: now, lasting: delay, perHour: settings.queriesPerHour,
            atOnce: settings.queriesAtOnce)
        if let wait { return tooMany(request, wait) }
        guard project.isPaid else { return .failure(402, "upgrade your plan", to: request) }
        guard project.role != "consumer" else {
            return .failure(403, "the role does not allow it", to: request)
        }
        return call == .cohorts ? cohorts(of: project) : engage(request, project)
    }

    private func isSigned(_ request: SimulatedRequest) -> Bool {
        let account = ServiceCredential(
            username: world.account.username, secret: world.account.secret)
        guard let account, let authorization = request.authorization else { return false }
        return account.authorization.utf8.elementsEqual(authorization.utf8)
    }

    private func tooMany(_ request: SimulatedRequest, _ wait: Int64) -> SimulatedAnswer {
        var answer = SimulatedAnswer.failure(429, "too many queries", to: request)
        if settings.tellsRetryAfter { answer.headers.append(("Retry-After", "\(wait)")) }
        return answer
    }

    private mutating func engage(
        _ request: SimulatedRequest, _ project: SimulatedProject
    ) -> SimulatedAnswer {
        guard let query = SimulatedEngage(request) else {
            return .failure(400, "malformed fields", to: request)
        }
        var sessionID = query.sessionID ?? ""
        if query.page == 0 {
            guard let cohort = world.cohort(query.cohort),
                cohort.name.projectID.utf8.elementsEqual(project.id.utf8)
            else { return .failure(404, "no such cohort", to: request) }
            sessionID = String(decoding: random.uuid(), as: UTF8.self)
            if sessions.count >= SimulatorLimits.engageSessionsMax { sessions.removeAll() }
            sessions[sessionID] = EngageSession(
                cohort: query.cohort,
                people: query.includesAllUsers ? cohort.members : cohort.exported)
        }
        guard let session = sessions[sessionID],
            session.cohort.utf8.elementsEqual(query.cohort.utf8)
        else {
            return .failure(400, "page needs the session_id of page 0", to: request)
        }
        return query.answer(session, id: sessionID, pageSize: settings.pageSize, in: world)
    }
}
