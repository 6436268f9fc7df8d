import Audiences
import HTTPWire
import Routing

/// From the public key of an app to the connection it is of, within the limit of calls.
///
/// The key is no secret: everybody can read it out of the app. So it opens nothing but the routes
/// of the SDK, and each address may only ask so often.
struct AdmitApp: Sendable {
    private let sdk: any SDKStore
    private let calls: PeerThrottle
    private let now: @Sendable () -> Timestamp
    private let recognized = RecognizedApps()

    init(_ parts: Dependencies) {
        sdk = parts.sdk
        calls = PeerThrottle(perMinuteMax: parts.limits.sdkCallsPerMinuteMax)
        now = parts.now
    }

    /// - Parameter request: only its head is looked at.
    /// - Returns: whose app it is.
    /// - Throws: ``UnknownApp``, ``TooManyCalls``; `Failure` if the store can't be read.
    func callAsFunction(_ request: Request) async throws -> App {
        guard let token = Authorization.bearerToken(request.head.headers) else {
            throw UnknownApp()
        }
        let app = try await app(token)
        guard let app else { throw UnknownApp() }
        if let seconds = calls.take(app.connection, request.peer, at: now()) {
            throw TooManyCalls(seconds: seconds)
        }
        if app.settings.firstSeenAt == nil { await noteFirstCall(of: app.connection, request) }
        return app
    }

    /// Lets `answer` answer an app that is known, if that can be done at once.
    ///
    /// Only a call that is answered counts: any other comes again on the ordinary way.
    func atOnce(
        _ head: RequestHead, _ peer: () -> Peer, _ answer: (App) -> Response?
    ) -> Response? {
        guard let token = Authorization.bearerToken(head.headers), let edition = sdk.sdkEdition,
            let app = recognized.app(token, edition)
        else { return nil }
        let (peer, now) = (peer(), now())
        guard calls.secondsToWait(app.connection, peer, at: now) == nil,
            let response = answer(app), calls.take(app.connection, peer, at: now) == nil
        else { return nil }
        return response
    }

    /// Whose public key it is; `nil` if nobody's.
    private func app(_ token: ArraySlice<UInt8>) async throws -> App? {
        let edition = sdk.sdkEdition
        if let edition, let app = recognized.app(token, edition) { return app }
        guard let key = PublicKey(String(decoding: token, as: UTF8.self)) else { return nil }
        let found = try await sdk.connection(having: key)
        guard let found else { return nil }
        let app = App(connection: found.id, settings: found.settings)
        // The first call is still to be noted.
        if let edition, app.settings.firstSeenAt != nil { recognized.add(app, edition) }
        return app
    }

    /// The app has its answer all the same: what goes wrong here is logged and no more.
    private func noteFirstCall(of id: ConnectionID, _ request: Request) async {
        do {
            try await sdk.noteFirstCall(of: id, at: now())
        } catch {
            Problem.logIfOurs(error, request)
        }
    }
}

/// An app that showed the public key of a connection.
///
/// A reference: what every call of an app needs is not copied for each.
final class App: Sendable {
    let connection: ConnectionID
    let settings: SDKSettings

    init(connection: ConnectionID, settings: SDKSettings) {
        self.connection = connection
        self.settings = settings
    }
}

/// 401: no public key, or one that was regenerated since.
struct UnknownApp: CallersMistake {}

/// 429: this address called too often within a minute.
struct TooManyCalls: CallersMistake {
    let seconds: Int
}
