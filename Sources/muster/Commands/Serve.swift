import ArgumentParser
import Audiences
import Foundation
import HTTPTransport
import Logging
import Platform
import SQLiteStore
import ServiceLifecycle
import UnixSignals

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Receives pages and answers questions until it is told to stop.",
        discussion: """
            SIGTERM or SIGINT drains: /readyz turns 503, requests in flight are finished, and \
            the process ends with 0. A second signal ends it at once. SIGHUP reads the certificate \
            and its key again, and the connections of the configuration file; what is open goes on.
            """)

    @Option(help: "The address to listen on (MUSTER_HOST; default 127.0.0.1).")
    var host: String?

    @Option(help: "The port to listen on; 0 is any (MUSTER_PORT; default 8080).")
    var port: Int?

    @Option(help: "The data directory (MUSTER_DATA_DIR; default ./data).")
    var dataDir: String?

    @Option(help: "The configuration file (MUSTER_CONFIG).")
    var config: String?

    @Option(help: "trace, debug, info, notice, warning, error (MUSTER_LOG_LEVEL; default info).")
    var logLevel: String?

    @Option(help: "json or text (MUSTER_LOG_FORMAT; default json).")
    var logFormat: String?

    @Flag(help: "Make a demo connection if there is none, and print its secrets once.")
    var demo = false

    func run() async throws {
        try await explainingFailures {
            let configuration = try await MusterConfiguration.read(flags: flags)
            let logger = Logger(label: "muster") { label in
                LineLogHandler(
                    label: label, level: configuration.logLevel, format: configuration.logFormat)
            }
            do {
                try await serve(configuration, logger)
            } catch let error as PlatformError {
                throw Failure(
                    .unavailable,
                    "Can't listen on \(configuration.host):\(configuration.port).",
                    detail: "\(error)")
            }
        }
    }

    private var flags: ConfigurationFlags {
        ConfigurationFlags(
            configFile: config, host: host, port: port, dataDirectory: dataDir,
            logLevel: logLevel, logFormat: logFormat)
    }

    private func serve(_ configuration: MusterConfiguration, _ logger: Logger) async throws {
        let parts = try Composition(configuration, logger)
        try await parts.declare(configuration.connections)
        if demo { try await makeDemo(parts, configuration) }
        let watch = parts.tls.map {
            CertificateWatch(tls: $0, now: Composition.now, logger: logger)
        }
        watch?.look()
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(
                        service: Housekeeping(
                            store: parts.store, now: Composition.now, logger: logger)),
                    .init(service: Reconciling(reconciler: parts.reconciler, logger: logger)),
                    .init(service: parts.delivering),
                    .init(service: BulkWork(runners: parts.bulk, logger: logger)),
                    .init(
                        service: ServerService(
                            server: parts.server, operations: parts.operations,
                            readiness: parts.readiness,
                            drainTimeout: configuration.drainTimeout),
                        successTerminationBehavior: .gracefullyShutdownGroup),
                ] + [watch].compactMap { $0.map { .init(service: $0) } }, logger: logger))
        // Trapped before anybody is told that there is something to stop.
        let signals = await UnixSignalsSequence(trapping: [.sigterm, .sigint, .sighup])
        Terminal.error("listening on \(parts.server.address)")
        if let operations = parts.operations {
            Terminal.error("probes and metrics on \(operations.address)")
        }
        try await run(group, until: signals, parts, logger)
        try await parts.store.close()
    }

    /// Also where stderr is no terminal: who asks for a demo asks for its secrets.
    private func makeDemo(
        _ parts: Composition, _ configuration: MusterConfiguration
    ) async throws {
        let scheme = parts.tls == nil ? "http" : "https"
        let url = configuration.publicURL ?? "\(scheme)://\(parts.server.address)"
        let shown = try await Demo.create(
            in: parts.store, url: url, program: CommandLine.arguments[0],
            at: Composition.now(), by: Composition.secrets)
        if let shown { Terminal.error(shown) }
    }

    /// Runs the group until the first signal has drained it; a second one does not wait.
    private func run(
        _ group: ServiceGroup, until signals: UnixSignalsSequence, _ parts: Composition,
        _ logger: Logger
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            tasks.addTask {
                var isDraining = false
                for await signal in signals {
                    if signal == .sighup {
                        parts.tls?.reload(logger)
                        await parts.redeclare(flags, logger)
                        continue
                    }
                    if isDraining { Foundation.exit(Self.exitedAtOnce) }
                    isDraining = true
                    logger.notice("draining", metadata: ["signal": .string("\(signal)")])
                    await group.triggerGracefulShutdown()
                }
            }
            try await tasks.next()
            tasks.cancelAll()
        }
    }

    /// What a shell reports of a process that SIGINT ended.
    private static let exitedAtOnce: Int32 = 130
}
