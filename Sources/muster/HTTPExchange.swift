internal import Foundation
internal import Synchronization

#if canImport(FoundationNetworking)
    internal import FoundationNetworking
#endif

/// One outbound HTTP request and its answer; the only place that knows `URLSession`.
///
/// Follows no redirect, keeps no cookie, cache or password, and reuses connections. Calls may
/// overlap. Credentials belong into an `Authorization` header: nothing of a request is ever in
/// an error, and a URL that holds a password is refused.
///
/// On Linux a call that waits for its answer keeps a core busy: FoundationNetworking goes on
/// asking whether the socket can be written to. That is nothing for a few calls an hour, but
/// whoever measures a receiver with `simulate` should do so from another machine.
struct HTTPExchange: Sendable {
    struct Response: Sendable {
        let status: Int
        let headers: [(name: String, value: String)]
        let body: [UInt8]
    }

    /// An answer above this size is an error: those we ask for are pages, not files.
    static let responseBytesMax = 32 * 1024 * 1024

    private let session: URLSession
    private let answers: PendingAnswers

    /// Prepares for `connectionsMax` overlapping calls to one host; more would wait for each other.
    init(connectionsMax: Int, responseBytesMax: Int = Self.responseBytesMax) {
        Self.keepLoopbackFromProxies
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpMaximumConnectionsPerHost = connectionsMax
        configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
        configuration.urlCache = nil
        configuration.urlCredentialStorage = nil
        configuration.httpCookieStorage = nil
        configuration.httpShouldSetCookies = false
        answers = PendingAnswers(responseBytesMax: responseBytesMax)
        session = URLSession(configuration: configuration, delegate: answers, delegateQueue: nil)
    }

    /// Sends a request and waits for the whole answer.
    ///
    /// - Parameters:
    ///   - method: as on the wire: `GET`, `POST`.
    ///   - url: absolute, `http` or `https`.
    ///   - headers: each name once.
    ///   - body: sent with a `Content-Length`; `nil` for no body.
    ///   - timeout: for the whole exchange, from the connection to the last byte.
    /// - Returns: the answer, whatever its status.
    /// - Throws: ``HTTPExchangeError``; `CancellationError` if the task was cancelled.
    func callAsFunction(
        _ method: String, _ url: URL, headers: [(name: String, value: String)] = [],
        body: [UInt8]? = nil, timeout: Duration
    ) async throws -> Response {
        guard url.user(percentEncoded: true) == nil, url.password(percentEncoded: true) == nil
        else {
            throw HTTPExchangeError.credentialsInURL
        }
        var request = URLRequest(url: url)
        request.httpMethod = method
        request.httpShouldHandleCookies = false
        // This one counts from the last byte that came, and would otherwise cut at a minute.
        request.timeoutInterval = (timeout + .seconds(1)) / .seconds(1)
        for header in headers { request.setValue(header.value, forHTTPHeaderField: header.name) }
        request.httpBody = body.map { Data($0) }
        let task = session.dataTask(with: request)
        return try await withThrowingTaskGroup(of: Response.self) { group in
            group.addTask { try await answers.answer(to: task) }
            group.addTask {
                try await Task.sleep(for: timeout)
                throw HTTPExchangeError.timedOut
            }
            defer { group.cancelAll() }
            guard let response = try await group.next() else { throw CancellationError() }
            return response
        }
    }

    /// Closes the connections; call it when no exchange is under way any more.
    func finish() {
        session.invalidateAndCancel()
    }

    /// Tells libcurl, which reads the environment, that no proxy leads to this machine itself.
    ///
    /// Once a process, before its first session: nothing reads the environment at that time.
    private static let keepLoopbackFromProxies: Void = {
        #if canImport(FoundationNetworking)
            let environment = ProcessInfo.processInfo.environment
            let known = environment["no_proxy"] ?? environment["NO_PROXY"]
            let loopback = "localhost,127.0.0.1,::1"
            setenv("no_proxy", known.map { "\($0),\(loopback)" } ?? loopback, 1)
        #endif
    }()
}

