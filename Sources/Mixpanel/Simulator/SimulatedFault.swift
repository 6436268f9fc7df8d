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
        /// The right answer, with a pause before each piece of it.
        case trickle
        /// The beginning of the right answer, then the connection is closed.
        case cut
        /// An export that ends with a line that says it was terminated early, as Mixpanel's do.
        case terminated
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
        var changed = answer
        switch kind {
        case .slow: break
        case .trickle:
            changed.stream = answer.streamed
            changed.stream?.pause = delay
            return changed
        case .cut:
            changed.stream = answer.streamed
            changed.stream?.piecesLeft = 1
        case .terminated:
            let whole = answer.streamed
            let end = Array("export terminated early\n".utf8)
            changed.stream = SimulatedAnswer.Stream { number in
                number == 0 ? whole.piece(0) : number == 1 ? end : nil
            }
        case .broken:
            let whole = answer.streamed.piece(0) ?? []
            changed.stream = nil
            changed.body = Array(whole.prefix(whole.count / 2))
        case .webPage: changed = Self.page(200)
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

extension SimulatedAnswer {
    /// This answer in pieces; of a whole one, two halves.
    fileprivate var streamed: Stream {
        if let stream { return stream }
        let halves = [body.prefix(body.count / 2), body.dropFirst(body.count / 2)].map { Array($0) }
        return Stream { halves.indices.contains($0) ? halves[$0] : nil }
    }
}

/// What Mixpanel can be asked.
package enum SimulatedCall: String, Sendable, Hashable, CaseIterable {
    case me, cohorts, engage, top, export, update
    case importEvents = "import"

    init?(path: ArraySlice<String>) {
        let path = path.joined(separator: "/")
        let found = Self.allCases.first { $0.path.utf8.elementsEqual(path.utf8) }
        guard let found else { return nil }
        self = found
    }

    private var path: String {
        switch self {
        case .me: "api/app/me"
        case .cohorts: "api/query/cohorts/list"
        case .engage: "api/query/engage"
        case .top: "api/query/events/top"
        case .export: "api/2.0/export"
        case .update: "engage"
        case .importEvents: "import"
        }
    }

    var method: String {
        switch self {
        case .me, .top, .export: "GET"
        case .cohorts, .engage, .update, .importEvents: "POST"
        }
    }

    /// Whether it is one of the queries that Mixpanel counts.
    var isQuery: Bool {
        switch self {
        case .cohorts, .engage, .top: true
        case .me, .export, .update, .importEvents: false
        }
    }
}
