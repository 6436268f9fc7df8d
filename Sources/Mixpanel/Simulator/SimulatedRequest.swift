package import HTTPWire

/// A request to the simulated Mixpanel, whichever way it came.
package struct SimulatedRequest: Sendable {
    package var method: String
    package var target: Target
    package var authorization: String?
    package var body: [UInt8]

    package init(method: String, target: Target, authorization: String?, body: [UInt8]) {
        self.method = method
        self.target = target
        self.authorization = authorization
        self.body = body
    }

    /// A request as the client of Mixpanel makes it, so that both can be tried without a socket.
    package init(_ request: MixpanelRequest) {
        let path = request.url.split(separator: "/", maxSplits: 2).last ?? ""
        let parts = path.split(separator: "?", maxSplits: 1).map(String.init)
        method = request.method.rawValue
        target = Target(
            segments: (parts.first ?? "").split(separator: "/").map(String.init),
            rawQuery: parts.dropFirst().first)
        authorization = request.headers.first { ASCII.equals($0.name.utf8, "authorization") }?.value
        body = request.body ?? []
    }

    /// A field of the query; `nil` if it is missing or can't be read.
    func queryField(_ name: String) -> String? {
        (try? target.value(name)) ?? nil
    }

    /// A field of the form in the body.
    func formField(_ name: String) -> String? {
        let form = Target(segments: [], rawQuery: String(decoding: body, as: UTF8.self))
        return (try? form.value(name)) ?? nil
    }
}

/// What the simulated Mixpanel answers, and how long it takes for it.
package struct SimulatedAnswer: Sendable {
    /// A body that is made while it is sent.
    package struct Stream: Sendable {
        /// The piece of a number from 0; `nil` after the last.
        package var piece: @Sendable (Int) -> [UInt8]?
        /// Before each piece.
        package var pause = Duration.zero
        /// Breaks the connection off after so many pieces; `nil` to send all of them.
        package var piecesLeft: Int?
    }

    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    package var delay = Duration.zero
    /// Instead of ``body``.
    package var stream: Stream?

    init(
        status: Int, headers: [(name: String, value: String)] = [], contentType: String,
        body: [UInt8]
    ) {
        self.status = status
        self.headers = [("Content-Type", contentType)] + headers
        self.body = body
    }

    static func json(
        _ status: Int, _ body: [UInt8], headers: [(name: String, value: String)] = []
    ) -> SimulatedAnswer {
        SimulatedAnswer(
            status: status, headers: headers, contentType: "application/json", body: body)
    }

    package var response: MixpanelResponse {
        MixpanelResponse(status: status, headers: headers, body: body)
    }
}
