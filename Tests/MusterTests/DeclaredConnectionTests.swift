import Audiences
import JSON
import Testing

@testable import muster

@Suite struct DeclaredConnectionTests {
    private static let hash = "$scrypt$ln=15,r=8,p=3$c2FsdA$" + String(repeating: "A", count: 43)

    private static func declare(
        _ changes: [String: String?] = [:]
    ) throws -> [DeclaredConnection] {
        var parts: [String: String?] = [
            "id": #""conn_0123456789abcdef""#, "name": #""Lumen""#,
            "username": #""mixpanel""#, "secret_hash": "\"\(hash)\"",
        ]
        parts.merge(changes) { $1 }
        let members = parts.compactMap { key, value in value.map { "\"\(key)\":\($0)" } }
        return try read("[{\(members.joined(separator: ","))}]")
    }

    private static func read(_ text: String) throws -> [DeclaredConnection] {
        try DeclaredConnections.read(try JSONValue(parsing: Array(text.utf8)))
    }

    private static func problem(_ body: () throws -> [DeclaredConnection]) -> String {
        do { return "none: \(try body())" } catch {
            return (error as? Failure)?.message ?? "\(error)"
        }
    }

    @Test func fourKeysAreEnoughAndTheOthersAreTaken() throws {
        let plain = try #require(try Self.declare().first)
        #expect(plain.referenceProperty == "reference_id")
        #expect(plain.traits == [])
        #expect(plain.guardMaxRemoved == nil)
        let full = try #require(
            try Self.declare([
                "reference_property": #""user_id""#, "traits": #"["plan","region"]"#,
                "guard_max_removed_fraction": "0.5",
            ]).first)
        #expect(full.referenceProperty == "user_id")
        #expect(full.traits == ["plan", "region"])
        #expect(full.guardMaxRemoved?.value == 0.5)
        for (text, value) in [("0", 0.0), ("1", 1.0), ("null", nil)] as [(String, Double?)] {
            let read = try Self.declare(["guard_max_removed_fraction": text])
            #expect(read.first?.guardMaxRemoved?.value == value)
        }
        #expect(try DeclaredConnections.read(nil) == [])
    }

    @Test func whatIsStoredIsTheSameAfterARestart() throws {
        let declared = try #require(try Self.declare().first)
        let first = try declared.connection(
            at: Timestamp(milliseconds: 1), by: Composition.secrets)
        let second = try declared.connection(
            at: Timestamp(milliseconds: 2), by: Composition.secrets)
        #expect(first.isDeclared)
        #expect(first.cohortSync?.username == "mixpanel")
        #expect(first.cohortSync?.secrets.map(\.hash.phc) == [Self.hash])
        #expect(first.cohortSync?.secrets.map(\.id) == second.cohortSync?.secrets.map(\.id))
        let id = try #require(first.cohortSync?.secrets.first?.id.text)
        #expect(SecretID(id) != nil, "in the form of those that are made")
    }

    @Test(
        arguments: [
            ("id", nil, "connections[0] has no id; it is conn_ and 16 characters;"),
            ("name", nil, "connections[0] has no name;"),
            ("username", nil, "connections[0] has no username;"),
            (
                "secret_hash", nil,
                "connections[0] has no secret_hash; `muster secret hash` makes it"
            ),
            ("id", #""lumen""#, "connections[0].id must be conn_"),
            ("id", "7", "connections[0].id must be a text"),
            ("name", #""""#, "connections[0].name must be a text that is not empty"),
            ("username", #""a:b""#, "connections[0].username must have"),
            ("username", #""a\u0007""#, "connections[0].username must have"),
            ("secret_hash", #""hunter2-in-the-clear""#, "must be what `muster secret hash` prints"),
            ("traits", #""plan""#, "connections[0].traits must be a list"),
            ("traits", #"["plan",7]"#, "connections[0].traits must be a list"),
            ("traits", #"[""]"#, "connections[0].traits must be a list"),
            ("guard_max_removed_fraction", "1.1", "must be a number from 0 to 1"),
            ("guard_max_removed_fraction", "true", "must be a number from 0 to 1"),
            ("secret_hsah", #""x""#, "unknown key secret_hsah; did you mean secret_hash?"),
        ] as [(String, String?, String)])
    func aMistakeIsNamedWithItsPlaceAndItsFix(key: String, value: String?, words: String) {
        let problem = Self.problem { try Self.declare([key: value]) }
        #expect(problem.contains(words), "\(problem)")
        #expect(!problem.contains("hunter2"))
    }

    @Test func textsAreTakenUpToTheirLimits() {
        func isTaken(_ key: String, _ count: Int) -> Bool {
            let text = "\"\(String(repeating: "n", count: count))\""
            return (try? Self.declare([key: text])) != nil
        }
        #expect(isTaken("name", Limits.nameCharactersMax))
        #expect(!isTaken("name", Limits.nameCharactersMax + 1))
        #expect(isTaken("username", 256))
        #expect(!isTaken("username", 257))
        func areTaken(_ count: Int) -> Bool {
            let names = (0..<count).map { "\"t\($0)\"" }.joined(separator: ",")
            return (try? Self.declare(["traits": "[\(names)]"])) != nil
        }
        #expect(areTaken(Limits.traitsAllowedMax))
        #expect(!areTaken(Limits.traitsAllowedMax + 1))
    }

    @Test func theListIsOneOfObjectsWithIdsOfTheirOwn() throws {
        #expect(Self.problem { try Self.read("{}") }.contains("must be a list"))
        #expect(Self.problem { try Self.read("[7]") }.contains("connections[0] must be an object"))
        let many = String(repeating: "7,", count: 1000) + "7"
        #expect(Self.problem { try Self.read("[\(many)]") }.contains("at most 1000"))
        let one = """
            {"id":"conn_0123456789abcdef","name":"A","username":"u","secret_hash":"\(Self.hash)"}
            """
        let problem = Self.problem { try Self.read("[\(one),\(one)]") }
        #expect(problem == "connections[1] has the id of connections[0]; each needs its own.")
        let other = one.replacing("abcdef", with: "abcdeg")
        #expect(try Self.read("[\(one),\(other)]").count == 2)
    }
}
