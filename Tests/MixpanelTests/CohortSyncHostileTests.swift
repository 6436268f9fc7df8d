import Audiences
import Mixpanel
import Testing

@Suite struct CohortSyncHostileTests {
    private let connection = makeConnection(reference: "User ID", traits: ["$name", "$os"])

    @Test(arguments: ["documented", "observed", "reshaped"])
    func aCallCutOffAnywhereIsRefused(name: String) throws {
        var body = try fixture(name)
        while body.last == 0x0A { body.removeLast() }
        _ = try read(body, for: connection)
        for count in 0..<body.count {
            #expect(throws: CohortSyncRefusal.self) {
                try read(Array(body[..<count]), for: connection)
            }
        }
    }

    @Test(arguments: ["documented", "observed", "reshaped"])
    func anyByteChangedAnywhereGivesAnAnswer(name: String) throws {
        let body = try fixture(name)
        for index in body.indices {
            for byte in [
                UInt8(0), 0x22, 0x5C, 0x5B, 0x5D, 0x7B, 0x7D, 0x2C, 0x30, 0x75, 0x80, 0xF4,
            ] {
                var changed = body
                changed[index] = byte
                _ = try? read(changed, for: connection)
            }
        }
    }

    @Test func aCallNestedTooDeeplyIsRefused() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(refused(deep) != nil)
        #expect(refused(call("[{\"x\":\(deep)")) != nil)
        #expect(refused(#"{"action":"members","members":\#(deep)"#) != nil)
    }

    /// An unusable value never fails its page, so what is passed over may be deep; the four levels
    /// outside it are the call itself.
    @Test(arguments: [(61, true), (508, true), (509, false)])
    func aDeepPropertyIsPassedOverUpToTheLimit(levels: Int, isTaken: Bool) throws {
        let deep =
            String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
        let body = call("[{\"x\":\(deep),\"mixpanel_distinct_id\":\"a\"}]")
        if isTaken {
            #expect(try read(body, for: connection).ids == ["a"])
        } else {
            #expect(refused(body) != nil)
        }
    }

    @Test func valuesOfAnyKindMayStandAnywhereInAMember() throws {
        let values = [
            "true", "12.50", "null", #"["a","b"]"#, #"{"k":[1,{"z":null}]}"#, #""""#,
            "\"\(String(repeating: "x", count: 65_536))\"", "1e400", #""\ud800\u0000""#,
        ]
        let keys = ["$email", "¿Cuál es tu rol?", "a.b", "__proto__", "constructor", "", "$name"]
        for value in values {
            let properties = keys.map { "\"\($0)\":\(value)" }.joined(separator: ",")
            let body = call("[{\(properties),\"mixpanel_distinct_id\":\"a\"}]")
            #expect(try read(body, for: connection).ids == ["a"])
        }
    }
}
