package import Routing

/// How much a request may ask of the endpoints.
package struct EndpointLimits: Sendable, Hashable {
    /// A page of the webhook.
    ///
    /// Mixpanel sends 1000 members a page, about 1 MiB with 1 KiB of properties each; the room
    /// above that is for customers who export a lot.
    package var webhookBody: BodyLimits
    /// A body of the API.
    ///
    /// The largest is a query of 1000 ids of 1 KiB.
    package var apiBody: BodyLimits
    /// What removing the gzip of either may cost.
    package var inflate = InflateLimits()

    /// How many wrong credentials of a webhook one peer may send before it hears 429.
    ///
    /// Generous: a mistyped secret must say so, and 256 random bits are not guessed at a hundred a
    /// second.
    package var webhookFailuresPerMinuteMax = 6000
    /// The same of a webhook whose secret somebody chose: each costs a sixth of a second of a core.
    package var webhookSlowFailuresPerMinuteMax = 10

    /// How many calls an address may make to the SDK's routes of one connection.
    ///
    /// An app calls some five times when it is opened: 240 people a minute behind one address are
    /// a large office. Whoever tries one reference id after another gets no further with it.
    package var sdkCallsPerMinuteMax = 1200

    package static let webhookBodyBytesMax = 32 << 20
    package static let webhookInflatedBytesMax = 128 << 20
    package static let apiBodyBytesMax = 2 << 20

    package init(
        webhookBody: BodyLimits = BodyLimits(
            rawBytesMax: webhookBodyBytesMax, inflatedBytesMax: webhookInflatedBytesMax),
        apiBody: BodyLimits = BodyLimits(
            rawBytesMax: apiBodyBytesMax, inflatedBytesMax: apiBodyBytesMax)
    ) {
        self.webhookBody = webhookBody
        self.apiBody = apiBody
    }
}
