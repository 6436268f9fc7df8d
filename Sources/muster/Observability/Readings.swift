import Audiences
import Endpoints
import Foundation
import HTTPTransport
import Platform
import SQLiteStore
import Synchronization

/// What is not counted as it happens but read when somebody asks: the process, the connections,
/// the store.
final class Readings: Sendable {
    private let registry: MetricRegistry
    private let store: SQLiteStore
    private let readiness: Readiness
    private let directory: String
    private let now: @Sendable () -> Timestamp
    private let audiences = Remembered<AudienceTally>()
    private let backlog = Remembered<HookBacklog>()
    private let server = Mutex<Server?>(nil)

    /// - Parameters:
    ///   - registry: what was counted.
    ///   - store: tells its audiences and its writes.
    ///   - readiness: the answer of /readyz.
    ///   - directory: where the store is.
    ///   - now: the wall clock.
    init(
        _ registry: MetricRegistry, store: SQLiteStore, readiness: Readiness, directory: String,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.registry = registry
        self.store = store
        self.readiness = readiness
        self.directory = directory
        self.now = now
    }

    /// Tells of this server's connections from now on; it is made after what it answers.
    func watch(_ server: Server) {
        self.server.withLock { $0 = server }
    }

    /// All series of now.
    func text() async -> String {
        var read: [(key: SeriesKey, value: SeriesReading)] = [
            reading("muster_build_info", 1, [("version", Version.current)]),
            reading("muster_ready", await readiness.state() == .ready ? 1 : 0),
            reading("muster_store_writes_waiting", store.waitingWrites),
        ]
        if let server = server.withLock({ $0 }) {
            read += [
                reading("muster_http_connections", server.connectionCount),
                reading("muster_http_connections_accepted_total", server.acceptedCount),
                reading("muster_http_connections_refused_total", server.refusedCount),
                reading("muster_tls_handshakes_failed_total", server.failedHandshakeCount),
            ]
        }
        for (file, name) in [("database", ""), ("wal", "-wal")] {
            let path = "\(directory)/\(SQLiteStore.databaseName)\(name)"
            guard let bytes = Self.size(of: path) else { continue }
            read.append(reading("muster_store_bytes", bytes, [("file", file)]))
        }
        read += await audienceReadings()
        read += await hookReadings()
        read += ProcessReadings.now.map { reading($0.name, $0.value) }
        return MetricText.write(read + registry.values)
    }

    // MARK: Audiences

    private func audienceReadings() async -> [(key: SeriesKey, value: SeriesReading)] {
        let tally = await audiences.value(at: now()) { [store, now] in
            await AudienceTally.read(store, at: now())
        }
        guard let tally else { return [] }
        return Freshness.Status.allCases.map { status in
            reading("muster_audiences", tally.byStatus[status] ?? 0, [("status", status.rawValue)])
        } + [
            reading("muster_audiences_needing_reconcile", tally.needingReconcile),
            reading("muster_audience_members", tally.members),
        ]
    }

    private func hookReadings() async -> [(key: SeriesKey, value: SeriesReading)] {
        let backlog = await backlog.value(at: now()) { [store] in try? await store.hookBacklog() }
        guard let backlog else { return [] }
        let age = backlog.oldest.map { max(0, now().since($0)) } ?? 0
        return [
            reading(HookMetrics.waiting, backlog.waiting),
            reading(HookMetrics.oldest, Double(age) / 1000),
        ]
    }

    private func reading(
        _ name: String, _ value: some BinaryInteger, _ labels: [(String, String)] = []
    ) -> (key: SeriesKey, value: SeriesReading) {
        reading(name, Double(value), labels)
    }

    private func reading(
        _ name: String, _ value: Double, _ labels: [(String, String)] = []
    ) -> (key: SeriesKey, value: SeriesReading) {
        let labels = labels.map { SeriesKey.Label(name: $0.0, value: $0.1) }
        return (SeriesKey(name: name, labels: labels), .number(value))
    }

    private static func size(of path: String) -> Int? {
        (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int
    }
}

/// How the audiences stand, together.
struct AudienceTally: Sendable, Hashable {
    var byStatus: [Freshness.Status: Int] = [:]
    var needingReconcile = 0
    var members = 0

    mutating func add(_ audience: Audience, at now: Timestamp) {
        byStatus[audience.freshness.status(at: now), default: 0] += 1
        if audience.needsReconcile != nil { needingReconcile += 1 }
        members += audience.memberCount
    }
}

extension AudienceTally {
    /// Of all audiences; `nil` if the store can't be read.
    fileprivate static func read(
        _ store: any AudienceStore, at now: Timestamp
    ) async -> AudienceTally? {
        var tally = AudienceTally()
        var range = ListRange(limit: Limits.listItemsMax)
        repeat {
            guard
                let page = try? await store.audiences(matching: AudienceFilter(), range)
            else { return nil }
            for audience in page.items { tally.add(audience, at: now) }
            range.after = page.next
        } while range.after != nil
        return tally
    }
}

/// What was read last, for a while: anybody may ask, and it reads every audience or delivery.
private actor Remembered<Value: Sendable> {
    private var last: (value: Value, at: Timestamp)?

    /// `nil` if it can't be read.
    func value(at now: Timestamp, _ read: @Sendable () async -> Value?) async -> Value? {
        if let last, (0...rememberedMilliseconds).contains(now.since(last.at)) {
            return last.value
        }
        guard let value = await read() else { return nil }
        last = (value, now)
        return value
    }
}

/// Scrapers ask every 10 to 60 seconds.
private let rememberedMilliseconds: Int64 = 5000
