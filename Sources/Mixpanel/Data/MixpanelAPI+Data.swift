internal import Audiences

extension MixpanelAPI {
    /// Sends a request about a project's data and waits for a 200.
    ///
    /// - Parameters:
    ///   - method: `GET` or `POST`.
    ///   - path: without a query.
    ///   - fields: of the query, beside those that name the project.
    ///   - form: the fields of the body; `nil` for no body.
    ///   - access: who asks.
    /// - Returns: the answer.
    /// - Throws: ``ProviderError``, for every other status as well.
    func query(
        _ method: MixpanelRequest.Method, _ path: String,
        _ fields: [(name: String, value: [UInt8])] = [],
        form: [(name: String, value: [UInt8])]? = nil, as access: ProjectAccess
    ) async throws(ProviderError) -> MixpanelResponse {
        var request = MixpanelRequest(
            method: method,
            url: Self.url(hosts[access.region] + path, access.projectFields + fields),
            headers: [("Accept", "application/json"), ("Authorization", access.authorization)],
            timeout: MixpanelLimits.queryTimeout)
        if let form {
            request.headers.append(("Content-Type", "application/x-www-form-urlencoded"))
            request.body = Array(FormEncoding.encode(form).utf8)
        }
        let response = try await answer(to: request, in: access.region)
        guard response.status == 200 else { throw refusal(response, in: access.region) }
        return try notWebPage(response, in: access.region)
    }

    /// Sends a request and waits for its answer, whatever its status.
    func answer(
        to request: MixpanelRequest, in region: MixpanelRegion
    ) async throws(ProviderError) -> MixpanelResponse {
        do throws(MixpanelError) {
            return try await response(to: request, in: region)
        } catch {
            throw ProviderError(error)
        }
    }

    func refusal(_ response: MixpanelResponse, in region: MixpanelRegion) -> ProviderError {
        ProviderError(response, in: region, at: now())
    }

    func notWebPage(
        _ response: MixpanelResponse, in region: MixpanelRegion
    ) throws(ProviderError) -> MixpanelResponse {
        guard response.isWebPage else { return response }
        throw ProviderError(
            MixpanelError(.notMixpanel(.webPage), in: region), status: response.status)
    }

    static func url(_ base: String, _ fields: [(name: String, value: [UInt8])]) -> String {
        fields.isEmpty ? base : base + "?" + FormEncoding.encode(fields)
    }
}

extension ProviderError {
    /// An answer of a shape we don't know.
    static func unknownShape(
        _ response: MixpanelResponse, in region: MixpanelRegion
    ) -> ProviderError {
        ProviderError(MixpanelError(.notMixpanel(.otherText), in: region), status: response.status)
    }
}
