import Endpoints
import Routing
import SQLiteStore

/// Everything that /metrics tells, in the order it is told.
///
/// Base units and suffixes as Prometheus has them (prometheus.io/docs/practices/naming).
struct MetricDescription: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case counter
        case gauge
        /// Upper bounds of the buckets, ascending; the last one, without a bound, is added.
        case histogram([Double])
    }

    let name: String
    let kind: Kind
    let help: String

    static let catalogue: [MetricDescription] = [
        .init(
            name: "muster_build_info", kind: .gauge, help: "Always 1; the version is a label."),
        .init(
            name: "muster_ready", kind: .gauge,
            help: "1 if /readyz answers 200: the store can write, and nothing drains."),
        .init(
            name: RequestMetrics.requests, kind: .counter,
            help: "Requests answered; status none if the client left before."),
        .init(
            name: RequestMetrics.duration, kind: .histogram(requestSeconds),
            help: "From a request's head to its answer; /livez is not timed."),
        .init(
            name: "muster_http_connections", kind: .gauge, help: "Connections open now."),
        .init(
            name: "muster_http_connections_accepted_total", kind: .counter,
            help: "Connections accepted."),
        .init(
            name: "muster_http_connections_refused_total", kind: .counter,
            help: "Connections refused because http.connections_max were open."),
        .init(
            name: "muster_tls_handshakes_failed_total", kind: .counter,
            help: "TLS handshakes that came to nothing."),
        .init(
            name: SyncMetrics.pages, kind: .counter,
            help: "Pages of cohort syncs answered 200, by what became of them."),
        .init(
            name: SyncMetrics.members, kind: .counter,
            help: "Usable members of those pages."),
        .init(
            name: SyncMetrics.unusable, kind: .counter,
            help: "Members of those pages that no id or no shape made usable."),
        .init(
            name: SyncMetrics.unusablePages, kind: .counter,
            help: "Pages that had members and not one usable: look at the export's settings."),
        .init(
            name: StoreMetrics.commit, kind: .histogram(commitSeconds),
            help: "From the begin of a transaction to its fsync."),
        .init(
            name: StoreMetrics.writes, kind: .counter,
            help: "Writes committed, several to a transaction."),
        .init(
            name: StoreMetrics.failures, kind: .counter,
            help: "Transactions that failed as a whole."),
        .init(
            name: HookMetrics.attempts, kind: .counter,
            help: "Attempts to deliver to hooks, by what became of the delivery."),
        .init(
            name: HookMetrics.waiting, kind: .gauge,
            help: "Deliveries that wait for hooks that are on."),
        .init(
            name: HookMetrics.oldest, kind: .gauge,
            help: "For how long the oldest of them has been tried; 0 if none waits."),
        .init(
            name: "muster_store_writes_waiting", kind: .gauge,
            help: "Writes that wait for their transaction."),
        .init(
            name: "muster_store_bytes", kind: .gauge,
            help: "Size of the database, and of its write-ahead log."),
        .init(
            name: "muster_audiences", kind: .gauge,
            help: "Audiences by status; stale means that nothing complete came for long."),
        .init(
            name: "muster_audiences_needing_reconcile", kind: .gauge,
            help: "Audiences that may differ from their cohort."),
        .init(
            name: "muster_audience_members", kind: .gauge,
            help: "Members of all audiences together."),
        .init(
            name: "process_cpu_seconds_total", kind: .counter,
            help: "User and system time of the process."),
        .init(
            name: "process_resident_memory_bytes", kind: .gauge, help: "Memory in use."),
        .init(name: "process_open_fds", kind: .gauge, help: "File descriptors open."),
        .init(
            name: "process_start_time_seconds", kind: .gauge,
            help: "When the process started, since 1970."),
    ]

    /// A look-up takes tens of microseconds, a page tens of milliseconds, a long poll a minute.
    private static let requestSeconds: [Double] = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5,
        5, 10, 60,
    ]

    private static let commitSeconds: [Double] = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
    ]
}
