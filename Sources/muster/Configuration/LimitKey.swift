import Audiences
import Endpoints
import HTTPTransport
import HTTPWire
import Mixpanel
import Routing

/// One limit that can be set: its key, the values it may have, and the field it is kept in.
///
/// A table and not code, so that a test can hold it against the structs of limits: a field that
/// has no key here can be set by nobody.
struct LimitKey: Sendable {
    let name: String
    /// In the unit the name ends in.
    let range: ClosedRange<Int>
    private let field: Field

    private typealias Path<Value> = any WritableKeyPath<MusterConfiguration, Value> & Sendable

    private enum Field: Sendable {
        case number(Path<Int>)
        case seconds(Path<Duration>)
        /// Kept in milliseconds, said in a unit of so many.
        case milliseconds(Path<Int64>, unit: Int64)
    }

    private init(_ name: String, _ field: Path<Int>, _ range: ClosedRange<Int>) {
        (self.name, self.range, self.field) = (name, range, .number(field))
    }

    private init(_ name: String, seconds field: Path<Duration>, _ range: ClosedRange<Int>) {
        (self.name, self.range, self.field) = (name, range, .seconds(field))
    }

    private init(
        _ name: String, milliseconds field: Path<Int64>, unit: Int64, _ range: ClosedRange<Int>
    ) {
        (self.name, self.range, self.field) = (name, range, .milliseconds(field, unit: unit))
    }

    /// Reads the key, or leaves the default.
    func read(_ reader: StrictReader, into configuration: inout MusterConfiguration) {
        let fallback =
            switch field {
            case .number(let path): configuration[keyPath: path]
            case .seconds(let path): Int(configuration[keyPath: path].components.seconds)
            case .milliseconds(let path, let unit): Int(configuration[keyPath: path] / unit)
            }
        set(reader.int(name, fallback, in: range), in: &configuration)
    }

    func set(_ value: Int, in configuration: inout MusterConfiguration) {
        switch field {
        case .number(let path): configuration[keyPath: path] = value
        case .seconds(let path): configuration[keyPath: path] = .seconds(value)
        case .milliseconds(let path, let unit):
            configuration[keyPath: path] = Int64(value) * unit
        }
    }

    static let all = proxies + connections + protocolLimits + bodies + hooks + bulk + retention

    private static let proxies = [
        LimitKey("proxy.header_bytes_max", \.wire.proxyHeaderBytesMax, 16...65_551)
    ]

    private static let connections = [
        LimitKey("http.connections_max", \.transport.connectionsMax, 1...1_000_000),
        LimitKey("http.descriptors_reserved", \.transport.descriptorsReserved, 8...1_000_000),
        LimitKey(
            "http.refused_connections_max", \.transport.refusedConnectionsMax, 0...1_000_000),
        LimitKey("http.handshake_timeout_seconds", seconds: \.transport.handshakeTimeout, 1...600),
        LimitKey("http.handshakes_max", \.transport.handshakesMax, 1...1_000_000),
        LimitKey("http.header_timeout_seconds", seconds: \.transport.headerTimeout, 1...600),
        LimitKey("http.idle_timeout_seconds", seconds: \.transport.idleTimeout, 1...3600),
        LimitKey(
            "http.body_bytes_per_second_min", \.transport.bodyBytesPerSecondMin, 0...1 << 30),
        LimitKey("http.body_grace_seconds", seconds: \.transport.bodyGrace, 1...600),
        LimitKey("http.body_silence_max_seconds", seconds: \.transport.bodySilenceMax, 1...600),
        LimitKey("http.write_timeout_seconds", seconds: \.transport.writeTimeout, 1...600),
        LimitKey(
            "http.answer_bytes_per_second_min", \.transport.answerBytesPerSecondMin, 0...1 << 30),
        LimitKey("http.head_receive_bytes_max", \.transport.headReceiveBytesMax, 256...64 << 10),
        LimitKey(
            "http.pending_answer_bytes_max", \.transport.pendingAnswerBytesMax, 1024...1 << 30),
        LimitKey("http.closing_timeout_seconds", seconds: \.transport.closingTimeout, 0...600),
        LimitKey(
            "http.closing_silence_max_seconds", seconds: \.transport.closingSilenceMax, 0...600),
        LimitKey("http.closing_bytes_max", \.transport.closingBytesMax, 0...1 << 40),
        LimitKey(
            "http.drain_accept_delay_seconds", seconds: \.transport.drainAcceptDelay, 0...600),
        LimitKey("http.drain_timeout_seconds", seconds: \.drainTimeout, 0...600),
        LimitKey(
            "http.drain_closing_timeout_seconds", seconds: \.transport.drainClosingTimeout, 0...60),
        LimitKey("http.pooled_bytes_max", \.transport.pooledBytesMax, 0...1 << 32),
        LimitKey("http.memory_idle_delay_seconds", seconds: \.transport.memoryIdleDelay, 1...3600),
    ]

