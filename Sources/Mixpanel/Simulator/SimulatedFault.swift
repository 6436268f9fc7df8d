package import Audiences

/// Something that goes wrong between Mixpanel and whoever asks.
package struct SimulatedFault: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        case status(Int, retryAfter: String?)
        /// A proxy's web page with status 200.
        case webPage
        /// A redirect to a login page.
        case redirect
        /// JSON that ends in the middle.
        case broken
        /// The right answer, late.
        case slow
    }

    package var kind: Kind
    /// `nil` for all of them.
    package var region: MixpanelRegion?
    package var call: SimulatedCall?
    /// How many more requests it hits; `nil` for all until it is cleared.
    package var timesLeft: Int?
    package var delay = Duration.zero

    package init(_ kind: Kind) {
        self.kind = kind
    }

    func hits(_ call: SimulatedCall, in region: MixpanelRegion) -> Bool {
        timesLeft != 0 && (self.region ?? region) == region && (self.call ?? call) == call
    }

    /// What is sent instead of `answer`.
    func apply(to answer: SimulatedAnswer) -> SimulatedAnswer {
        var changed: SimulatedAnswer
        switch kind {
        case .slow:
            changed = answer
        case .broken:
            changed = .json(answer.status, Array(answer.body.prefix(answer.body.count / 2)))
        case .webPage:
            changed = Self.page(200)
        case .redirect:
            changed = Self.page(302)
            changed.headers.append(("Location", "https://login.proxy.example/"))
        case .status(let status, let retryAfter):
            changed = .json(status, Array(#"{"error":"simulated","status":"error"}"#.utf8))
            if let retryAfter { changed.headers.append(("Retry-After", retryAfter)) }
        }
        changed.delay = delay
        return changed
    }

    private static func page(_ status: Int) -> SimulatedAnswer {
        SimulatedAnswer(
            status: status, contentType: "text/html; charset=utf-8",
            body: Array("<!doctype html><title>Sign in to the proxy</title>".utf8))
    }
}

/// What Mixpanel can be asked.
package enum SimulatedCall: String, Sendable, Hashable, CaseIterable {
    case me, cohorts, engage

    init?(path: ArraySlice<String>) {
        switch path.joined(separator: "/").utf8 {
        case let path where path.elementsEqual("api/app/me".utf8): self = .me
        case let path where path.elementsEqual("api/query/cohorts/list".utf8): self = .cohorts
        case let path where path.elementsEqual("api/query/engage".utf8): self = .engage
        default: return nil
        }
    }

    var method: String { self == .me ? "GET" : "POST" }
}
