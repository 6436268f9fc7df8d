import Foundation
import Testing

/// Every limit has a test at it and one past it: Tests/limits.md says which.
@Suite struct LimitTests {
    private static let rows: [[String]] = {
        let file = Tree.root.appending(path: "Tests/limits.md")
        let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { line in
            line.split(separator: "`").enumerated().filter { $0.offset % 2 == 1 }
                .map { String($0.element) }
        }
    }()

    /// The fields of the structs whose files are named for their limits, below the domain.
    private static let fields: [String] = Tree.sources
        .filter { file in
            file.target != "Audiences"
                && (file.path.hasSuffix("Limits.swift") || file.path.hasSuffix("CollectBody.swift"))
        }
        .flatMap(\.lines).filter { $0.hasPrefix("    package var ") }
        .compactMap { $0.dropFirst(16).split(whereSeparator: { " :=".contains($0) }).first }
        .map(String.init)
        .filter { !["webhookBody", "apiBody", "inflate"].contains($0) }

    @Test func everyLimitHasItsRow() {
        #expect(Self.fields.count > 30)
        #expect(Self.rows.compactMap(\.first).sorted() == Self.fields.sorted())
    }

    @Test func everyNamedTestIsThere() {
        let tests = Tree.tests.map { $0.lines.joined(separator: "\n") }
        for row in Self.rows {
            #expect(row.count == 3, "\(row)")
            for name in row.dropFirst() {
                #expect(tests.contains { $0.contains("func \(name)(") }, "\(name)")
            }
        }
    }
}
