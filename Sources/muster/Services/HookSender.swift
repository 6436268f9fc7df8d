import Audiences
import Endpoints
import Foundation
import JSON
import Mixpanel

/// Posts a message to a hook, once: signed as Standard Webhooks has it.
struct HookSender: Sendable {
    let exchange: HTTPExchange
    let secrets: Secrets
    let sealing: Sealing
    let now: @Sendable () -> Timestamp
    /// For the whole exchange.
    let timeout: Duration

    /// The longest answer that is read; nobody looks at it.
    static let answerBytesMax = 64 * 1024

    /// - Returns: how it ended.
    /// - Throws: `CancellationError` if the task was cancelled: then nobody knows.
    func send(_ message: HookMessage, to hook: Hook) async throws(CancellationError) -> HookAttempt
    {
        do {
            guard let url = URL(string: hook.url.text) else {
                return HookAttempt(problem: "Its address can't be understood.")
            }
            var json = JSONWriter()
            json.hookEvent(message.event, of: hook.connectionID)
            let body = json.bytes
            let answer = try await exchange(
                "POST", url, headers: try headers(of: message, body, hook), body: body,
                timeout: timeout)
            return attempt(answer)
        } catch let error as HTTPExchangeError {
            return HookAttempt(problem: error.sentence(timeout))
        } catch is CancellationError {
            throw CancellationError()
        } catch let failure as Failure {
            return HookAttempt(problem: failure.message)
        } catch {
            return HookAttempt(problem: "It could not be sent.")
        }
    }

    private func headers(
        of message: HookMessage, _ body: [UInt8], _ hook: Hook
    ) throws -> [(name: String, value: String)] {
        let now = now()
        let context = HookSecret.sealingContext(of: hook.connectionID)
        let keys = try hook.validSecrets(at: now).map { try sealing.open($0.sealed, context) }
        let seconds = now.milliseconds / 1000
        let id = message.delivery.id.text
        return [
            ("Content-Type", "application/json"),
            ("webhook-id", id),
            ("webhook-timestamp", String(seconds)),
            (
                "webhook-signature",
                try HookSignature.value(
                    id: id, seconds: seconds, body: body, keys: keys, by: secrets)
            ),
        ]
    }

    private func attempt(_ answer: HTTPExchange.Response) -> HookAttempt {
        var attempt = HookAttempt(answer: answer.status)
        switch answer.status {
        case 200..<300: return attempt
        case 300..<400:
            attempt.problem =
                "It answered \(answer.status); redirects are not followed, so set the address they "
                + "lead to."
        case 410: attempt.problem = "It answered 410 Gone, so the hook was switched off."
        default: attempt.problem = "It answered \(answer.status)."
        }
        let field = answer.headers.first { name, _ in
            name.utf8.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }.elementsEqual("retry-after".utf8)
        }
        attempt.retryAfterMilliseconds = RetryAfter.read(field?.value, at: now()).map {
            $0.components.seconds * 1000
        }
        return attempt
    }
}

extension HTTPExchangeError {
    /// What an operator reads in the delivery log.
    fileprivate func sentence(_ timeout: Duration) -> String {
        switch self {
        case .timedOut: "It did not answer within \(timeout.components.seconds) seconds."
        case .responseTooLarge: "Its answer is longer than \(HookSender.answerBytesMax) bytes."
        case .noSuchHost: "There is no such host."
        case .addressRefused:
            "Its address is not public; if it is meant, name it in hooks.private_addresses."
        case .refused: "The connection was refused."
        case .lost: "The connection was lost."
        case .tls: "TLS failed: its certificate is not trusted, or not of this host."
        case .proxy: "The proxy can't be used, or refused the connection."
        case .malformed: "Its answer is no HTTP."
        case .credentialsInURL, .badRequest: "Its address can't be used."
        case .failed: "It could not be sent."
        }
    }
}
