package import Audiences

/// Why Mixpanel did not do what it was asked, in terms of what a person can do about it.
///
/// Holds nothing of the answer's text: Mixpanel repeats the request in it, query string and all.
package struct MixpanelError: Error, Sendable, Hashable {
    package enum Reason: Sendable, Hashable {
        /// The username or the secret is wrong, or they belong to another region.
        case credentials
        /// The service account's time is over.
        case expired
        /// The project is in another region: in `other`, if the answer tells.
        case wrongRegion(other: MixpanelRegion?)
        /// The account's role or its scopes do not allow it.
        case forbidden
        /// The plan of the project does not have this API.
        case plan
        /// There is no such project or cohort.
        case notFound
        /// Too many calls; `retryAfter` is `nil` if the answer does not say when to come back.
        case rateLimited(retryAfter: Duration?)
        /// Mixpanel's own trouble.
        case server(status: Int)
        /// There was no answer.
        case unreachable(MixpanelUnreachable)
        /// Something else than Mixpanel answered, or it answered in a shape we don't know.
        case notMixpanel(Impostor)
        /// Another refusal.
        case refused(status: Int)
    }

    /// What the answer was instead of Mixpanel's JSON.
    package enum Impostor: String, Sendable, Hashable {
        case webPage = "a web page"
        case redirect = "a redirect"
        case otherText = "something that is no JSON of Mixpanel's"
    }

    package let reason: Reason
    package let region: MixpanelRegion

    package init(_ reason: Reason, in region: MixpanelRegion) {
        self.reason = reason
        self.region = region
    }

    /// Whether the same call may succeed later without anybody doing anything.
    package var isPassing: Bool {
        switch reason {
        case .rateLimited, .server, .unreachable: true
        case .credentials, .expired, .wrongRegion, .forbidden, .plan, .notFound, .notMixpanel,
            .refused:
            false
        }
    }

    /// One sentence that says what to do.
    package var message: String {
        let host = "Mixpanel \(region.name)"
        return switch reason {
        case .credentials:
            "\(host) does not accept the service account's username and secret: enter them again."
        case .expired:
            "The service account has expired: make a new one in Mixpanel and enter it here."
        case .wrongRegion(let other?):
            "The project is not in Mixpanel's region \(region.name): switch to \(other.name)."
        case .wrongRegion(nil):
            "The project is not in Mixpanel's region \(region.name): switch to another region."
        case .forbidden:
            "The service account may not do this: give it the role Analyst, or a higher one, "
                + "in the project."
        case .plan:
            "The project's Mixpanel plan does not include this API: ask Mixpanel for a plan "
                + "that does."
        case .notFound:
            "\(host) has no such project or cohort: check the ids."
        case .rateLimited(let wait?):
            "Mixpanel's limit of 60 queries an hour is used up: "
                + "try again in \(wait.components.seconds) s."
        case .rateLimited(nil):
            "Mixpanel's limit of 60 queries an hour is used up: try again later."
        case .server(let status):
            "\(host) has trouble of its own (status \(status)): try again later."
        case .unreachable(let why):
            "\(host) can't be reached: \(why.rawValue). Check the network, then try again."
        case .notMixpanel(let impostor):
            "Instead of \(host), \(impostor.rawValue) came back: check the proxy between here "
                + "and Mixpanel."
        case .refused(let status):
            "\(host) refused the call with status \(status), for a reason unknown here."
        }
    }
}
