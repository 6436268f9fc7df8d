/// The Prometheus text format, version 0.0.4
/// (prometheus.io/docs/instrumenting/exposition_formats).
enum MetricText {
    /// Families in the order of the catalogue, series of a family by their labels.
    ///
    /// - Parameters:
    ///   - readings: series of any order; those the catalogue does not have are left out.
    ///   - catalogue: gives the kinds and the words.
    /// - Returns: the text, without a timestamp on any line.
    static func write(
        _ readings: [(key: SeriesKey, value: SeriesReading)],
        describedBy catalogue: [MetricDescription] = MetricDescription.catalogue
    ) -> String {
        let families = Dictionary(grouping: readings, by: \.key.name)
        var text = ""
        for description in catalogue {
            guard let family = families[description.name] else { continue }
            text += "# HELP \(description.name) \(escaped(description.help, quotes: false))\n"
            text += "# TYPE \(description.name) \(word(description.kind))\n"
            let lines = family.map { (labels(of: $0.key), $0) }.sorted { $0.0 < $1.0 }
            for (labels, series) in lines {
                write(series.key.name, labels, series.value, to: &text)
            }
        }
        return text
    }

    private static func write(
        _ name: String, _ labels: String, _ value: SeriesReading, to text: inout String
    ) {
        switch value {
        case .number(let number):
            text += line(name, labels, number)
        case .histogram(let bounds, let counts, let sum):
            var total: UInt64 = 0
            for (index, count) in counts.enumerated() {
                total &+= count
                let bound = index < bounds.count ? "\(bounds[index])" : "+Inf"
                let limit = #"le="\#(bound)""#
                text += line(
                    name + "_bucket", labels.isEmpty ? limit : labels + "," + limit, Double(total))
            }
            text += line(name + "_sum", labels, sum)
            text += line(name + "_count", labels, Double(total))
        }
    }

    private static func line(_ name: String, _ labels: String, _ value: Double) -> String {
        // A count without a fraction, as people expect it; exact up to 2^53.
        let number =
            value.magnitude < 9e15 && value == value.rounded() ? "\(Int64(value))" : "\(value)"
        return labels.isEmpty ? "\(name) \(number)\n" : "\(name){\(labels)} \(number)\n"
    }

    private static func labels(of key: SeriesKey) -> String {
        key.labels.map { #"\#($0.name)="\#(escaped($0.value, quotes: true))""# }
            .joined(separator: ",")
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += #"\\"#
            case "\n": result += #"\n"#
            case "\"" where quotes: result += #"\""#
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func word(_ kind: MetricDescription.Kind) -> String {
        switch kind {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        }
    }
}
