import Audiences
import Endpoints
import HTTPTransport
import HTTPWire
import Logging
import Mixpanel
import Platform
import Routing

/// Everything that can be set, as plain values; config/README.md tells each key's reason.
///
/// Nothing below this knows where a value came from.
struct MusterConfiguration: Sendable {
    /// Where to listen.
    ///
    /// Loopback by default: Basic Auth over plain HTTP is readable by anybody on the way, so
    /// ``Serve`` listens elsewhere only with TLS, here or in front.
    var host = "127.0.0.1"
    /// 0 lets the system choose.
    var port = 8080
    /// Where probes and `/metrics` are answered, if not where everything is.
    var operationsAddress: SocketAddress?
    /// Where the world reaches this server, without a trailing slash; `nil` if nobody said.
    var publicURL: String?
    var dataDirectory = "./data"
    /// `nil` for plain HTTP.
    var tls: TLSFiles?
    /// Somebody said that a proxy in front speaks TLS.
    var isTLSTerminatedInFront = false
    var logLevel = Logger.Level.info
    var logFormat = LogFormat.json
    var transport = TransportLimits()
    var wire = WireLimits()
    var endpoints = EndpointLimits()
    var retention = Retention()
    /// `nil` lets the key file in the data directory do it.
    var encryptionKey: EncryptionKey?
    /// They only open what was encrypted before.
    var previousEncryptionKeys: [EncryptionKey] = []
    /// What the file declares.
    var connections: [DeclaredConnection] = []
    /// Whose word about a client's address is taken.
    var trustedProxies = TrustedProxies()
    var proxyProtocol = ProxyProtocol.none
    /// Where Mixpanel is, region by region.
    var mixpanel = MixpanelHosts.official
    /// Addresses that hooks may lead to although they are not public.
    var hookAddresses = AddressPolicy()
    /// How long one attempt to deliver to a hook may take.
    var hookTimeout = Duration.seconds(15)
    var bulk = BulkLimits()
    /// Which apps open invite links.
    var apps = AssociatedApps()
    /// How long requests in flight may take to finish after SIGTERM.
    var drainTimeout = Duration.seconds(25)
}

/// Paths of PEM files.
struct TLSFiles: Sendable {
    let certificate: String
    let privateKey: String
}

enum LogFormat: String, Sendable, CaseIterable {
    /// One JSON object a line, for machines.
    case json
    /// One readable line, for people.
    case text
}
