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

    init(_ parts: Dependencies) {
        sdk = parts.sdk
        calls = PeerThrottle(perMinuteMax: parts.limits.sdkCallsPerMinuteMax)
        now = parts.now
    }

    /// - Parameter request: only its head is looked at.
    /// - Returns: whose app it is.
    /// - Throws: ``UnknownApp``, ``TooManyCalls``; `Failure` if the store can't be read.
    func callAsFunction(_ request: Request) async throws -> App {
        guard case .bearer(let token) = Authorization(request.head.headers),
            let key = PublicKey(String(decoding: token, as: UTF8.self))
        else { throw UnknownApp() }
        let found = try await sdk.connection(having: key)
        guard let found else { throw UnknownApp() }
        if let seconds = calls.take(found.id, request.peer, at: now()) {
            throw TooManyCalls(seconds: seconds)
        }
        if found.settings.firstSeenAt == nil { await noteFirstCall(of: found.id, request) }
        return App(connection: found.id, settings: found.settings)
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
struct App: Sendable {
    let connection: ConnectionID
    let settings: SDKSettings
}

/// 401: no public key, or one that was regenerated since.
struct UnknownApp: CallersMistake {}

/// 429: this address called too often within a minute.
struct TooManyCalls: CallersMistake {
    let seconds: Int
}
