package import CoreMetrics
package import HTTPWire
import Synchronization

/// Counts and times answers by route, method and status.
///
/// A label is never a path, an id or anything else that a caller chose, so there are as many
/// series as routes and statuses.
package final class RequestMetrics: Sendable {
    package static let requests = "muster_http_requests_total"
    package static let duration = "muster_http_request_duration_seconds"

    /// Counts nothing.
    package static let none = RequestMetrics([], by: NOOPMetricsHandler.instance)

    private let routes: [Series]
    private let unrouted: Series

    /// - Parameters:
    ///   - routes: those of a router, whose numbers are their places.
    ///   - factory: makes the instruments, each when it is first needed.
    package init(_ routes: [Route], by factory: any MetricsFactory) {
        self.routes = routes.sorted { $0.number < $1.number }.map { route in
            Series(method: route.method.name, route: route.pattern, factory)
        }
        unrouted = Series(method: "other", route: "none", factory)
    }

    /// Notes one answer.
    ///
    /// - Parameters:
    ///   - route: the route's number; `nil` if none was found.
    ///   - status: `nil` if the client left before there was one.
    ///   - nanoseconds: how long it took; `nil` for an answer that is always at hand.
    func note(_ route: Int?, _ status: Status?, after nanoseconds: UInt64?) {
        let series = route.flatMap { routes.indices.contains($0) ? routes[$0] : nil } ?? unrouted
        series.note(status, after: nanoseconds)
    }

    /// Notes an answer to what could not be read as a request.
    package func noteMalformed(_ status: Status) {
        unrouted.note(status, after: nil)
    }
}

/// The instruments of one route.
private final class Series: Sendable {
    private struct Made {
        var timer: CoreMetrics.Timer?
        /// By status code, 0 for none: a handful, so looking through them is fastest.
        var counters: [(code: Int, counter: Counter)] = []
    }

    private let labels: [(String, String)]
    private let factory: any MetricsFactory
    private let made = Mutex(Made())

    init(method: String, route: String, _ factory: any MetricsFactory) {
        labels = [("method", method), ("route", route)]
        self.factory = factory
    }

    func note(_ status: Status?, after nanoseconds: UInt64?) {
        let code = status.map { Int($0.code) } ?? 0
        let (counter, timer) = made.withLock { made -> (Counter, CoreMetrics.Timer?) in
            (self.counter(code, &made), nanoseconds == nil ? nil : self.timer(&made))
        }
        counter.increment()
        if let nanoseconds { timer?.recordNanoseconds(nanoseconds) }
    }

    private func counter(_ code: Int, _ made: inout Made) -> Counter {
        if let known = made.counters.first(where: { $0.code == code }) { return known.counter }
        let status = code == 0 ? "none" : "\(code)"
        let counter = Counter(
            label: RequestMetrics.requests, dimensions: labels + [("status", status)],
            factory: factory)
        made.counters.append((code, counter))
        return counter
    }

    private func timer(_ made: inout Made) -> CoreMetrics.Timer {
        if let known = made.timer { return known }
        let timer = CoreMetrics.Timer(
            label: RequestMetrics.duration, dimensions: labels, factory: factory)
        made.timer = timer
        return timer
    }
}
