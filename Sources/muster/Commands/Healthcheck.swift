import ArgumentParser
import Foundation
import HTTPTransport
import Platform

struct Healthcheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Asks a running server whether it is ready; for a container's HEALTHCHECK.",
        discussion: "Ends with 0 if it is, with 69 if it is not or does not answer.")

    @Option(help: "The server (default: the configured port on 127.0.0.1).")
    var url: String?

    @Option(help: "The configuration file (MUSTER_CONFIG).")
    var config: String?

    @Option(help: "Seconds to wait for the answer.")
    var timeout = 3

    func run() async throws {
        try await explainingFailures {
            let configuration = try await MusterConfiguration.read(
                flags: ConfigurationFlags(configFile: config))
            if url == nil, configuration.tls != nil || configuration.proxyProtocol == .v2 {
                return try await probe(configuration)
            }
            let base = url ?? "http://127.0.0.1:\(configuration.port)"
            guard let target = URL(string: base + "/readyz") else {
                throw ValidationError("--url is not a URL.")
            }
            do {
                let exchange = HTTPExchange(connectionsMax: 1)
                defer { exchange.finish() }
                let answer = try await exchange("GET", target, timeout: .seconds(timeout))
                try check(answer.status == 200, String(decoding: answer.body, as: UTF8.self))
            } catch let error as HTTPExchangeError {
                Terminal.error("no answer from \(base): \(error)")
                throw ExitCode(69)
            }
        }
    }

    /// Asks as ``HTTPExchange`` does not: introduced, or without looking at the certificate.
    private func probe(_ configuration: MusterConfiguration) async throws {
        let probe = Probe(
            port: configuration.port, isIntroduced: configuration.proxyProtocol == .v2,
            speaksTLS: configuration.tls != nil, timeout: .seconds(timeout))
        let place = "127.0.0.1:\(configuration.port)"
        do {
            if let answer = try await probe.get("/readyz") {
                return try check(answer.status == 200, answer.body)
            }
            let hint = "is 127.0.0.1 in proxy.trusted_addresses?"
            Terminal.error("no answer from \(place)" + (probe.isIntroduced ? "; \(hint)" : ""))
        } catch let error as PlatformError {
            Terminal.error("no answer from \(place): \(error)")
        }
        throw ExitCode(69)
    }

    private func check(_ isReady: Bool, _ body: String) throws {
        guard !isReady else { return }
        Terminal.error("not ready: \(body)")
        throw ExitCode(69)
    }
}
