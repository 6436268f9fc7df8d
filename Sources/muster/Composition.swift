import Audiences
import CoreMetrics
import Endpoints
import Foundation
import HTTPTransport
import HTTPWire
import Logging
import Mixpanel
import Platform
import Routing
import SQLiteStore

/// The only place that names every concrete type and joins the ports to what implements them.
struct Composition: Sendable {
    let store: SQLiteStore
    let server: Server
    /// For probes and metrics alone; `nil` if ``server`` answers these.
    let operations: Server?
    let readiness: Readiness
    let reconciler: Reconciler
    let delivering: Delivering
    let bulk: [BulkRunner]
    /// `nil` for plain HTTP.
    let tls: TLSContext?

    /// Opens the store and binds the port; nothing runs yet.
    ///
    /// - Parameters:
    ///   - configuration: checked values.
    ///   - logger: what everything logs to.
    /// - Throws: `ConfigurationProblems` if TLS is missing or can't be spoken; `Failure` if the
    ///   store can't be opened; `PlatformError` if the port is taken.
    init(_ configuration: MusterConfiguration, _ logger: Logger) throws {
        let address = try SocketAddress.resolve(
            host: configuration.host, port: UInt16(clamping: configuration.port))
        try configuration.refuseReadableCredentials(on: address)
        tls = try configuration.tls?.load()
        let registry = MetricRegistry()
        let store = try Self.openStore(configuration, as: .server, logger, registry)
        let readiness = Readiness(now: Self.now) { now in try await store.checkWritable(at: now) }
        let accounts = Self.accounts(store, configuration)
        let elements = Self.elements(store, accounts, configuration)
        let readings = Readings(
            registry, store: store, readiness: readiness, directory: configuration.dataDirectory,
            now: Self.now)
        var parts = Dependencies(
            syncs: store, audiences: store, connections: store, cohortSyncs: store,
            changes: store, control: store, keys: store, answers: store, audit: store,
            reconciliations: store, studies: store, launches: store, sdk: store, hooks: store,
            elements: elements, accounts: accounts, sealing: configuration.keyRing.sealing,
            secrets: Self.secrets, now: Self.now, readiness: readiness,
            metrics: Metrics(factory: registry) { await readings.text() },
            limits: configuration.endpoints, publicURL: configuration.publicURL)
        parts.hasOperationsListener = configuration.operationsAddress != nil
        parts.apps = configuration.apps
        server = try Self.server(
            for: routes(parts), on: address, configuration, registry, tls: tls, logger)
        operations = try configuration.operationsAddress.map { address in
            try Self.server(
                for: operationsRoutes(parts), on: address, configuration, registry, tls: nil,
                logger)
        }
        readings.watch(server)
        reconciler = try Self.reconciler(store, accounts)
        delivering = Self.delivering(store, configuration, logger, registry)
        bulk = try (0..<BulkWork.jobsAtOnceMax).map { _ in
            BulkRunner(
                jobs: store, calls: elements.calls, files: elements.files,
                limits: configuration.bulk, worker: try Self.requestPrefix())
        }
        self.store = store
        self.readiness = readiness
    }

    private static func server(
        for router: Router, on address: SocketAddress, _ configuration: MusterConfiguration,
        _ registry: MetricRegistry, tls: TLSContext?, _ logger: Logger
    ) throws -> Server {
        let metrics = RequestMetrics(router.routes, by: registry)
        let observed = Observe(
            router, proxies: configuration.trustedProxies,
            ids: RequestID.Generator(prefix: try requestPrefix()), logger: logger,
            metrics: metrics, nanoseconds: { MonotonicTime.now().nanoseconds })
        return try Server(
            address: address, limits: configuration.transport, wireLimits: configuration.wire,
            fallbacks: FallbackResponses(
                wireError: { error in
                    let response = Problem.response(to: error)
                    metrics.noteMalformed(response.status)
                    return response
                },
                overloaded: Problem.overloaded),
            proxies: proxies(configuration, logger), tls: tls,
            constant: observed.constant, immediate: observed.immediate,
            handler: observed.handler)
    }

