import Audiences
import CoreMetrics

/// Counts how attempts to deliver to hooks end; not by hook, for there may be thousands.
struct HookMetrics: Sendable {
    static let attempts = "muster_hook_attempts_total"
    static let waiting = "muster_hook_deliveries_waiting"
    static let oldest = "muster_hook_oldest_waiting_seconds"

    private let counters: [HookDelivery.Status: Counter]

    init(_ factory: any MetricsFactory = NOOPMetricsHandler.instance) {
        let outcomes: [(HookDelivery.Status, String)] = [
            (.delivered, "delivered"), (.waiting, "retried"), (.failed, "given_up"),
        ]
        counters = Dictionary(
            uniqueKeysWithValues: outcomes.map { status, outcome in
                (
                    status,
                    Counter(
                        label: Self.attempts, dimensions: [("outcome", outcome)],
                        factory: factory)
                )
            })
    }

    /// Notes an attempt, by what became of its delivery.
    func note(_ delivery: HookDelivery) { counters[delivery.status]?.increment() }
}