/// Why there is no answer.
enum HTTPExchangeError: Error, Equatable, CustomStringConvertible {
    case timedOut
    case responseTooLarge
    case credentialsInURL
    /// `URLError.Code`, as a number.
    case failed(code: Int)

    var description: String {
        switch self {
        case .timedOut: "no answer in time"
        case .responseTooLarge: "the answer is too large"
        case .credentialsInURL: "credentials do not belong into a URL"
        case .failed(let code):
            switch URLError.Code(rawValue: code) {
            case .timedOut: "no answer in time"
            case .cannotFindHost, .dnsLookupFailed: "no such host"
            case .cannotConnectToHost: "the connection was refused"
            case .networkConnectionLost: "the connection was lost"
            case .secureConnectionFailed, .serverCertificateUntrusted,
                .serverCertificateHasBadDate, .serverCertificateHasUnknownRoot:
                "TLS failed"
            default: "the exchange failed (\(code))"
            }
        }
    }
}

/// The answers that are still coming in, each by the number of its task.
private final class PendingAnswers: NSObject, URLSessionDataDelegate {
    private struct Pending {
        let continuation: CheckedContinuation<HTTPExchange.Response, any Error>
        var body: [UInt8] = []

        func resume(with response: URLResponse?, error: (any Error)?) {
            guard error == nil, let head = response as? HTTPURLResponse else {
                let code = (error as? URLError)?.code ?? .unknown
                continuation.resume(throwing: HTTPExchangeError.failed(code: code.rawValue))
                return
            }
            let headers = head.allHeaderFields.map { (name: "\($0.key)", value: "\($0.value)") }
            continuation.resume(
                returning: HTTPExchange.Response(
                    status: head.statusCode, headers: headers, body: body))
        }
    }

    private let responseBytesMax: Int
    private let pending = Mutex<[Int: Pending]>([:])

    init(responseBytesMax: Int) {
        self.responseBytesMax = responseBytesMax
    }

    func answer(to task: URLSessionDataTask) async throws -> HTTPExchange.Response {
        let number = task.taskIdentifier
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                pending.withLock { $0[number] = Pending(continuation: continuation) }
                task.resume()
                // Cancelled before there was anybody to tell: the handler found nothing.
                if Task.isCancelled { abandon(task, because: CancellationError()) }
            }
        } onCancel: {
            abandon(task, because: CancellationError())
        }
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        let isTooLarge = pending.withLock { pending in
            guard let received = pending[dataTask.taskIdentifier]?.body.count else { return false }
            guard data.count <= responseBytesMax - received else { return true }
            pending[dataTask.taskIdentifier]?.body += data
            return false
        }
        if isTooLarge { abandon(dataTask, because: HTTPExchangeError.responseTooLarge) }
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?
    ) {
        take(task)?.resume(with: task.response, error: error)
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask,
        willPerformHTTPRedirection response: HTTPURLResponse, newRequest request: URLRequest,
        completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }

    /// Takes a 401 as the answer it is, instead of looking for a password.
    ///
    /// FoundationNetworking asks when the whole body is there, and then knows no way to just end
    /// the task (swift-corelibs-foundation issue 5456); so it is answered here, and cancelled.
    func urlSession(
        _ session: URLSession, task: URLSessionTask,
        didReceive challenge: URLAuthenticationChallenge,
        completionHandler:
            @escaping @Sendable (URLSession.AuthChallengeDisposition, URLCredential?) -> Void
    ) {
        #if canImport(FoundationNetworking)
            take(task)?.resume(with: task.response, error: nil)
            completionHandler(.cancelAuthenticationChallenge, nil)
        #else
            // Among the challenges there are also those of TLS.
            completionHandler(.performDefaultHandling, nil)
        #endif
    }

    /// Answers at once, without waiting for the session to notice.
    private func abandon(_ task: URLSessionTask, because error: any Error) {
        guard let answer = take(task) else { return }
        task.cancel()
        answer.continuation.resume(throwing: error)
    }

    private func take(_ task: URLSessionTask) -> Pending? {
        pending.withLock { $0.removeValue(forKey: task.taskIdentifier) }
    }
}
