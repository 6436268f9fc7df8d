import HTTPTransport
import Platform

/// Whether the port is free, or a Muster answers on it.
struct PortCheck {
    private let configuration: MusterConfiguration

    init(_ configuration: MusterConfiguration) {
        self.configuration = configuration
    }

    private static let patience = Duration.seconds(3)

    func finding() async -> Finding {
        guard configuration.port != 0 else {
            return .ok("port", "the system chooses a free one")
        }
        let place = "127.0.0.1:\(configuration.port)"
        let probe = Probe(
            port: configuration.port, isIntroduced: configuration.proxyProtocol == .v2,
            speaksTLS: configuration.tls != nil, timeout: Self.patience)
        do {
            let answer = try await probe.get("/readyz")
            switch answer?.status {
            case 200 where answer?.body.hasPrefix("{\"status\":\"") == true:
                return .ok("port", "a server answers on \(place), and is ready")
            case 503 where answer?.body.hasPrefix("{\"status\":\"") == true:
                return .fail(
                    "port", "a server answers on \(place), and is not ready: \(answer?.body ?? "")",
                    fix: "look at its log")
            default:
                return .fail(
                    "port", "something that is no Muster answers on \(place)",
                    fix: "stop it, or choose another port")
            }
        } catch PlatformError.failed(call: "connect", _) {
            return .ok("port", "\(place) is free, and no server runs on it")
        } catch {
            return .fail(
                "port", "something on \(place) does not answer: \(error)",
                fix: "if it is a Muster, look at its log; with TLS, are the settings its own?")
        }
    }
}
