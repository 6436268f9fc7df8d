import Foundation
import Testing

/// Rows 22 to 40: who the members are, and what else is said about them.
extension AcceptanceRow {
    static let members = [
        AcceptanceRow(23, "a number above 2^53 as id") { bench in
            try await bench.send("members", #"[{"mixpanel_distinct_id":90071992547409931}]"#)
            #expect(try await bench.ids() == ["90071992547409931"])
        },
        AcceptanceRow(24, "a small number as id") { bench in
            try await bench.send("members", #"[{"mixpanel_distinct_id":4}]"#)
            #expect(try await bench.ids() == ["4"])
        },
        AcceptanceRow(25, "useless members among good ones") { bench in
            try await bench.send("members", "[\(useless),{\"mixpanel_distinct_id\":\"good\"}]")
            #expect(try await bench.ids() == ["good"])
            #expect(try await bench.lastSync()["members_unusable"] as? Int == 6)
        },
        AcceptanceRow(26, "nothing but useless members") { bench in
            try await bench.send("members", "[\(useless)]")
            #expect(try await bench.ids().isEmpty)
            let sync = try await bench.lastSync()
            #expect(sync["members_unusable"] as? Int == 6)
            let reasons = try #require(sync["unusable_reasons"] as? [String: Int])
            #expect(
                reasons == ["not_an_object": 2, "id_missing": 2, "id_empty": 1, "id_not_text": 1])
        },
        AcceptanceRow(27, "somebody three times on a page") { bench in
            try await bench.send("members", ids: ["a", "a", "a"])
            #expect(try await bench.ids() == ["a"])
        },
        AcceptanceRow(28, "a device without a profile") { bench in
            let id = "$device:18f0c0de-0000-4000-8000-000000000000"
            try await bench.send("members", ids: [id])
            #expect(try await bench.ids() == [id])
        },
        AcceptanceRow(33, "who leaves is known by the distinct id alone") { bench in
            try await bench.send(
                "add_members",
                #"[{"mixpanel_distinct_id":"a","plan":"x"},{"mixpanel_distinct_id":"b"}]"#)
            try await bench.send(
                "remove_members", #"[{"mixpanel_distinct_id":"a","plan":"y"}]"#, session: "S2")
            #expect(try await bench.ids() == ["b"])
        },
    ]

    private static let useless = """
        {},null,"abc",{"mixpanel_distinct_id":""},{"mixpanel_distinct_id":null},\
        {"mixpanel_distinct_id":{"x":1}}
        """

    static let identity = [
        AcceptanceRow(22, "cohort and project ids as numbers") { bench in
            // The ids must be digits to be written both ways.
            var bench = bench
            bench.cohort = "5540912"
            try await bench.send("add_members", ids: ["a"])
            let numbers = Data(
                """
                {"action":"add_members","parameters":{"mixpanel_project_id":3012457,\
                "mixpanel_cohort_id":5540912,"members":[{"mixpanel_distinct_id":"b"}]}}
                """.utf8)
            #expect(try await bench.post(numbers).status == 200)
            #expect(try await bench.ids() == ["a", "b"])
        },
        // The mapping is the reference id here, not the e-mail address of the row.
        AcceptanceRow(29, "Mixpanel changes somebody's distinct id, in either order") { bench in
            for (index, order) in [true, false].enumerated() {
                var bench = bench
                bench.cohort += "-\(index)"
                let new = #"[{"mixpanel_distinct_id":"u-81","reference_id":"r-29"}]"#
                let old = #"[{"mixpanel_distinct_id":"18f0","reference_id":"r-29"}]"#
                try await bench.send("members", old)
                if order { try await bench.send("add_members", new, session: "S2") }
                try await bench.send("remove_members", old, session: "S3")
                if !order { try await bench.send("add_members", new, session: "S4") }
                #expect(try await bench.isIn("r-29"))
                #expect(try await bench.ids() == ["u-81"])
            }
        },
        AcceptanceRow(30, "two distinct ids of one person, one of which leaves") { bench in
            try await bench.send(
                "members",
                """
                [{"mixpanel_distinct_id":"a","reference_id":"r-30"},\
                {"mixpanel_distinct_id":"b","reference_id":"r-30"}]
                """)
            try await bench.send("remove_members", ids: ["a"], session: "S2")
            #expect(try await bench.isIn("r-30"))
            #expect(try await bench.ids() == ["b"])
        },
        AcceptanceRow(32, "somebody is added again with another value") { bench in
            for plan in ["free", "pro"] {
                try await bench.send(
                    "add_members", #"[{"mixpanel_distinct_id":"row32","plan":"\#(plan)"}]"#,
                    session: plan)
            }
            #expect(try await bench.ids() == ["row32"])
            let traits = try await bench.member("row32")["traits"] as? [String: String]
            #expect(traits == ["plan": "pro"])
        },
        // Who has no reference id is matched by the distinct id, and so is not unresolved.
        AcceptanceRow(34, "half of the members have no reference id") { bench in
            try await bench.send(
                "members",
                """
                [{"mixpanel_distinct_id":"d-34","reference_id":"r-34"},\
                {"mixpanel_distinct_id":"e-34"}]
                """)
            for (id, isIn) in [("r-34", true), ("d-34", false), ("e-34", true)] {
                #expect(try await bench.isIn(id) == isIn, "\(id)")
            }
        },
        AcceptanceRow(40, "two connections with the same cohort id") { bench in
            try await bench.send("members", ids: ["a"])
            let other = try await AcceptanceBench.make(on: bench.server, cohort: bench.cohort)
            try await other.send("members", ids: ["b"])
            #expect(try await bench.ids() == ["a"])
            #expect(try await other.ids() == ["b"])
        },
        // No connection is bound to one project: another is another scope.
        AcceptanceRow(41, "another project") { bench in
            try await bench.send("members", ids: ["a"])
            var other = bench
            other.project = "999"
            try await other.send("members", ids: ["b"])
            #expect(try await bench.ids() == ["a"])
            #expect(try await other.ids() == ["b"])
        },
    ]

    static let texts = [
        AcceptanceRow(35, "values of every kind") { bench in
            let values = [
                "true", "12.50", "null", #"["a","b"]"#, #"{"k":[1,{"z":null}]}"#, #""""#,
                "\"\(String(repeating: "x", count: 65_536))\"", #""2025-01-31T08:57:52""#,
            ]
            let list = values.enumerated().map { index, value in
                #"{"mixpanel_distinct_id":"v\#(index)","plan":\#(value),"other":\#(value)}"#
            }
            try await bench.send("members", "[\(list.joined(separator: ","))]")
            #expect(try await bench.ids().count == values.count)
            let kept = try await bench.members().map { member in
                (member["mixpanel_distinct_id"] as? String, member["traits"] as? [String: Any])
            }
            // Scalars are kept as they came; lists, objects and documents are not.
            #expect(
                Set(kept.filter { $0.1?.isEmpty == true }.map(\.0)) == ["v2", "v3", "v4", "v6"])
            #expect(kept.first { $0.0 == "v7" }?.1?["plan"] as? String == "2025-01-31T08:57:52")
            #expect(try await bench.lastSync()["traits_ignored"] as? Int == 3)
        },
        AcceptanceRow(36, "keys of every kind") { bench in
            let keys = [
                "$email", "¿Cuál es tu rol?", "Fecha de registro", "a.b", "__proto__",
                "constructor", "",
            ]
            let properties = keys.map { "\"\($0)\":\"x\"" }.joined(separator: ",")
            try await bench.send("members", "[{\"mixpanel_distinct_id\":\"row36\",\(properties)}]")
            let traits = try await bench.member("row36")["traits"] as? [String: String]
            #expect(traits == ["$email": "x", "¿Cuál es tu rol?": "x"])
        },
        // There is no e-mail address but what is allow-listed, under exactly its name.
        AcceptanceRow(37, "only $email, no email") { bench in
            try await bench.send(
                "members", #"[{"mixpanel_distinct_id":"row37","$email":"ida@example.com"}]"#)
            let traits = try await bench.member("row37")["traits"] as? [String: String]
            #expect(traits == ["$email": "ida@example.com"])
        },
        AcceptanceRow(38, "a cohort is renamed") { bench in
            let long = String(repeating: "ü", count: 2000)
            for (sent, shown) in [
                ("Trial", "Trial"), ("🎉 סיום", "🎉 סיום"), (long + "x", long),
                (#"a\u0000b"#, "ab"),
            ] {
                try await bench.send(
                    "members", AcceptanceBench.list(["a"]), session: "\(shown.count)",
                    more: #""mixpanel_cohort_name":"\#(sent)","#)
                #expect(try await bench.audience()?["name"] as? String == shown)
            }
            #expect(try await bench.ids() == ["a"])
        },
        AcceptanceRow(39, "a description that is absent, null or empty") { bench in
            for (index, text) in ["null", #""""#].enumerated() {
                try await bench.send(
                    "members", session: "D\(index)",
                    more: #""mixpanel_cohort_description":\#(text),"#)
            }
            try await bench.send("members", session: "D9")
            #expect(try await bench.audience() != nil)
        },
        AcceptanceRow(42, "members beside the parameters") { bench in
            let body = Data(
                """
                {"action":"members","parameters":{"mixpanel_project_id":"3012457",\
                "mixpanel_cohort_id":"\(bench.cohort)"},"members":[{"mixpanel_distinct_id":"a"}]}
                """.utf8)
            let answer = try await bench.post(body)
            #expect(answer.status == 200)
            #expect(try await bench.ids() == ["a"])
        },
    ]
}
