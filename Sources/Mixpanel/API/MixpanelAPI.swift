package import Audiences

/// What Muster asks Mixpanel about a service account, its projects and their cohorts.
///
/// Does no I/O of its own: every call goes through the exchange it was given.
package struct MixpanelAPI: Sendable {
    private let exchange: MixpanelExchange
    private let hosts: MixpanelHosts
    private let now: @Sendable () -> Timestamp

    /// - Parameters:
    ///   - exchange: sends a request and waits for its answer.
    ///   - hosts: where the regions are.
    ///   - now: the time, for a `Retry-After` that is a date.
    package init(
        exchange: @escaping MixpanelExchange, hosts: MixpanelHosts = .official,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.exchange = exchange
        self.hosts = hosts
        self.now = now
    }

    /// Sends a request and waits for a 200.
    ///
    /// - Parameters:
    ///   - method: `GET` or `POST`.
    ///   - path: with its query, beginning with a slash.
    ///   - region: whom to ask.
    ///   - credential: who asks.
    ///   - form: the fields of the body; `nil` for no body.
    ///   - timeout: for the whole exchange.
    /// - Returns: its body.
    /// - Throws: ``MixpanelError``, for every other status as well.
    func call(
        _ method: MixpanelRequest.Method, _ path: String, in region: MixpanelRegion,
        as credential: ServiceCredential, form: [(name: String, value: [UInt8])]? = nil,
        timeout: Duration
    ) async throws(MixpanelError) -> [UInt8] {
        var request = MixpanelRequest(
            method: method, url: hosts[region] + path,
            headers: [("Accept", "application/json"), ("Authorization", credential.authorization)],
            timeout: timeout)
        if let form {
            request.headers.append(("Content-Type", "application/x-www-form-urlencoded"))
            request.body = Array(FormEncoding.encode(form).utf8)
        }
        let response: MixpanelResponse
        do {
            response = try await exchange(request)
        } catch {
            throw MixpanelError(.unreachable(error), in: region)
        }
        guard response.status == 200 else {
            throw MixpanelError(response, in: region, at: now())
        }
        guard response.body.count <= MixpanelLimits.answerBytesMax else {
            throw MixpanelError(.unreachable(.answerTooLarge), in: region)
        }
        guard !response.isWebPage else { throw MixpanelError(.notMixpanel(.webPage), in: region) }
        return response.body
    }
}
