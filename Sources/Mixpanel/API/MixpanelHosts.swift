package import Audiences

/// The base address of the query and app host of each region, without a slash at its end.
package struct MixpanelHosts: Sendable, Hashable {
    package var us: String
    package var eu: String
    package var india: String

    /// Mixpanel's own (its overview of the API).
    package static let official = MixpanelHosts(
        us: "https://mixpanel.com", eu: "https://eu.mixpanel.com", india: "https://in.mixpanel.com")

    package init(us: String, eu: String, india: String) {
        self.us = us
        self.eu = eu
        self.india = india
    }

    /// The hosts of a ``SimulatedMixpanel``, which serves all regions under one address.
    package init(simulatedAt base: String) {
        self.init(us: base + "/us", eu: base + "/eu", india: base + "/in")
    }

    /// Where a region takes and exports events.
    ///
    /// Mixpanel has other hosts for that; an address of somebody else's, such as a gateway's, is
    /// taken to lead to all of them.
    package func address(of service: MixpanelService, in region: MixpanelRegion) -> String {
        let base = self[region]
        guard base.utf8.elementsEqual(Self.official[region].utf8) else { return base }
        let suffix =
            switch region {
            case .us: ""
            case .eu: "-eu"
            case .india: "-in"
            }
        return "https://\(service.rawValue)\(suffix).mixpanel.com"
    }

    package subscript(region: MixpanelRegion) -> String {
        switch region {
        case .us: us
        case .eu: eu
        case .india: india
        }
    }
}

/// What Mixpanel serves under hosts of its own.
package enum MixpanelService: String, Sendable, Hashable, CaseIterable {
    case ingestion = "api"
    case export = "data"
}

extension MixpanelRegion {
    /// In the order in which an unknown account is looked for, as Mixpanel's own client does.
    package static let searched: [MixpanelRegion] = [.us, .eu, .india]

    /// For people.
    package var name: String {
        switch self {
        case .us: "US"
        case .eu: "EU"
        case .india: "India"
        }
    }

    /// The region a project's `domain` means; empty is the US (Mixpanel's own client).
    ///
    /// - Parameter domain: a host, with or without scheme and path, of the app, the query or the
    ///   ingestion API.
    package init?(domain: String) {
        var host = domain.utf8.map(ASCII.lowercase)[...]
        for scheme in ["https://", "http://"] where host.starts(with: scheme.utf8) {
            host = host.dropFirst(scheme.utf8.count)
        }
        host = host.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: ":") }
        let found = Self.hosts.first { $0.names.contains { $0.utf8.elementsEqual(host) } }
        guard let found else { return nil }
        self = found.region
    }

    private static let hosts: [(region: MixpanelRegion, names: [String])] = [
        (.us, ["", "mixpanel.com", "www.mixpanel.com", "data.mixpanel.com", "api.mixpanel.com"]),
        (.eu, ["eu.mixpanel.com", "data-eu.mixpanel.com", "api-eu.mixpanel.com"]),
        (.india, ["in.mixpanel.com", "data-in.mixpanel.com", "api-in.mixpanel.com"]),
    ]
}
