import Foundation
import Testing

extension EndToEndTests {
    /// Pages made to hurt: each is answered, and what it leaves is read back.
    @Suite struct PoisonTests {
        private static func repeated(_ text: String, _ count: Int) -> String {
            String(repeating: text, count: count)
        }

        /// The members of a page, who must be there afterwards, and how many were useless.
        private struct Poison {
            let name: String
            let members: String
            let ids: Set<String>
            var unusable = 0
        }

        private static let poisons = [
            Poison(
                name: "half surrogates and NULs in ids",
                members: #"""
                    [{"mixpanel_distinct_id":"\ud800"},{"mixpanel_distinct_id":"x\udc00y"},
                    {"mixpanel_distinct_id":"n\u0000ul"},{"mixpanel_distinct_id":"\ud83d\ude00"}]
                    """#, ids: ["😀"], unusable: 3),
            Poison(
                name: "half surrogates and NULs in values and keys",
                members: #"""
                    [{"mixpanel_distinct_id":"a","plan":"\ud800",
                    "\udc00":"\u0000","$email":"\u0000"}]
                    """#, ids: ["a"]),
            Poison(
                name: "documents as values",
                members: """
                    [{"mixpanel_distinct_id":"a","plan":"\(repeated("v", 65_536))",\
                    "other":"\(repeated("\\u00e9", 65_536))"}]
                    """, ids: ["a"]),
            Poison(
                name: "an id of 64 KiB",
                members: """
                    [{"mixpanel_distinct_id":"\(repeated("i", 65_536))"},\
                    {"mixpanel_distinct_id":"a"}]
                    """, ids: ["a"], unusable: 1),
            Poison(
                name: "40,000 keys on one member",
                members: "[{" + (0..<40_000).map { "\"k\($0)\":\($0)," }.joined()
                    + #""mixpanel_distinct_id":"a"}]"#, ids: ["a"]),
            Poison(
                name: "the same key 40,000 times, of which the last counts",
                members: "[{"
                    + (0..<40_000).map { "\"mixpanel_distinct_id\":\($0)" }
                    .joined(separator: ",") + "}]", ids: ["39999"]),
            Poison(
                name: "40,000 members",
                members: AcceptanceBench.list(numbered(0..<40_000)),
                ids: Set(numbered(0..<40_000))),
            Poison(
                name: "40,000 times the same member",
                members: AcceptanceBench.list([String](repeating: "a", count: 40_000)),
                ids: ["a"]),
            Poison(
                name: "a property 500 levels deep",
                members: """
                    [{"x":\(repeated("[{\"y\":", 250))1\(repeated("}]", 250)),\
                    "mixpanel_distinct_id":"a","plan":\(repeated("[", 500))\(repeated("]", 500))}]
                    """, ids: ["a"]),
            Poison(
                name: "a member without an id",
                members: #"[{"plan":"x"},{"mixpanel_distinct_id":"a"}]"#, ids: ["a"], unusable: 1),
            Poison(
                name: "numbers that are no numbers of any machine",
                members: #"""
                    [{"mixpanel_distinct_id":1e400},{"mixpanel_distinct_id":-0},
                    {"mixpanel_distinct_id":123456789012345678901234567890,"plan":1e-400}]
                    """#, ids: ["1e400", "-0", "123456789012345678901234567890"]),
        ]

        @Test func everyPoisonIsAnsweredAndLeavesWhatIsUsable() async throws {
            try await withServer { server in
                var bench = try await AcceptanceBench.make(on: server, cohort: "")
                for (index, poison) in Self.poisons.enumerated() {
                    bench.cohort = "poison-\(index)"
                    try await bench.send("members", poison.members)
                    #expect(try await bench.ids() == poison.ids, "\(poison.name)")
                    let sync = try await bench.lastSync()
                    #expect(sync["members_unusable"] as? Int == poison.unusable, "\(poison.name)")
                }
                #expect(try await server.call("GET", "/readyz").status == 200)
            }
        }

        /// No cohort looks like this, and it can't be told from an attack: docs/mixpanel.md.
        @Test func aTextTooDeepIsRefusedWholeAndAtOnce() async throws {
            try await withServer { server in
                let bench = try await AcceptanceBench.make(on: server, cohort: "deep")
                for levels in [509, 1_000_000] {
                    let before = try server.process.processorTime()
                    let answer = try await bench.post(
                        bench.body(
                            "members",
                            #"[{"mixpanel_distinct_id":"a","x":\#(Self.repeated("[", levels))"#))
                    try bench.expectRefusal(answer, 400, naming: "levels of nesting")
                    #expect(try server.process.processorTime() - before < .seconds(1))
                }
                #expect(try await bench.audience() == nil)
            }
        }
    }
}
