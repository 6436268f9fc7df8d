import JSON
import Testing

/// Objects of a list read by their shape must come out as when each is read by itself.
@Suite struct JSONObjectShapeTests {
    private static let names = ["id", "name"]

    @Test(arguments: [
        // The same again, with escapes, other kinds of values and nesting.
        #"[{"id":"1","name":"ada"},{"id":"2","name":"b\u00f6"},{"id":3,"name":null}]"#,
        #"[{"id":{"id":"inner"},"name":["x"]},{"id":"2","name":"bo"}]"#,
        // Another order, a missing key, a further key, none at all, twice the same.
        #"[{"id":"1","name":"a"},{"name":"b","id":"2"},{"id":"3"},{"name":"d","x":1,"id":"4"}]"#,
        #"[{"id":"1"},{},{"id":"2","id":"3"},{"id":"4"}]"#,
        // Keys of the same bytes as an earlier value, and of the same length as another key.
        #"[{"a":",\"id\":","id":"1"},{"b":"\"id\":","id":"2"},{"a":"id","ix":"3"}]"#,
        // Whitespace that changes, escapes in keys.
        "[ { \"id\" : \"1\" , \"name\" : \"a\" } ,"
            + "{\"id\":\"2\",\n\t\"name\":\"b\"},{ \"id\" : \"3\"}]",
        #"[{"\u0069d":"1","name":"a"},{"\u0069d":"2","name":"b"},{"id":"3"}]"#,
        // No objects between objects.
        #"[{"id":"1"},[],{"id":"2"},"x",{"id":"3"},null,{"id":"4"}]"#,
        "[]", "[{}]",
    ])
    func objectsSayWhatTheySayAlone(text: String) throws {
        #expect(try Self.readByShape(text) == Self.readAlone(text))
    }

    @Test func aShapeHoldsNoMoreKeysThanItsLimit() throws {
        let object = "{" + (0..<200).map { "\"k\($0)\":\"v\"" }.joined(separator: ",") + "}"
        let text = "[\(object),{\"id\":\"1\"},\(object),\(object)]"
        #expect(try Self.readByShape(text) == Self.readAlone(text))
    }

    @Test(arguments: [
        #"[{"id":"1"},{"id":"2]"#, #"[{"id":"1"},{"id":"2""#, #"[{"id":"1"},{"id":}]"#,
        #"[{"id":"1"},{"id":"2",}]"#, #"[{"id":"1"},,{"id":"2"}]"#, #"[{"id":"1"},{,"id":"2"}]"#,
        "[{\"id\":\"1\"},{\"id\":\"\u{1}\"}]", #"[{"id":"1"},{"id":"\x"}]"#,
        #"[{"id":"1"},{"id":"\u00g0"}]"#, #"[{"id":"1"},{"id":"\u12"#,
        #"[{"id":"1","name":"2"},{"id":"1""name":"2"}]"#, #"[{"id":"1"}{"id":"2"}]"#,
    ])
    func whatIsNoJSONAloneIsNoneByShape(text: String) {
        let alone = #expect(throws: JSONError.self) { try Self.readAlone(text) }
        let byShape = #expect(throws: JSONError.self) { try Self.readByShape(text) }
        #expect(byShape == alone)
    }

    @Test func everyCutOfAListIsRefusedAlike() {
        let text = Array(#"[{"id":"1","name":"ad\u00e4"},{"id":"2","name":"bo"},{"id":3}]"#.utf8)
        for length in 0..<text.count {
            let cut = String(decoding: text[..<length], as: UTF8.self)
            let alone = #expect(throws: JSONError.self) { try Self.readAlone(cut) }
            let byShape = #expect(throws: JSONError.self) { try Self.readByShape(cut) }
            #expect(byShape == alone)
        }
    }

    // MARK: Two ways

    private static func readByShape(_ text: String) throws -> [[JSONScanner.Value?]] {
        var shape = JSONObjectShape(names)
        return try read(text) { scanner in
            try scanner.readObject(&shape)
            return names.indices.map { shape[$0] }
        }
    }

    private static func readAlone(_ text: String) throws -> [[JSONScanner.Value?]] {
        try read(text) { scanner in
            var values: [JSONScanner.Value?] = names.map { _ in nil }
            while let key = try scanner.nextKey() {
                let value = try scanner.wholeValue()
                let place = JSONNames(names).index(of: key, in: scanner.source)
                if let place { values[place] = value }
            }
            return values
        }
    }

    private static func read(
        _ text: String, _ object: (inout JSONScanner) throws -> [JSONScanner.Value?]
    ) throws -> [[JSONScanner.Value?]] {
        var text = text
        return try text.withUTF8 { bytes in
            var scanner = JSONScanner(UnsafeRawBufferPointer(bytes))
            var objects: [[JSONScanner.Value?]] = []
            guard case .array = try scanner.value() else { return [] }
            while true {
                if try !scanner.beginNextObject() {
                    guard try scanner.nextElement() else { break }
                    let value = try scanner.value()
                    guard case .object = value else {
                        try scanner.skipRest(of: value)
                        continue
                    }
                }
                objects.append(try object(&scanner))
            }
            try scanner.finish()
            return objects
        }
    }
}
