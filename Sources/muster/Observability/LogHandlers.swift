import Audiences
import Foundation
import JSON
import Logging
import Platform

/// Writes one line per event to stderr, as JSON for machines or as text for people.
///
/// What stands under a key that sounds secret is not written: a second fence behind the rule
/// that nobody logs such a thing.
struct LineLogHandler: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let format: LogFormat
    private let write: @Sendable ([UInt8]) -> Void

    init(
        label: String, level: Logger.Level, format: LogFormat,
        write: @escaping @Sendable ([UInt8]) -> Void = Self.writeToStandardError
    ) {
        self.label = label
        self.format = format
        self.write = write
        logLevel = level
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let merged = metadata.merging(event.metadata ?? [:]) { _, own in own }
        let fields = merged.sorted { $0.key < $1.key }
            .map { ($0.key, Self.isSecret($0.key) ? "[redacted]" : "\($0.value)") }
        let time = Timestamp(milliseconds: WallClock.millisecondsSince1970()).rfc3339
        switch format {
        case .json: write(json(event, fields, at: time))
        case .text: write(text(event, fields, at: time))
        }
    }

    private func json(_ event: LogEvent, _ fields: [(String, String)], at time: String) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("time")
        json.string(time)
        json.key("level")
        json.string(event.level.rawValue)
        json.key("logger")
        json.string(label)
        json.key("message")
        json.string(event.message.description)
        for (key, value) in fields {
            json.key(utf8: key.utf8)
            json.string(value)
        }
        json.endObject()
        return json.bytes + [UInt8(ascii: "\n")]
    }

    private func text(_ event: LogEvent, _ fields: [(String, String)], at time: String) -> [UInt8] {
        var line = "\(time) \(event.level.rawValue) \(event.message)"
        for (key, value) in fields { line += " \(key)=\(Self.oneLine(value))" }
        return Array((line + "\n").utf8)
    }

    /// Log injection: a value must not begin a line of its own.
    private static func oneLine(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "?" : $0 }))
    }

    static func isSecret(_ key: String) -> Bool {
        let key = key.lowercased()
        return ["secret", "password", "authorization", "credential", "token", "bearer"]
            .contains { key.contains($0) }
    }

    static func writeToStandardError(_ bytes: [UInt8]) {
        try? FileHandle.standardError.write(contentsOf: bytes)
    }
}
