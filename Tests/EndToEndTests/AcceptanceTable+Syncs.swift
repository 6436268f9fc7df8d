import Foundation
import Testing

/// Rows 1 to 21: what the pages of a sync do to an audience.
extension AcceptanceRow {
    static let replacements = [
        AcceptanceRow(1, "a replacement of one page") { bench in
            try await bench.send("members", ids: ["a", "b"])
            #expect(try await bench.ids() == ["a", "b"])
        },
        AcceptanceRow(8, "three pages in order") { bench in
            try await bench.send("members", ids: numbered(0..<1000), at: .page(1, of: 3))
            try await bench.send("members", ids: numbered(1000..<2000), at: .page(2, of: 3))
            #expect(try await bench.ids().isEmpty)
            try await bench.send("members", ids: numbered(2000..<2017), at: .page(3, of: 3))
            #expect(try await bench.ids() == Set(numbered(0..<2017)))
        },
        AcceptanceRow(9, "three pages in another order") { bench in
            try await bench.send("members", ids: ["old"], session: "S0")
            try await bench.send("members", ids: ["e"], at: .page(3, of: 3))
            try await bench.send("members", ids: ["a"], at: .page(1, of: 3))
            #expect(try await bench.ids() == ["old"])
            try await bench.send("members", ids: ["c"], at: .page(2, of: 3))
            #expect(try await bench.ids() == ["a", "c", "e"])
        },
        AcceptanceRow(10, "a page twice") { bench in
            try await bench.send("members", ids: ["a"], at: .page(1, of: 3))
            try await bench.send("members", ids: ["c"], at: .page(2, of: 3))
            try await bench.send("members", ids: ["c"], at: .page(2, of: 3))
            #expect(try await bench.ids().isEmpty)
            try await bench.send("members", ids: ["e"], at: .page(3, of: 3))
            #expect(try await bench.ids() == ["a", "c", "e"])
            let sync = try await bench.lastSync()
            #expect(sync["pages_repeated"] as? Int == 1)
            #expect(sync["members_received"] as? Int == 3)
        },
        AcceptanceRow(11, "a page again with one member fewer") { bench in
            try await bench.send("members", ids: ["c", "d"], at: .page(2, of: 2))
            try await bench.send("members", ids: ["c"], at: .page(2, of: 2))
            try await bench.send("members", ids: ["a"], at: .page(1, of: 2))
            #expect(try await bench.ids() == ["a", "c"])
        },
        AcceptanceRow(
            12, "a page that never comes",
            also: ["nobody is removed while a page is missing, and then the session expires"]
        ) { bench in
            try await bench.send("members", ids: ["old"], session: "S0")
            try await bench.send("members", ids: ["a"], at: .page(1, of: 3))
            try await bench.send("members", ids: ["e"], at: .page(3, of: 3))
            #expect(try await bench.ids() == ["old"])
            #expect(try await bench.outcomes() == ["S0": "committed", "S1": "filling"])
        },
        AcceptanceRow(13, "a newer session overtakes an unfinished one") { bench in
            try await overtake(bench)
            #expect(try await bench.ids() == ["n1", "n2", "n3", "n4", "n5"])
            #expect(try await bench.outcomes() == ["S1": "superseded", "S2": "committed"])
        },
        AcceptanceRow(14, "a late page of the overtaken session") { bench in
            try await overtake(bench)
            try await bench.send("members", ids: ["o3"], at: .page(3, of: 5))
            #expect(try await bench.ids() == ["n1", "n2", "n3", "n4", "n5"])
        },
        AcceptanceRow(15, "a page again after the switch") { bench in
            try await overtake(bench)
            try await bench.send("members", ids: ["x"], session: "S2", at: .page(3, of: 5))
            #expect(try await bench.ids() == ["n1", "n2", "n3", "n4", "n5"])
        },
        AcceptanceRow(16, "eight pages at once") { bench in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...8 {
                    group.addTask {
                        try await bench.send(
                            "members", ids: numbered(number * 100..<number * 100 + 100),
                            at: .page(number, of: 8))
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await bench.ids() == Set(numbered(100..<900)))
            #expect(try await bench.outcomes() == ["S1": "committed"])
        },
    ]

    private static func overtake(_ bench: AcceptanceBench) async throws {
        for number in 1...2 {
            try await bench.send("members", ids: ["o\(number)"], at: .page(number, of: 5))
        }
        for number in 1...5 {
            try await bench.send(
                "members", ids: ["n\(number)"], session: "S2", at: .page(number, of: 5))
        }
    }

    static let irregular = [
        AcceptanceRow(6, "numbers of nothing on a diff") { bench in
            try await bench.send("members", ids: ["a"])
            try await bench.send("add_members", session: "S2", at: .page(0, of: 0))
            #expect(try await bench.ids() == ["a"])
        },
        AcceptanceRow(7, "an empty replacement without pages") { bench in
            try await bench.send("members", ids: ["a"])
            try await bench.send("members", session: "S2", at: .page(0, of: 0))
            #expect(try await bench.ids().isEmpty)
            #expect(try await bench.audience()?["status"] as? String == "live")
        },
        AcceptanceRow(17, "no page_info, as one capture shows it") { bench in
            try await bench.send("members", ids: ["old"], session: "S0")
            try await bench.send(
                "members", AcceptanceBench.list(["a", "b", "c"]), at: .absent,
                more: #""mixpanel_integration_id":"0","#)
            #expect(try await bench.ids() == ["a", "b", "c"])
        },
        AcceptanceRow(18, "no page_info, and as many members as a full page has") { bench in
            try await bench.send("members", ids: ["old"], session: "S0")
            try await bench.send("members", ids: numbered(0..<1000), at: .absent)
            #expect(try await bench.ids() == Set(numbered(0..<1000) + ["old"]))
            try await expectDoubt("page_info_missing", bench)
        },
        AcceptanceRow(19, "page numbers as text") { bench in
            try await bench.send(
                "members", ids: ["c"], at: .raw(#"{"total_pages":"2","page_count":"2"}"#))
            #expect(try await bench.ids().isEmpty)
            try await bench.send(
                "members", ids: ["a"], at: .raw(#"{"total_pages":"2","page_count":"1"}"#))
            #expect(try await bench.ids() == ["a", "c"])
        },
        AcceptanceRow(20, "page numbers that can't be") { bench in
            try await bench.send("members", ids: ["old"], session: "S0")
            for (index, number) in ["4", "0", "-1", "1.5"].enumerated() {
                try await bench.send(
                    "members", ids: ["i\(index)"],
                    at: .raw(#"{"total_pages":3,"page_count":\#(number)}"#))
            }
            #expect(try await bench.ids() == ["old", "i0", "i1", "i2", "i3"])
            #expect(try await bench.outcomes()["S1"] != "committed")
            try await expectDoubt("page_irregular", bench)
        },
        AcceptanceRow(21, "a total that grows") { bench in
            for (number, total) in [(1, 3), (2, 4), (3, 3)] {
                try await bench.send("members", ids: ["m\(number)"], at: .page(number, of: total))
            }
            #expect(try await bench.ids().isEmpty)
            try await bench.send("members", ids: ["m4"], at: .page(4, of: 4))
            #expect(try await bench.ids() == ["m1", "m2", "m3", "m4"])
        },
    ]

    private static func expectDoubt(_ reason: String, _ bench: AcceptanceBench) async throws {
        let audience = try #require(try await bench.audience())
        #expect(audience["needs_reconcile"] as? Bool == true)
        #expect(audience["needs_reconcile_reason"] as? String == reason)
    }

    static let diffs = [
        AcceptanceRow(2, "the first word is add_members") { bench in
            try await bench.send("add_members", ids: ["A", "B", "C", "D"])
            try await bench.send("remove_members")
            #expect(try await bench.ids() == ["A", "B", "C", "D"])
        },
        AcceptanceRow(3, "who entered and who left half an hour later") { bench in
            try await bench.send("add_members", ids: ["A", "B", "C", "D"])
            try await bench.send("add_members", ids: ["E", "F"], session: "S2")
            try await bench.send("remove_members", ids: ["B", "D"], session: "S2")
            #expect(try await bench.ids() == ["A", "C", "E", "F"])
        },
        AcceptanceRow(4, "empty diffs are a heartbeat") { bench in
            try await bench.send("add_members", ids: ["A"])
            let before = try #require(try await bench.audience()?["as_of"] as? String)
            try await bench.send("add_members", session: "S2")
            try await bench.send("remove_members", session: "S2")
            #expect(try await bench.ids() == ["A"])
            let after = try #require(try await bench.audience()?["as_of"] as? String)
            #expect(after >= before)
            #expect(try await bench.lastSync()["session_id"] as? String == "S2")
        },
        // An empty diff is nothing to warn of: Mixpanel sends two every half hour.
        AcceptanceRow(5, "members null, or not there") { bench in
            try await bench.send("add_members", ids: ["A"])
            try await bench.send("add_members", "null", session: "S2")
            try await bench.send("remove_members", nil, session: "S3")
            #expect(try await bench.ids() == ["A"])
        },
        // An audience of nobody would only be noise: none is created.
        AcceptanceRow(31, "somebody leaves who was never in, or a cohort nobody knows") { bench in
            try await bench.send("remove_members", ids: ["a"])
            #expect(try await bench.audience() == nil)
            try await bench.send("add_members", ids: ["b"], session: "S2")
            try await bench.send("remove_members", ids: ["a"], session: "S3")
            #expect(try await bench.ids() == ["b"])
        },
    ]
}
