package import Logging
import Synchronization

/// Keeps what was logged, as text.
package final class LogCapture: Sendable {
    private let captured = Mutex<[(level: Logger.Level, text: String)]>([])

    package init() {}

    /// Every line: level, message and metadata.
    package var lines: [String] { captured.withLock { $0.map(\.text) } }

    package func lines(at level: Logger.Level) -> [String] {
        captured.withLock { $0.filter { $0.level == level }.map(\.text) }
    }

    package func logger(level: Logger.Level = .trace) -> Logger {
        Logger(label: "test") { [self] _ in Handler(logLevel: level, capture: self) }
    }

    private struct Handler: LogHandler {
        var logLevel: Logger.Level
        var metadata: Logger.Metadata = [:]
        let capture: LogCapture

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let merged = metadata.merging(event.metadata ?? [:]) { _, own in own }
            let fields = merged.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }
            let text = "\(event.level) \(event.message)" + fields.joined()
            capture.captured.withLock { $0.append((event.level, text)) }
        }
    }
}
