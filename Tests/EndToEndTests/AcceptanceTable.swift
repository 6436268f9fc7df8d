import Foundation
import Testing

/// One row of the acceptance table: 77 things Mixpanel sends or answers, or might.
struct AcceptanceRow: Sendable {
    enum Proof: Sendable {
        /// Sent to the binary, and the state read back through its API.
        case sent(@Sendable (AcceptanceBench) async throws -> Void)
        /// Needs a clock, a disk or a slow peer: texts that stand in the tests that prove it.
        case elsewhere([String])
    }

    let number: Int
    let what: String
    let proof: Proof
    /// What else is needed to prove the whole row, as in `elsewhere`.
    let also: [String]

    init(_ number: Int, _ what: String, _ proof: Proof, also: [String] = []) {
        self.number = number
        self.what = what
        self.proof = proof
        self.also = also
    }

    init(
        _ number: Int, _ what: String, also: [String] = [],
        _ body: @escaping @Sendable (AcceptanceBench) async throws -> Void
    ) {
        self.init(number, what, .sent(body), also: also)
    }

    /// Rows that share a server.
    static let groups: [[AcceptanceRow]] = [
        replacements, irregular, diffs, members, texts, identity, refusals, requests, troubles,
        accounts,
    ]
    static let all = groups.flatMap { $0 }
}

extension EndToEndTests {
    @Suite struct AcceptanceTable {
        @Test func everyRowIsThereOnce() {
            #expect(AcceptanceRow.all.map(\.number).sorted() == Array(1...77))
        }

        /// One server for a group of rows; each row has a cohort of its own.
        @Test(arguments: AcceptanceRow.groups.indices)
        func everyRowThatCanBeSentHolds(group: Int) async throws {
            try await withServer { server in
                var bench = try await AcceptanceBench.make(on: server, cohort: "")
                for row in AcceptanceRow.groups[group] {
                    guard case .sent(let body) = row.proof else { continue }
                    bench.cohort = "row-\(row.number)"
                    do {
                        try await body(bench)
                    } catch {
                        Issue.record("row \(row.number), \(row.what): \(error)")
                    }
                }
                #expect(try await server.call("GET", "/readyz").status == 200)
            }
        }

        @Test func whatIsProvedElsewhereIsThere() throws {
            let tests = URL(filePath: #filePath).deletingLastPathComponent()
                .deletingLastPathComponent()
            let walk = FileManager.default.enumerator(at: tests, includingPropertiesForKeys: nil)
            var text = ""
            for case let file as URL in try #require(walk)
            where file.pathExtension == "swift"
                && !file.lastPathComponent.hasPrefix("AcceptanceTable")
            {
                text += try String(contentsOf: file, encoding: .utf8)
            }
            for row in AcceptanceRow.all {
                var names = row.also
                if case .elsewhere(let all) = row.proof {
                    names += all
                    #expect(!all.isEmpty)
                }
                for name in names {
                    #expect(text.contains(name), "row \(row.number): there is no \(name)")
                }
            }
        }
    }
}
