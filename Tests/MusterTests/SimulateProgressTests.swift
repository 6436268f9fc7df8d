import Testing

@testable import muster

@Suite struct SimulateProgressTests {
    @Test(arguments: [
        (0, 20, 0, 27, "  0 % 0 of 20 pages"), (10, 20, 13, 13, " 50 % 10 of 20 pages"),
        (19, 20, 24, 2, " 95 % 19 of 20 pages"), (20, 20, 26, 0, "100 % 20 of 20 pages"),
        (0, 0, 28, 0, "100 % 0 of 0 pages"),
    ])
    func theBarFillsUp(done: Int, total: Int, filled: Int, rest: Int, text: String) {
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: rest)
        #expect(ProgressBar.bar(done: done, of: total, columns: 50) == "[\(bar)] \(text)")
    }

    @Test(arguments: 0...80)
    func theLastColumnStaysFree(columns: Int) {
        let bar = ProgressBar.bar(done: 20, of: 20, columns: columns)
        #expect(bar.count < max(1, columns))
        #expect(bar.contains("#") == (columns >= 29), "no room for a bar")
    }

    @Test func onAWideTerminalTheBarStaysReadable() {
        let bar = ProgressBar.bar(done: 1, of: 1, columns: 400)
        #expect(bar == "[\(String(repeating: "#", count: 40))] 100 % 1 of 1 pages")
    }

    @Test func onATerminalTheBarIsDrawnOverItselfButNotTooOften() {
        var bar = ProgressBar(columns: 80)
        let start = ContinuousClock.now
        #expect(bar.interruption == nil)
        #expect(bar.update(done: 1, of: 9, at: start)?.hasPrefix("\r[") == true)
        #expect(bar.update(done: 2, of: 9, at: start + .milliseconds(99)) == nil)
        #expect(bar.update(done: 3, of: 9, at: start + .milliseconds(100)) != nil)
        #expect(bar.interruption == "\n")
        // The last one always, and the line with it.
        let last = bar.update(done: 9, of: 9, at: start + .milliseconds(101))
        #expect(last?.hasSuffix("9 of 9 pages\n") == true)
    }

    @Test func elsewhereThereIsALineEachTenth() {
        var bar = ProgressBar(columns: nil)
        let lines = (1...40).compactMap { bar.update(done: $0, of: 40) }
        #expect(lines.count == 10)
        #expect(lines.first == "4 of 40 pages\n")
        #expect(lines.last == "40 of 40 pages\n")
        #expect(bar.interruption == nil)
    }
}
