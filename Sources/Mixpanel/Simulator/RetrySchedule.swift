/// When a page that was not taken is sent again.
///
/// Mixpanel retries 429, 5xx and, presumably, no answer at all "5 times over 60 s with exponential
/// backoff" (its custom-webhook page). Nothing says that it varies the waits or honours
/// `Retry-After`, so neither happens here.
package struct RetrySchedule: Sendable, Hashable {
    package static let retriesMax = 5
    /// How long all waits take together.
    package static let waitMilliseconds = 60_000

    /// Shortens the waits for those who have no minute: 0.01 makes 600 ms of it.
    package let scale: Double

    package init(scale: Double = 1) {
        self.scale = scale
    }

    /// The wait before a retry, 1-based; `nil` when there is none left.
    package func wait(beforeRetry number: Int) -> Duration? {
        guard (1...Self.retriesMax).contains(number) else { return nil }
        // Each wait is twice the one before: 1 + 2 + 4 + 8 + 16 parts make the whole.
        let part = Double(Self.waitMilliseconds) / Double((1 << Self.retriesMax) - 1)
        return .milliseconds(part * Double(1 << (number - 1)) * scale)
    }
}
