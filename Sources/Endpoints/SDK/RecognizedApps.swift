import Audiences
import Synchronization

/// Apps whose public key was looked up before; the key is no secret, and so is kept as it is.
final class RecognizedApps: Sendable {
    /// How many are kept: a connection has one key.
    static let appsMax = 64

    private struct Recognized {
        let key: [UInt8]
        let edition: UInt64
        let app: App
    }

    private let recognized = Mutex<[Recognized]>([])

    // The edition is that of the store's settings, as of now (``Audiences/SDKStore/sdkEdition``).

    /// The app that showed this; `nil` if it is not known.
    func app(_ token: ArraySlice<UInt8>, _ edition: UInt64) -> App? {
        recognized.withLock { all in
            for index in all.indices
            where all[index].edition == edition && all[index].key.elementsEqual(token) {
                return all[index].app
            }
            return nil
        }
    }

    /// - Parameters:
    ///   - app: was looked up.
    ///   - edition: of the store's settings, before it was.
    func add(_ app: App, _ edition: UInt64) {
        let key = Array(app.settings.publicKey.text.utf8)
        recognized.withLock { all in
            all.removeAll { $0.key == key || $0.edition != edition }
            if all.count >= Self.appsMax { all.removeFirst() }
            all.append(Recognized(key: key, edition: edition, app: app))
        }
    }
}
