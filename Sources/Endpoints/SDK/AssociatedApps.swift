import HTTPWire
import JSON
import Routing

/// The operator's own apps, which invite links open in where they are installed.
///
/// The systems of phones ask for that at two well-known paths of the links' own host.
package struct AssociatedApps: Sendable, Hashable {
    package var apple: [AppleAppID]
    package var android: [AndroidApp]

    package init(apple: [AppleAppID] = [], android: [AndroidApp] = []) {
        self.apple = apple
        self.android = android
    }
}

/// A team's identifier and a bundle's, as Apple joins them: `A1B2C3D4E5.com.lumen.shop`.
package struct AppleAppID: Sendable, Hashable {
    let text: String

    package init?(_ text: String) {
        let (team, bundle) = (text.utf8.prefix(10), text.utf8.dropFirst(10))
        guard team.count == 10, team.allSatisfy(\.isUpperOrDigit), bundle.count > 1,
            bundle.first == UInt8(ascii: "."),
            bundle.dropFirst().allSatisfy({ $0.isName || $0 == UInt8(ascii: "-") })
        else { return nil }
        self.text = text
    }
}

/// A package and the SHA-256 fingerprint of the certificate it is signed with:
/// `com.lumen.shop=14:6D:E9:…`.
package struct AndroidApp: Sendable, Hashable {
    let package: String
    let fingerprint: String

    package init?(_ text: String) {
        let halves = text.split(separator: "=", omittingEmptySubsequences: false)
        guard halves.count == 2, halves[0].utf8.contains(UInt8(ascii: ".")),
            halves[0].utf8.allSatisfy({ $0.isName || $0 == UInt8(ascii: "_") })
        else { return nil }
        let pairs = halves[1].utf8.split(
            separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard pairs.count == 32,
            pairs.allSatisfy({ $0.count == 2 && $0.allSatisfy(\.isUpperHexadecimal) })
        else { return nil }
        package = String(halves[0])
        fingerprint = String(halves[1])
    }
}

/// Answers what the systems ask for; 404 where no app was named.
struct AssociationFiles: Sendable {
    private let apps: AssociatedApps

    init(_ parts: Dependencies) {
        apps = parts.apps
    }

    // For iOS 13 and later: developer.apple.com/documentation/xcode/supporting-associated-domains
    @Sendable func apple(_ request: Request) throws -> Response {
        guard !apps.apple.isEmpty else { throw RoutingError.notFound }
        return Self.file([
            "applinks": [
                "details": [
                    [
                        "appIDs": .array(apps.apple.map { .string($0.text) }),
                        "components": [["/": "/i/*"]],
                    ]
                ]
            ]
        ])
    }

    // developer.android.com/training/app-links/verify-android-applinks
    @Sendable func android(_ request: Request) throws -> Response {
        guard !apps.android.isEmpty else { throw RoutingError.notFound }
        return Self.file(
            .array(
                apps.android.map { app in
                    [
                        "relation": ["delegate_permission/common.handle_all_urls"],
                        "target": [
                            "namespace": "android_app", "package_name": .string(app.package),
                            "sha256_cert_fingerprints": [.string(app.fingerprint)],
                        ],
                    ]
                }))
    }

    /// Both systems fetch it rarely, Apple's through a cache of its own.
    private static func file(_ value: JSONValue) -> Response {
        var json = JSONWriter()
        json.value(value)
        return .json(.ok, json.bytes, headers: [("Cache-Control", "public, max-age=3600")])
    }
}

extension UInt8 {
    fileprivate var isUpperOrDigit: Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
            || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self)
    }

    fileprivate var isUpperHexadecimal: Bool { isUpperOrDigit && self <= UInt8(ascii: "F") }

    /// A letter, a digit or a dot.
    fileprivate var isName: Bool {
        isUpperOrDigit || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self)
            || self == UInt8(ascii: ".")
    }
}
