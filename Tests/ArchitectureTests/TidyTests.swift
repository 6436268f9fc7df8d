import Testing

/// The habits that can be checked by reading: sizes, and words that have a better replacement.
@Suite struct TidyTests {
    static let lineColumnsMax = 100
    static let fileLinesMax = 400
    static let functionLinesMax = 50

    /// Targets that read what strangers send.
    static let wire: Set<String> = ["HTTPWire", "JSON", "Routing", "Mixpanel"]

    /// A word, where it is banned, and what to write instead.
    static let banned: [(word: String, where: @Sendable (Tree.File) -> Bool, instead: String)] = [
        ("try!", { _ in true }, "throw, or handle the error"),
        (" as! ", { _ in true }, "as?, and say what happens otherwise"),
        ("fatalError(", { _ in true }, "throw: a trap ends every client's connection"),
        ("Task.detached", { _ in true }, "a task in a group, or one on the connection's loop"),
        ("FIXME", { _ in true }, "the mended code"),
        ("TODO", { _ in true }, "the finished code"),
        (
            ", radix: 16)", { wire.contains($0.target) },
            "digits read by hand: Int(\"+a\", radix: 16) is 10"
        ),
        ("lowercased()", { wire.contains($0.target) }, "ASCII folding: the Kelvin sign is no k"),
        ("print(", { !$0.path.hasPrefix("Sources/muster/Commands") }, "a logger"),
    ]

    @Test func linesFitOnAScreen() {
        for file in Tree.sources + Tree.tests {
            // Counting bytes first is much cheaper, and never finds a line shorter.
            for (number, line) in file.lines.enumerated()
            where line.utf8.count > Self.lineColumnsMax && line.count > Self.lineColumnsMax {
                // A literal that must stand on one line is not worth a contortion.
                guard !line.contains("https://") else { continue }
                Issue.record("\(file):\(number + 1) has \(line.count) columns")
            }
        }
    }

    @Test func filesAreShort() {
        for file in Tree.sources + Tree.tests {
            #expect(file.lines.count <= Self.fileLinesMax + 1, "\(file)")
        }
    }

    @Test func functionsAreShort() {
        for file in Tree.sources {
            for function in functions(of: file) {
                #expect(
                    function.lines <= Self.functionLinesMax, "\(file):\(function.number)")
            }
        }
    }

    @Test func nobodyUsesABannedWord() {
        for file in Tree.sources {
            for (number, line) in file.lines.enumerated() where !isComment(line) {
                for ban in Self.banned where line.contains(ban.word) && ban.where(file) {
                    Issue.record("\(file):\(number + 1): instead of \(ban.word): \(ban.instead)")
                }
            }
        }
    }

    private func isComment(_ line: String) -> Bool {
        line.drop { $0 == " " }.hasPrefix("//")
    }

    /// A function begins at its `func`, `init` or `deinit` and ends at the closing brace that
    /// stands as far in as it does.
    private func functions(of file: Tree.File) -> [(number: Int, lines: Int)] {
        var open: [(indent: Int, number: Int)] = []
        var found: [(number: Int, lines: Int)] = []
        for (number, line) in file.lines.enumerated() {
            let indent = line.prefix { $0 == " " }.count
            let code = line.dropFirst(indent)
            if code.hasPrefix("}"), let last = open.last, last.indent == indent {
                open.removeLast()
                found.append((last.number, number + 1 - last.number + 1))
            }
            let words = code.prefix { $0 != "(" && $0 != "{" }.split(separator: " ")
            let begins =
                words.contains("func") || words.last?.hasPrefix("init") == true
                || words.last == "deinit"
            // A declaration that ends on its own line has no body to measure.
            if begins, !isComment(line), !line.hasSuffix("}"), !words.contains("case") {
                open.removeAll { $0.indent >= indent }
                open.append((indent, number + 1))
            }
        }
        return found
    }
}