    private static let protocolLimits = [
        LimitKey("http.empty_lines_max", \.wire.emptyLinesMax, 1...1000),
        LimitKey("http.method_bytes_max", \.wire.methodBytesMax, 7...1024),
        LimitKey("http.request_line_bytes_max", \.wire.requestLineBytesMax, 1024...1 << 20),
        LimitKey("http.header_block_bytes_max", \.wire.headerBlockBytesMax, 1024...1 << 20),
        LimitKey("http.header_fields_max", \.wire.headerFieldsMax, 10...10_000),
        LimitKey("http.chunk_size_digits_max", \.wire.chunkSizeDigitsMax, 1...1024),
        LimitKey("http.chunk_extension_bytes_max", \.wire.chunkExtensionBytesMax, 0...1 << 30),
        LimitKey("http.trailer_bytes_max", \.wire.trailerBytesMax, 0...1 << 20),
        LimitKey("http.trailer_fields_max", \.wire.trailerFieldsMax, 0...10_000),
        LimitKey("http.drain_bytes_max", \.wire.drainBytesMax, 0...1 << 30),
    ]

    private static let bodies = [
        LimitKey(
            "http.inflate_ratio_max", \.endpoints.inflate.ratioMax, 1...10_000),
        LimitKey(
            "http.inflate_ratio_grace_bytes", \.endpoints.inflate.ratioGraceBytes, 0...1 << 32),
        LimitKey(
            "http.inflate_first_buffer_bytes_min", \.endpoints.inflate.firstBufferBytesMin,
            1...1 << 30),
        LimitKey(
            "http.inflate_first_buffer_bytes_max", \.endpoints.inflate.firstBufferBytesMax,
            1...1 << 30),
        LimitKey("webhook.body_bytes_max", \.endpoints.webhookBody.rawBytesMax, 1024...1 << 30),
        LimitKey(
            "webhook.inflated_bytes_max", \.endpoints.webhookBody.inflatedBytesMax, 1024...1 << 32),
        LimitKey(
            "webhook.failures_per_minute_max", \.endpoints.webhookFailuresPerMinuteMax,
            1...1_000_000),
        LimitKey(
            "webhook.slow_failures_per_minute_max",
            \.endpoints.webhookSlowFailuresPerMinuteMax, 1...1000),
        LimitKey(
            "sdk.calls_per_minute_max", \.endpoints.sdkCallsPerMinuteMax, 1...1_000_000_000),
        LimitKey("api.body_bytes_max", \.endpoints.apiBody.rawBytesMax, 1024...1 << 30),
        LimitKey("api.inflated_bytes_max", \.endpoints.apiBody.inflatedBytesMax, 1024...1 << 32),
    ]

    private static let hooks = [
        LimitKey("hooks.timeout_seconds", seconds: \.hookTimeout, 1...60)
    ]

    private static let bulk = [
        LimitKey("bulk.files_bytes_max", \.bulk.filesBytesMax, 1 << 20...1 << 50)
    ]

    private static let hour: Int64 = 3600 * 1000
    private static let day: Int64 = 24 * hour

    private static let retention = [
        LimitKey(
            "store.snapshot_retention_hours", milliseconds: \.retention.snapshotsMilliseconds,
            unit: hour, 1...8760),
        LimitKey(
            "store.changes_retention_days", milliseconds: \.retention.changesMilliseconds,
            unit: day, 1...3650),
        LimitKey(
            "store.sync_log_retention_days", milliseconds: \.retention.syncLogMilliseconds,
            unit: day, 1...3650),
        // Not below the three days that a delivery is tried for.
        LimitKey(
            "store.hook_log_retention_days", milliseconds: \.retention.hookLogMilliseconds,
            unit: day, 4...365),
        LimitKey(
            "store.invites_retention_days", milliseconds: \.retention.invitesMilliseconds,
            unit: day, 1...3650),
    ]
}
