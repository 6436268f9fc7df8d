import CoreMetrics
import Foundation
import Testing

@testable import muster

@Suite struct MetricTextTests {
    private let catalogue: [MetricDescription] = [
        .init(name: "pages_total", kind: .counter, help: "Pages.\nAll \\ of them."),
        .init(name: "seconds", kind: .histogram([0.5, 1]), help: "Time."),
        .init(name: "level", kind: .gauge, help: "Level."),
    ]

    private func text(_ fill: (MetricRegistry) -> Void) -> String {
        let registry = MetricRegistry(catalogue)
        fill(registry)
        return MetricText.write(registry.values, describedBy: catalogue)
    }

    @Test func aCounterOfEachLabelIsALine() {
        let text = text { registry in
            for (action, count) in [("remove", 2), ("add", 1), ("remove", 3)] {
                Counter(label: "pages_total", dimensions: [("action", action)], factory: registry)
                    .increment(by: count)
            }
        }
        #expect(
            text == #"""
                # HELP pages_total Pages.\nAll \\ of them.
                # TYPE pages_total counter
                pages_total{action="add"} 1
                pages_total{action="remove"} 5

                """#)
    }

    @Test func bucketsHoldWhatIsAtMostTheirBound() {
        let text = text { registry in
            let timer = Timer(
                label: "seconds", dimensions: [("route", "/a")], factory: registry)
            for milliseconds in [250, 500, 750, 4000] { timer.recordMilliseconds(milliseconds) }
        }
        #expect(
            text == """
                # HELP seconds Time.
                # TYPE seconds histogram
                seconds_bucket{route="/a",le="0.5"} 2
                seconds_bucket{route="/a",le="1.0"} 3
                seconds_bucket{route="/a",le="+Inf"} 4
                seconds_sum{route="/a"} 5.5
                seconds_count{route="/a"} 4

                """)
    }

    @Test func aGaugeIsWhatItWasSetToLast() {
        let text = text { registry in
            let meter = Meter(label: "level", factory: registry)
            meter.set(7)
            meter.increment(by: 0.5)
            meter.decrement(by: 3)
        }
        #expect(text.hasSuffix("level 4.5\n"))
    }

    @Test func familiesComeInTheOrderOfTheCatalogueAndOthersNotAtAll() {
        let text = text { registry in
            Gauge(label: "level", factory: registry).record(1)
            Counter(label: "unheard_of", factory: registry).increment()
            Counter(label: "pages_total", factory: registry).increment()
        }
        let names = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(names == ["pages_total 1", "level 1"])
    }

    @Test func whatCouldEndALabelIsEscaped() {
        let text = text { registry in
            Counter(
                label: "pages_total", dimensions: [("a", "x\"} 1\ny\\")], factory: registry
            ).increment()
        }
        #expect(text.hasSuffix("pages_total{a=\"x\\\"} 1\\ny\\\\\"} 1\n"))
    }

    @Test func aNameUsedForAnotherKindCountsNowhereAndStopsNothing() {
        let text = text { registry in
            Counter(label: "pages_total", factory: registry).increment()
            Timer(label: "pages_total", factory: registry).recordSeconds(5)
        }
        #expect(text.hasSuffix("pages_total 1\n"))
    }

    /// prometheus.io/docs/practices/naming: base units, and `_total` for what only grows.
    @Test(arguments: MetricDescription.catalogue)
    func namesFollowTheConventions(_ metric: MetricDescription) throws {
        let letters = metric.name.allSatisfy { $0 == "_" || $0.isLowercase && $0.isASCII }
        #expect(letters)
        #expect((metric.kind == .counter) == metric.name.hasSuffix("_total"))
        if case .histogram(let bounds) = metric.kind {
            #expect(metric.name.hasSuffix("_seconds") && bounds == bounds.sorted())
        }
        #expect(["muster_", "process_"].contains { metric.name.hasPrefix($0) })
        #expect(metric.help.hasSuffix("."))
    }

    @Test func theDocumentTellsEverySeriesInTheOrderOfTheCatalogue() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "docs/metrics.md")
        let text = try String(contentsOf: file, encoding: .utf8)
        let table = text.prefix(upTo: try #require(text.range(of: "\n## ")).lowerBound)
        let rows = table.split(separator: "\n").compactMap {
            $0.hasPrefix("| `") ? $0.dropFirst(3).split(separator: "`").first.map(String.init) : nil
        }
        #expect(rows == MetricDescription.catalogue.map(\.name))
    }
}
