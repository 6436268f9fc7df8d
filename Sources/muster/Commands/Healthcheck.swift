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
            if url == nil, configuration.proxyProtocol == .v2 {
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
                guard answer.status == 200 else {
                    Terminal.error("not ready: \(String(decoding: answer.body, as: UTF8.self))")
                    throw ExitCode(69)
                }
            } catch let error as HTTPExchangeError {
                Terminal.error("no answer from \(base): \(error)")
                throw ExitCode(69)
            }
        }
    }

    private func probe(_ configuration: MusterConfiguration) async throws {
        let address = try SocketAddress.resolve(
            host: "127.0.0.1", port: UInt16(clamping: configuration.port))
        let status: Int?
        do {
            status = try await ProxyProbe.status(
                of: "/readyz", at: address, timeout: .seconds(timeout))
        } catch let error as PlatformError {
            Terminal.error("no answer from \(address): \(error)")
            throw ExitCode(69)
        }
        guard status != 200 else { return }
        Terminal.error(
            status == nil
                ? "no answer from \(address); is 127.0.0.1 in proxy.trusted_addresses?"
                : "not ready")
        throw ExitCode(69)
    }
}
