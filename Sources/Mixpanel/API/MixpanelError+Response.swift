package import Audiences
internal import JSON

extension MixpanelError {
    /// Classifies an answer that is no success.
    ///
    /// Mixpanel's App API, Query API and older hosts each refuse in their own way, and proxies in
    /// theirs. Expiry is documented nowhere: an account that has an expiry date is taken as
    /// expired when a refusal says that word.
    ///
    /// - Parameters:
    ///   - response: any answer but 200.
    ///   - region: whom was asked.
    ///   - now: to read a `Retry-After` that is a date.
    package init(_ response: MixpanelResponse, in region: MixpanelRegion, at now: Timestamp) {
        self.init(Self.reason(of: response, at: now), in: region)
    }

    private static func reason(of response: MixpanelResponse, at now: Timestamp) -> Reason {
        let text = refusalText(response)
        return switch response.status {
        case 300..<400: .notMixpanel(.redirect)
        case 401: ASCII.contains(text, "expired") ? .expired : .credentials
        case 402: .plan
        case 429: .rateLimited(retryAfter: RetryAfter.read(response.header("retry-after"), at: now))
        case 500..<600: .server(status: response.status)
        case 407, 511: .notMixpanel(.webPage)
        case _ where response.isWebPage: .notMixpanel(.webPage)
        case 403: ASCII.contains(text, "expired") ? .expired : .forbidden
        case 404: .notFound
        case 400: reason(ofBadRequest: text)
        case 200..<300: .notMixpanel(.otherText)
        default: .refused(status: response.status)
        }
    }

    private static func reason(ofBadRequest text: [UInt8]) -> Reason {
        if ASCII.contains(text, "invalid project id for cluster")
            || ASCII.contains(text, "project_cluster")
        {
            return .wrongRegion(other: namedRegion(in: text))
        }
        if ASCII.contains(text, "unable to authenticate") {
            return ASCII.contains(text, "expired") ? .expired : .credentials
        }
        return .refused(status: 400)
    }

    /// A refusal may name the cluster that has the project.
    private static func namedRegion(in text: [UInt8]) -> MixpanelRegion? {
        if ASCII.contains(text, "mixpanel-prod-eu") { return .eu }
        if ASCII.contains(text, "mixpanel-prod-in") { return .india }
        return ASCII.contains(text, "mixpanel-prod-1") ? .us : nil
    }

    /// What the answer says for a reason: `error` of a JSON object, or else all of it.
    ///
    /// Not `request`, which repeats what we sent.
    private static func refusalText(_ response: MixpanelResponse) -> [UInt8] {
        let body = Array(response.body.prefix(MixpanelLimits.refusalBytesMax))
        guard let object = try? JSONValue(parsing: body).object else { return body }
        return Array((object["error"]?.string ?? "").utf8)
    }
}

extension MixpanelResponse {
    /// Whether a proxy or a login page speaks here, not an API.
    var isWebPage: Bool {
        if let type = header("content-type"), ASCII.contains(Array(type.utf8), "text/html") {
            return true
        }
        return ASCII.trimmingStart(body).first == UInt8(ascii: "<")
    }
}
