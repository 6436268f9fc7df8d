package import Audiences

/// What Muster asks Mixpanel: about service accounts, projects and cohorts, and for a project's
/// people and events.
///
/// Does no I/O of its own: every call goes through the exchanges it was given.
package struct MixpanelAPI: Sendable {
    private let exchange: MixpanelExchange
    let streaming: MixpanelStreamExchange
    let hosts: MixpanelHosts
    let now: @Sendable () -> Timestamp

    /// - Parameters:
    ///   - exchange: sends a request and waits for its answer.
    ///   - streaming: takes an answer that is too large to be held; without one, answers are held
    ///     whole.
    ///   - hosts: where the regions are.
    ///   - now: the time, for a `Retry-After` that is a date.
    package init(
        exchange: @escaping MixpanelExchange, streaming: MixpanelStreamExchange? = nil,
        hosts: MixpanelHosts = .official, now: @escaping @Sendable () -> Timestamp
    ) {
        self.exchange = exchange
        self.streaming = streaming ?? Self.whole(exchange)
        self.hosts = hosts
        self.now = now
    }

    private static func whole(_ exchange: @escaping MixpanelExchange) -> MixpanelStreamExchange {
        { request, take in
            var response = try await exchange(request)
            guard response.status == 200 else { return response }
            try await take(response.body)
            response.body = []
            return response
        }
    }

    /// Sends a request and waits for a 200.
    ///
    /// - Parameters:
    ///   - method: `GET` or `POST`.
    ///   - path: with its query, beginning with a slash.
    ///   - region: whom to ask.
    ///   - authorization: the value of the header of that name.
    ///   - form: the fields of the body; `nil` for no body.
    ///   - timeout: for the whole exchange.
    /// - Returns: its body.
    /// - Throws: ``MixpanelError``, for every other status as well.
    func call(
        _ method: MixpanelRequest.Method, _ path: String, in region: MixpanelRegion,
        as authorization: String, form: [(name: String, value: [UInt8])]? = nil,
        timeout: Duration
    ) async throws(MixpanelError) -> [UInt8] {
        var request = MixpanelRequest(
            method: method, url: hosts[region] + path,
            headers: [("Accept", "application/json"), ("Authorization", authorization)],
            timeout: timeout)
        if let form {
            request.headers.append(("Content-Type", "application/x-www-form-urlencoded"))
            request.body = Array(FormEncoding.encode(form).utf8)
        }
        let response = try await response(to: request, in: region)
        guard response.status == 200 else {
            throw MixpanelError(response, in: region, at: now())
        }
        guard !response.isWebPage else { throw MixpanelError(.notMixpanel(.webPage), in: region) }
        return response.body
    }

    /// Sends a request and waits for its answer, whatever its status.
    func response(
        to request: MixpanelRequest, in region: MixpanelRegion
    ) async throws(MixpanelError) -> MixpanelResponse {
        let response: MixpanelResponse
        do {
            response = try await exchange(request)
        } catch {
            throw MixpanelError(.unreachable(error), in: region)
        }
        guard response.body.count <= MixpanelLimits.answerBytesMax else {
            throw MixpanelError(.unreachable(.answerTooLarge), in: region)
        }
        return response
    }
}
