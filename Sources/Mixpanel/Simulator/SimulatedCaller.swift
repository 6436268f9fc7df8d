internal import Audiences

/// Who a request to the simulated Mixpanel comes from.
enum SimulatedCaller {
    case account
    /// Holds the API secret of the project of this place.
    case secret(Int)
    /// Holds the token of the project of this place.
    case token(Int)
    /// A username without a password that is nobody's.
    case strangeSecret
    case stranger
}

extension SimulatedMixpanel {
    func caller(of request: SimulatedRequest) -> SimulatedCaller {
        guard let given = request.authorization else { return .stranger }
        let account = ServiceCredential(
            username: world.account.username, secret: world.account.secret)
        if let account, account.authorization.utf8.elementsEqual(given.utf8) { return .account }
        for (place, project) in world.projects.enumerated() {
            let secret = project.secret.flatMap(ProjectSecret.init)?.authorization
            if let secret, secret.utf8.elementsEqual(given.utf8) { return .secret(place) }
            let token = project.token.flatMap(ProjectToken.init)?.authorization
            if let token, token.utf8.elementsEqual(given.utf8) { return .token(place) }
        }
        return given.endsInColon ? .strangeSecret : .stranger
    }

    /// The project a request is about, or how it is refused.
    ///
    /// A wrong secret is a 400 where the older hosts answer, and a 401 at `/import`.
    func project(
        of request: SimulatedRequest, for call: SimulatedCall, in region: MixpanelRegion,
        at now: Timestamp
    ) -> Result<Int, SimulatedRefusal> {
        let unknown = SimulatedRefusal(
            call == .importEvents ? 401 : 400,
            call == .importEvents ? "Invalid credentials" : "Unable to authenticate request")
        switch caller(of: request) {
        case .account: return accountProject(of: request, for: call, in: region)
        case .secret(let place):
            guard world.projects[place].region == region else { return .failure(unknown) }
            if let end = settings.projectSecretsEnd, now >= end {
                return .failure(
                    SimulatedRefusal(401, "Project secrets are not supported any more"))
            }
            return .success(place)
        case .token(let place):
            guard call == .importEvents, world.projects[place].region == region else {
                return .failure(unknown)
            }
            return .success(place)
        case .strangeSecret: return .failure(unknown)
        case .stranger: return .failure(SimulatedRefusal(401, "Invalid credentials"))
        }
    }

    private func accountProject(
        of request: SimulatedRequest, for call: SimulatedCall, in region: MixpanelRegion
    ) -> Result<Int, SimulatedRefusal> {
        guard !world.account.isExpired else {
            return .failure(SimulatedRefusal(401, "Service account has expired"))
        }
        let id = request.queryField("project_id")
        if id == nil, call == .importEvents {
            return .failure(SimulatedRefusal(401, "Unauthorized, invalid project secret"))
        }
        guard let place = world.place(ofProject: id ?? "") else {
            return .failure(SimulatedRefusal(403, "no permission for the project"))
        }
        guard world.projects[place].region == region else {
            return .failure(
                SimulatedRefusal(400, "request failed with error: invalid project id for cluster"))
        }
        return .success(place)
    }
}

/// A refusal before it is written in the form of the call.
struct SimulatedRefusal: Error {
    let status: Int
    let text: String

    init(_ status: Int, _ text: String) {
        self.status = status
        self.text = text
    }
}

extension String {
    /// Whether this is Basic credentials without a password.
    fileprivate var endsInColon: Bool {
        let alphabet = Array(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var bits: UInt64 = 0
        var count = 0
        for byte in utf8.drop(while: { $0 != 0x20 }).dropFirst() {
            guard let digit = alphabet.firstIndex(of: byte) else { break }
            bits = bits << 6 | UInt64(digit)
            count += 6
        }
        return bits >> UInt64(count % 8) & 0xFF == UInt64(UInt8(ascii: ":"))
    }
}
