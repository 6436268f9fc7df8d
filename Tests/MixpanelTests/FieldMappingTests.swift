import Testing

@testable import Mixpanel

/// Records under other names.
@Suite struct FieldMappingTests {
    static let person =
        #"{"$distinct_id":"u","$properties":{"$email":"a@example.com","a.b":1,"c":{"d":[1.50]}}}"#

    @Test(
        arguments: [
            ([("email", "$properties.$email")], #"{"email":"a@example.com"}"#),
            (
                [("id", "$distinct_id"), ("who.mail", "$properties.$email")],
                #"{"id":"u","who":{"mail":"a@example.com"}}"#
            ),
            ([("n", "$properties.a.b"), ("d", "$properties.c.d")], #"{"n":1,"d":[1.50]}"#),
            ([("a", "missing"), ("b", "$properties.missing"), ("c", "$distinct_id.x")], "{}"),
            (
                [("x.y", "$distinct_id"), ("x.z", "$properties.c")],
                #"{"x":{"y":"u","z":{"d":[1.50]}}}"#
            ),
            ([("x", "$distinct_id"), ("x", "$properties.a.b")], #"{"x":1}"#),
            ([("x", "$distinct_id"), ("x.y", "$properties.a.b")], #"{"x":{"y":1}}"#),
            ([], "{}"),
        ] as [([(String, String)], String)])
    func onlyMappedFieldsRemain(fields: [(String, String)], expected: String) {
        #expect(mapped(Self.person, fields, isPassThrough: false) == expected)
    }

    @Test(
        arguments: [
            (
                [("email", "$properties.$email")],
                #"{"$distinct_id":"u","$properties":{"a.b":1,"c":{"d":[1.50]}},"#
                    + #""email":"a@example.com"}"#
            ),
            (
                [("$distinct_id", "$properties.a.b"), ("n", "$distinct_id")],
                #"{"$properties":{"$email":"a@example.com","c":{"d":[1.50]}},"#
                    + #""$distinct_id":1,"n":"u"}"#
            ),
            ([("p", "missing.x")], person), ([], person),
        ] as [([(String, String)], String)])
    func theOthersComeAlong(fields: [(String, String)], expected: String) {
        #expect(mapped(Self.person, fields, isPassThrough: true) == expected)
    }

    @Test(arguments: ["7", "[]", "null", "{", ""])
    func whatIsNoObjectStaysAsItIs(record: String) {
        #expect(mapped(record, [("a", "b")], isPassThrough: false) == record)
    }

    @Test func aPathHasALimit() {
        let keys = (0...FieldMapping.pathKeysMax).map { "k\($0)" }
        let whole = keys.dropLast().joined(separator: ".")
        let fits = mapped(#"{"a":1}"#, [(whole, "a")], isPassThrough: false)
        #expect(fits.count { $0 == "{" } == FieldMapping.pathKeysMax)
        let longer = mapped(
            #"{"a":1}"#, [(keys.joined(separator: "."), "a")], isPassThrough: false)
        #expect(longer.count { $0 == "{" } == FieldMapping.pathKeysMax)
        #expect(longer.contains(#""k15.k16":1"#))
    }

    @Test func aPathOfDotsNeverTraps() {
        let dots = String(repeating: ".", count: 100_000)
        #expect(mapped(Self.person, [(dots, dots)], isPassThrough: true) == Self.person)
        #expect(mapped(#"{"":{"":1}}"#, [("x", ".")], isPassThrough: false) == #"{"x":1}"#)
    }

    private func mapped(
        _ record: String, _ fields: [(String, String)], isPassThrough: Bool
    ) -> String {
        let mapping = FieldMapping(
            fields.map { (path: $0.0, vendorPath: $0.1) }, isPassThrough: isPassThrough)
        return text(mapping.mapped(Array(record.utf8)))
    }
}
