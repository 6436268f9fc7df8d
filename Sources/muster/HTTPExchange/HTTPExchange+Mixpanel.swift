internal import Foundation
internal import Mixpanel

extension HTTPExchange {
    /// Carries the calls of ``MixpanelAPI``.
    var mixpanel: MixpanelExchange {
        { request throws(MixpanelUnreachable) in
            guard let url = URL(string: request.url) else { throw .failed }
            do {
                let answer = try await self(
                    request.method.rawValue, url, headers: request.headers, body: request.body,
                    timeout: request.timeout)
                return MixpanelResponse(
                    status: answer.status, headers: answer.headers, body: answer.body)
            } catch let error as HTTPExchangeError {
                throw error.unreachable
            } catch is CancellationError {
                throw .cancelled
            } catch {
                throw .failed
            }
        }
    }

    /// Carries the exports of ``MixpanelAPI``.
    var mixpanelStream: MixpanelStreamExchange {
        { request, take in
            guard let url = URL(string: request.url) else { throw MixpanelUnreachable.failed }
            do {
                let answer = try await stream(
                    request.method.rawValue, url, headers: request.headers,
                    timeout: request.timeout,
                    silenceMax: request.silenceMax ?? request.timeout, take: take)
                return MixpanelResponse(
                    status: answer.status, headers: answer.headers, body: answer.body)
            } catch let error as HTTPExchangeError {
                throw error.unreachable
            }
        }
    }
}

extension HTTPExchangeError {
    fileprivate var unreachable: MixpanelUnreachable {
        switch self {
        case .timedOut: .timedOut
        case .responseTooLarge: .answerTooLarge
        case .noSuchHost: .noSuchHost
        case .refused, .proxy: .connectionRefused
        case .lost: .connectionLost
        case .tls: .tlsFailed
        case .addressRefused, .credentialsInURL, .badRequest, .malformed, .failed: .failed
        }
    }
}
