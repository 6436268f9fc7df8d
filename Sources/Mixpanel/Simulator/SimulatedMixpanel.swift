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
    var sessions: [String: EngageSession] = [:]

    package struct Settings: Sendable, Hashable {
        package var queriesPerHour = 60
        package var queriesAtOnce = 5
        /// `nil` for no such limit, as Mixpanel documents none for queries.
        package var queriesPerSecond: Int?
        package var exportsPerHour = 60
        package var exportsAtOnce = 100
        package var exportsPerSecond: Int? = 3
        /// From when on project secrets are refused; `nil` for never.
        package var projectSecretsEnd: Timestamp?
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
        if call == .me { return me(request, in: region) }
        if call == .update { return update(request, in: region) }
        let place: Int
        switch project(of: request, for: call, in: region, at: now) {
        case .success(let found): place = found
        case .failure(let refusal):
            return .failure(refusal.status, refusal.text, to: request, of: call)
        }
        if let refusal = refusal(of: request, for: call, about: place, lasting: delay, at: now) {
            return refusal
        }
        switch call {
        case .cohorts: return cohorts(of: world.projects[place])
        case .engage: return engage(request, world.projects[place])
        case .top: return top(request, world.projects[place])
        case .export: return export(request, world.projects[place], at: now)
        case .importEvents: return importEvents(request, into: place, at: now)
        case .me, .update: return .failure(404, "not found", to: request)
        }
    }

    /// What stands in the way of somebody known: quota, plan and role.
    private mutating func refusal(
        of request: SimulatedRequest, for call: SimulatedCall, about place: Int,
        lasting delay: Duration, at now: Timestamp
    ) -> SimulatedAnswer? {
        let project = world.projects[place]
        if call.isQuery {
            queryCount += 1
            let wait = quotas[project.id, default: SimulatedQuota()].take(
                at: now, lasting: delay, perHour: settings.queriesPerHour,
                atOnce: settings.queriesAtOnce, perSecond: settings.queriesPerSecond)
            if let wait { return tooMany(request, wait) }
        }
        if call == .export {
            let wait = quotas["export " + project.id, default: SimulatedQuota()].take(
                at: now, lasting: delay, perHour: settings.exportsPerHour,
                atOnce: settings.exportsAtOnce, perSecond: settings.exportsPerSecond)
            if let wait { return tooMany(request, wait) }
        }
        guard project.isPaid || call == .importEvents else {
            return .failure(402, "upgrade your plan", to: request)
        }
        // Only accounts have roles; importing is for those who may change the project.
        let roles = call == .importEvents ? ["admin", "owner"] : ["analyst", "admin", "owner"]
        guard case .account = caller(of: request), !roles.contains(project.role) else { return nil }
        return .failure(403, "the role does not allow it", to: request, of: call)
    }

    private func tooMany(_ request: SimulatedRequest, _ wait: Int64) -> SimulatedAnswer {
        var answer = SimulatedAnswer.failure(429, "too many queries", to: request)
        if settings.tellsRetryAfter { answer.headers.append(("Retry-After", "\(wait)")) }
        return answer
    }
}