    /// A proxy that is set up wrong would find nothing but closed connections: the log tells why.
    private static func proxies(
        _ configuration: MusterConfiguration, _ logger: Logger
    ) -> ProxyPolicy {
        var policy = ProxyPolicy()
        policy.protocol = configuration.proxyProtocol
        policy.trusted = configuration.trustedProxies
        policy.refused = { reason, peer in
            logger.info(
                "connection without a PROXY header closed",
                metadata: [
                    "reason": .stringConvertible(reason), "peer.address": .string(peer.address),
                ])
        }
        return policy
    }

    static func openStore(
        _ configuration: MusterConfiguration, as role: SQLiteStore.Role, _ logger: Logger,
        _ metrics: any MetricsFactory = NOOPMetricsHandler.instance
    ) throws -> SQLiteStore {
        try SQLiteStore.open(
            directory: configuration.dataDirectory, as: role, files: .private,
            retention: configuration.retention, logger: logger, metrics: metrics)
    }

    /// Connects service accounts, for endpoints and commands; called once, for its quota is that of
    /// all who ask Mixpanel.
    static func accounts(
        _ store: SQLiteStore, _ configuration: MusterConfiguration
    ) -> ServiceAccounts {
        let exchange = HTTPExchange(connectionsMax: Limits.queriesAtOnceMax)
        return ServiceAccounts(
            mixpanel: MixpanelAPI(
                exchange: exchange.mixpanel, streaming: exchange.mixpanelStream,
                hosts: configuration.mixpanel, now: now),
            connections: store, quota: PacedQuota(store), sealing: configuration.keyRing.sealing,
            now: now)
    }

    /// What the element API is made of.
    private static func elements(
        _ store: SQLiteStore, _ accounts: ServiceAccounts, _ configuration: MusterConfiguration
    ) -> ElementParts {
        ElementParts(
            users: store, instances: store, jobs: store,
            files: BulkDirectory(dataDirectory: configuration.dataDirectory).files,
            calls: ElementCalls(
                accounts: accounts, instances: store, sealing: configuration.keyRing.sealing,
                secrets: secrets))
    }

    /// Works on reconciliations, as a worker of its own.
    static func reconciler(
        _ store: SQLiteStore, _ accounts: ServiceAccounts
    ) throws -> Reconciler {
        Reconciler(
            reconciliations: store, audiences: store, connections: store, accounts: accounts,
            worker: try requestPrefix(),
            pause: { try? await Task.sleep(for: Reconciling.pause) })
    }

    /// Sends what waits for hooks.
    private static func delivering(
        _ store: SQLiteStore, _ configuration: MusterConfiguration, _ logger: Logger,
        _ metrics: any MetricsFactory
    ) -> Delivering {
        let exchange = HTTPExchange(
            connectionsMax: Delivering.attemptsAtOnceMax,
            responseBytesMax: HookSender.answerBytesMax, addresses: configuration.hookAddresses)
        let sender = HookSender(
            exchange: exchange, secrets: secrets, sealing: configuration.keyRing.sealing, now: now,
            timeout: configuration.hookTimeout)
        return Delivering(
            hooks: store, send: sender.send, rest: exchange.closeIdle, now: now, logger: logger,
            timeout: configuration.hookTimeout, metrics: HookMetrics(metrics))
    }

    /// The domain's cryptography, from OpenSSL.
    static let secrets = Secrets(
        random: { count in try RandomBytes.make(count) },
        sha256: { message in try SHA256.digest(of: message) },
        equal: { left, right in ConstantTime.areEqual(left, right) },
        scrypt: { password, salt, cost in
            try Scrypt.derive(
                32, from: password, salt: salt,
                cost: Scrypt.Cost(
                    logarithm: cost.logarithm, blockSize: cost.blockSize,
                    parallelism: cost.parallelism),
                // What a cost within its limits needs is less than one block more.
                memoryBytesMax: 2 * Limits.scryptMemoryBytesMax)
        })

    static let now: @Sendable () -> Timestamp = {
        Timestamp(milliseconds: WallClock.millisecondsSince1970())
    }

    private static func requestPrefix() throws -> String {
        let letters = Array("0123456789abcdefghjkmnpqrstvwxyz")
        return String(try RandomBytes.make(6).map { letters[Int($0 % 32)] }) + "-"
    }
}
