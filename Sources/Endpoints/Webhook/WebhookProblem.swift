import Audiences
import HTTPWire
import Mixpanel
import Routing

/// What Mixpanel is told when a page was not taken: a second, narrower table than ``Problem``.
///
/// Mixpanel **pauses** the customer's sync and mails people on 400, 401, 403 and 404, and retries
/// on 429 and 5xx; other statuses are not in its vocabulary. So only what a human has to mend at
/// Mixpanel's side is a 4xx, and all our own trouble, known or not, is 503. The message is shown
/// in Mixpanel's UI: one sentence, no secret, no personal data.
struct WebhookProblem {
    let response: Response

    init(_ error: any Error) {
        let (status, message) = Self.verdict(error)
        response = .json(
            status,
            CohortSyncReply.failure(
                action: Self.action(error), message: message, code: status.code),
            headers: Self.headers(status, error))
    }

    private static func verdict(_ error: any Error) -> (Status, String) {
        switch error {
        case AdmitConnection.Refusal.unknownConnection:
            (.notFound, "No connection has this URL; copy the webhook URL from Muster again.")
        case AdmitConnection.Refusal.wrongCredentials:
            (.unauthorized, "The Basic Auth username or secret is wrong.")
        case AdmitConnection.Refusal.tooManyFailures:
            (.tooManyRequests, "Too many wrong credentials came from this address; try later.")
        case AdmitConnection.Refusal.switchedOff:
            (.serviceUnavailable, "This webhook is switched off in Muster for now.")
        case let error as CohortSyncRefusal:
            (.badRequest, error.message)
        case let error as BodyError:
            verdict(body: error)
        default:
            (.serviceUnavailable, "Muster can't take this page right now; send it again.")
        }
    }

    private static func verdict(body error: BodyError) -> (Status, String) {
        switch error {
        case .tooLarge(let bytesMax):
            (.badRequest, "The body is longer than \(bytesMax) bytes.")
        case .unsupportedCoding:
            (.badRequest, "Content-Encoding must be gzip, deflate or identity.")
        case .undecodable(.outOfMemory):
            (.serviceUnavailable, "Muster is short of memory; send the page again.")
        case .undecodable(let error):
            (.badRequest, "The body does not follow its Content-Encoding: \(error.words).")
        case .wire(.timedOut):
            (.serviceUnavailable, "The body came too slowly; send the page again.")
        case .wire(.disconnected):
            (.serviceUnavailable, "The body ended too early; send the page again.")
        case .wire:
            (.badRequest, "The body's transfer coding is broken.")
        }
    }

    private static func action(_ error: any Error) -> String? {
        switch error {
        case let error as CohortSyncRefusal: error.action
        case let error as NotRecorded: error.action.rawValue
        default: nil
        }
    }

    private static func headers(
        _ status: Status, _ error: any Error
    ) -> [(name: String, value: String)] {
        if case AdmitConnection.Refusal.tooManyFailures(let seconds) = error {
            return [("Retry-After", String(seconds))]
        }
        return switch status {
        case .unauthorized:
            [("WWW-Authenticate", "Basic realm=\"muster\", charset=\"UTF-8\"")]
        case .serviceUnavailable: Problem.retryAfter
        default: []
        }
    }
}
