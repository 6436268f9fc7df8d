internal import Audiences
internal import JSON

/// Why Mixpanel did not do what somebody asked of it through us, for that somebody: with what it
/// answered.
///
/// ``said`` may repeat what was asked: it belongs into the answer, never into a log.
package struct ProviderError: Error, Sendable, Hashable {
    package let error: MixpanelError
    /// The status of the answer; `nil` if none came.
    package let status: Int?
    /// What the answer gives as its reason, cut to ``MixpanelLimits/textBytesMax``; `nil` if it
    /// gives none, or was not Mixpanel's.
    package let said: String?

    package init(_ error: MixpanelError, status: Int? = nil, said: String? = nil) {
        self.error = error
        self.status = status
        self.said = said
    }

    init(_ response: MixpanelResponse, in region: MixpanelRegion, at now: Timestamp) {
        let error = MixpanelError(response, in: region, at: now)
        var said: String?
        if case .notMixpanel = error.reason {} else { said = response.reasonSaid }
        self.init(error, status: response.status, said: said)
    }

    package var reason: MixpanelError.Reason { error.reason }

    /// How long to wait before the same call is made again; `nil` if nobody said.
    package var retryAfter: Duration? {
        guard case .rateLimited(let wait) = reason else { return nil }
        return wait
    }

    /// One sentence that says what to do, whoever called and for whatever.
    package var message: String {
        let host = "Mixpanel \(error.region.name)"
        return switch reason {
        case .credentials:
            "\(host) does not accept the credentials, or not for this project: authenticate again."
        case .expired: "The credentials have expired at Mixpanel: authenticate with new ones."
        case .forbidden: "The credentials do not allow this in the project."
        case .notFound: "\(host) has nothing of this name: check the ids."
        case .rateLimited(let wait?):
            "Mixpanel asks for fewer calls: try again in \(wait.components.seconds) s."
        case .rateLimited(nil): "Mixpanel asks for fewer calls: try again later."
        case .refused: "\(host) refused the call, and says why."
        case .wrongRegion, .plan, .server, .unreachable, .notMixpanel: error.message
        }
    }
}

extension MixpanelResponse {
    /// `error` of a JSON object, or a plain text; without what repeats the request.
    fileprivate var reasonSaid: String? {
        let start = Array(body.prefix(MixpanelLimits.refusalBytesMax))
        let text: [UInt8]
        if ASCII.trimmingStart(start).first == UInt8(ascii: "{") {
            let found = body.scanned { scanner throws(JSONError) -> String? in
                var error: String?
                try scanner.eachMember { scanner, key throws(JSONError) in
                    if scanner.source.matches(key, "error") {
                        error = try scanner.textValue()
                    } else {
                        try scanner.skipped()
                    }
                }
                return error
            }
            guard let found else { return nil }
            text = Array(found.utf8)
        } else {
            text = Array(start.prefix(MixpanelLimits.textBytesMax))
        }
        let plain = text.map { $0 < 0x20 || $0 == 0x7F ? 0x20 : $0 }
        return plain.isEmpty ? nil : String(decoding: plain, as: UTF8.self)
    }
}
