package import CoreMetrics
import HTTPWire
import Routing

/// Where instruments come from, and how their readings are told.
package struct Metrics: Sendable {
    package var factory: any MetricsFactory
    /// The readings of now, in the Prometheus text format.
    package var text: @Sendable () async -> String

    package init(factory: any MetricsFactory, text: @escaping @Sendable () async -> String) {
        self.factory = factory
        self.text = text
    }

    /// Counts nothing and tells nothing.
    package static let none = Metrics(factory: NOOPMetricsHandler.instance) { "" }
}

/// What a Prometheus scrapes.
///
/// Unauthenticated, so it counts and times, and names nobody: no audience, no person, no address.
struct MetricsEndpoint: Sendable {
    private let metrics: Metrics

    init(_ parts: Dependencies) {
        metrics = parts.metrics
    }

    @Sendable func show(_ request: Request) async -> Response {
        Response(
            .ok,
            headers: [
                ("Content-Type", "text/plain; version=0.0.4; charset=utf-8"),
                ("Cache-Control", "no-store"),
            ], body: .bytes(Array(await metrics.text().utf8)))
    }
}
