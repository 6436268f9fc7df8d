internal import Foundation

/// Shows how far a run is: a bar that is drawn over itself on a terminal, lines elsewhere.
struct ProgressBar: Sendable {
    private let columns: Int?
    private var drawnAt: ContinuousClock.Instant?
    private var tenthsTold = 0

    /// More often than this nobody can read.
    private static let pause = Duration.milliseconds(100)
    private static let barColumnsMax = 40

    /// Prepares the drawing.
    ///
    /// - Parameter columns: how wide the terminal is; `nil` if there is none.
    init(columns: Int?) {
        self.columns = columns
    }

    /// What to write now; `nil` if there is nothing new.
    mutating func update(
        done: Int, of total: Int, at now: ContinuousClock.Instant = .now
    ) -> String? {
        guard let columns else { return lineUpdate(done: done, of: total) }
        if let drawnAt, now - drawnAt < Self.pause, done < total { return nil }
        drawnAt = now
        let end = done < total ? "" : "\n"
        return "\r" + Self.bar(done: done, of: total, columns: columns) + end
    }

    /// What to write when the run ends early, so that the next text begins a line.
    var interruption: String? { drawnAt == nil ? nil : "\n" }

    /// A line each tenth of the way, for logs.
    private mutating func lineUpdate(done: Int, of total: Int) -> String? {
        let tenths = total > 0 ? done * 10 / total : 10
        guard tenths > tenthsTold else { return nil }
        tenthsTold = tenths
        return "\(done) of \(total) pages\n"
    }

    /// One line, never wider than the terminal: the bar goes first when there is no room.
    static func bar(done: Int, of total: Int, columns: Int) -> String {
        let share = total > 0 ? Double(min(done, total)) / Double(total) : 1
        let percent = String(Int(share * 100))
        let padding = String(repeating: " ", count: 3 - min(3, percent.count))
        let text = "\(padding)\(percent) % \(done) of \(total) pages"
        // Two brackets, a space, and a free column: some terminals wrap when the last is used.
        let room = min(barColumnsMax, columns - text.count - 4)
        guard room >= 5 else { return String(text.prefix(max(0, columns - 1))) }
        let filled = Int(share * Double(room))
        let bar = String(repeating: "#", count: filled)
        let rest = String(repeating: "-", count: room - filled)
        return "[\(bar)\(rest)] \(text)"
    }
}

extension ProgressBar {
    /// A bar for stderr, where it does not mix with the summary.
    static func forStandardError() -> ProgressBar {
        guard isatty(FileHandle.standardError.fileDescriptor) == 1 else {
            return ProgressBar(columns: nil)
        }
        let columns = ProcessInfo.processInfo.environment["COLUMNS"].flatMap { Int($0) }
        return ProgressBar(columns: max(20, min(columns ?? 80, 500)))
    }
}
