/// Sends a request to Mixpanel and waits for the whole answer, whatever its status.
///
/// What does it must verify TLS, follow no redirect, keep to ``MixpanelRequest/timeout`` and
/// throw ``MixpanelUnreachable/answerTooLarge`` above ``MixpanelLimits/answerBytesMax``.
package typealias MixpanelExchange =
    @Sendable (MixpanelRequest) async throws(MixpanelUnreachable) -> MixpanelResponse

/// Sends a request and hands over the body of a 200 piece by piece, as it comes; any other answer
/// is returned whole.
///
/// The next piece is received when `take` has returned, so a slow taker slows Mixpanel down, and
/// an error of `take` ends the exchange and is thrown on. What does it must keep to
/// ``MixpanelRequest/silenceMax`` beside what a ``MixpanelExchange`` must, limits no body of a
/// 200, and throws ``MixpanelUnreachable``, ``MixpanelUnreachable/connectionLost`` too if the body
/// breaks off.
package typealias MixpanelStreamExchange =
    @Sendable (MixpanelRequest, _ take: @escaping MixpanelBodyTaker) async throws ->
    MixpanelResponse

/// Takes a piece of a body, cut anywhere.
package typealias MixpanelBodyTaker = @Sendable ([UInt8]) async throws -> Void

/// One request, ready for the wire.
///
/// Its `Authorization` holds a secret, so that it describes itself without its headers.
package struct MixpanelRequest: Sendable {
    package enum Method: String, Sendable, Hashable {
        case get = "GET"
        case post = "POST"
    }

    package var method: Method
    /// Absolute, without credentials.
    package var url: String
    /// Each name once.
    package var headers: [(name: String, value: String)]
    /// `nil` for no body.
    package var body: [UInt8]?
    /// For the whole exchange, from the connection to the last byte.
    package var timeout: Duration
    /// How long a streamed answer may say nothing; ``timeout`` if it is `nil`.
    package var silenceMax: Duration?

    package init(
        method: Method, url: String, headers: [(name: String, value: String)] = [],
        body: [UInt8]? = nil, timeout: Duration, silenceMax: Duration? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.silenceMax = silenceMax
    }
}

extension MixpanelRequest: CustomStringConvertible, CustomReflectable {
    package var description: String { "\(method.rawValue) to Mixpanel" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// An answer as it came; it may be a proxy's.
package struct MixpanelResponse: Sendable {
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    package init(
        status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []
    ) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The first field of this name, given in lower case; names compare without ASCII case.
    package func header(_ name: StaticString) -> String? {
        headers.first { ASCII.equals($0.name.utf8, name) }?.value
    }
}

/// Why there is no answer.
package enum MixpanelUnreachable: String, Error, Sendable, Hashable, CaseIterable {
    case timedOut = "no answer in time"
    case noSuchHost = "its host name is not known here"
    case connectionRefused = "the connection was refused"
    case connectionLost = "the connection was lost"
    case tlsFailed = "no trusted TLS connection"
    case answerTooLarge = "the answer was too large"
    case cancelled = "the call was cancelled"
    case failed = "the call failed"
}

/// Every maximum of calling Mixpanel.
package enum MixpanelLimits {
    /// An answer above this size is an error: a page of 1000 people with a hundred properties of
    /// the longest kind (255 characters) is 25 MB.
    package static let answerBytesMax = 32 * 1024 * 1024

    /// How long a region may take to say who an account is: Mixpanel's own client waits as long.
    package static let discoveryTimeout = Duration.seconds(5)

    /// How long a query may take: Mixpanel stops its own queries at two minutes.
    package static let queryTimeout = Duration.seconds(120)

    /// How long an export may take: Mixpanel names no limit, and a year of a busy project is some
    /// hundred gigabytes, which should be asked for in parts.
    package static let exportTimeout = Duration.seconds(3600)

    /// How long an export may say nothing, which it does while it is prepared.
    package static let exportSilenceMax = Duration.seconds(300)

    /// The longest event of an export: Mixpanel takes 1 MB, and adds properties of its own.
    package static let exportLineBytesMax = 2 * 1024 * 1024

    /// How many queries, and how many exports, are begun within a second, which Mixpanel documents
    /// for exports (docs.mixpanel.com/reference/raw-event-export).
    package static let callsPerSecondMax = 3

    /// How many events or profile updates are sent in one call
    /// (docs.mixpanel.com/reference/import-events).
    package static let batchRecordsMax = 2000

    /// How large one such call may be: the documentation says 2 MB and 10 MB in turn.
    package static let batchBytesMax = 2 * 1024 * 1024

    /// The largest event Mixpanel takes.
    package static let eventBytesMax = 1024 * 1024

    /// How many records that failed are told of, of one call; there can't be more in a batch.
    package static let failedRecordsMax = batchRecordsMax

    /// How many projects of one account are read.
    ///
    /// An organisation of a thousand is large; the rest is left out, and the account says so.
    package static let projectsMax = 10_000

    /// How many saved cohorts of one project are read; a person has to choose from them.
    package static let cohortsMax = 10_000

    /// How many permissions are read of a project; Mixpanel has a few dozen.
    package static let permissionsMax = 200

    /// The last page that is asked for: a cohort has 10 million members at most, 1000 a page.
    package static let engagePagesMax = 10_000

    /// The longest name or text that is kept of what Mixpanel tells for people, in bytes.
    package static let textBytesMax = 1024

    /// The longest username, and the longest secret: both go into one header field.
    package static let credentialBytesMax = 512

    /// How much of a refusal is read to find out what it means.
    package static let refusalBytesMax = 4096

    /// The longest wait that a `Retry-After` is believed, in seconds: a day, because quotas are of
    /// an hour.
    package static let retryAfterSecondsMax = 86_400
}
