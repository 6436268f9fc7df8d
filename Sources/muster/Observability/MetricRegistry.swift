import CoreMetrics
import Synchronization

/// Keeps the value of every series, for ``MetricText``.
///
/// A series lives as long as the process; labels have few values, see ``RequestMetrics``.
final class MetricRegistry: MetricsFactory, Sendable {
    private let buckets: [String: [Double]]
    private let series = Mutex<[SeriesKey: any SeriesValue]>([:])

    /// - Parameter catalogue: says which series are histograms, and their buckets.
    init(_ catalogue: [MetricDescription] = MetricDescription.catalogue) {
        buckets = catalogue.reduce(into: [:]) { buckets, description in
            if case .histogram(let bounds) = description.kind {
                buckets[description.name] = bounds
            }
        }
    }

    /// Every series there is, in no order.
    var values: [(key: SeriesKey, value: SeriesReading)] {
        series.withLock { $0.map { (key: $0.key, value: $0.value.reading) } }
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        find(label, dimensions) { Tally() }
    }

    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        find(label, dimensions) { Level() }
    }

    func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        if !aggregate { return find(label, dimensions) { Level() } }
        return find(label, dimensions) { Histogram(self.buckets[label] ?? []) }
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        find(label, dimensions) { Histogram(self.buckets[label] ?? []) }
    }

    /// Instruments come and go; what they counted stays.
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyMeter(_ handler: any MeterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}

    /// The series of these labels; a new one, kept nowhere, if the name is used for another kind.
    private func find<Value: SeriesValue>(
        _ name: String, _ labels: [(String, String)], _ make: () -> Value
    ) -> Value {
        let key = SeriesKey(name: name, labels: labels.map { .init(name: $0.0, value: $0.1) })
        return series.withLock { series in
            if let known = series[key] { return known as? Value ?? make() }
            let new = make()
            series[key] = new
            return new
        }
    }
}

/// A name and its labels, in the order they were given.
struct SeriesKey: Sendable, Hashable {
    struct Label: Sendable, Hashable {
        let name: String
        let value: String
    }

    let name: String
    let labels: [Label]
}

/// What a series stood at.
enum SeriesReading: Sendable, Hashable {
    case number(Double)
    /// How many were at most each bound, the last without a bound; and the sum of all.
    case histogram(bounds: [Double], counts: [UInt64], sum: Double)
}

private protocol SeriesValue: AnyObject, Sendable {
    var reading: SeriesReading { get }
}

private final class Tally: CounterHandler, SeriesValue {
    private let count = Atomic<Int64>(0)

    var reading: SeriesReading { .number(Double(count.load(ordering: .relaxed))) }

    /// Wraps after 292 years of a thousand million a second.
    func increment(by amount: Int64) { count.wrappingAdd(amount, ordering: .relaxed) }

    func reset() { count.store(0, ordering: .relaxed) }
}

private final class Level: MeterHandler, RecorderHandler, SeriesValue {
    private let value = Mutex(0.0)

    var reading: SeriesReading { .number(value.withLock { $0 }) }

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { self.value.withLock { $0 = value } }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { value.withLock { $0 -= amount } }
    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
}

private final class Histogram: TimerHandler, RecorderHandler, SeriesValue {
    private struct State {
        var counts: [UInt64]
        var sum = 0.0
    }

    private let bounds: [Double]
    private let state: Mutex<State>

    init(_ bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    var reading: SeriesReading {
        state.withLock { .histogram(bounds: bounds, counts: $0.counts, sum: $0.sum) }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        let place = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[place] &+= 1
            state.sum += value
        }
    }
}
