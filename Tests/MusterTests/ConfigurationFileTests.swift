import Audiences
import Configuration
import Endpoints
import Foundation
import HTTPTransport
import HTTPWire
import Routing
import Testing

@testable import muster

/// The structs of limits, the keys, the example file and its explanation must not drift apart.
@Suite struct ConfigurationFileTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The rows of the table in config/README.md: a key, and its unit and range.
    private static let rows: [(key: String, range: String)] = {
        let file = root.appending(path: "config/README.md")
        let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { line in
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            return (cells[0].trimmingCharacters(in: ["`"]), cells[1])
        }
    }()

    @Test func theExampleFileHasEveryKeyAtItsDefault() async throws {
        let path = Self.root.appending(path: "config/muster.json").path(percentEncoded: false)
        let data = try #require(FileManager.default.contents(atPath: path))
        let tree = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(Set(ConfigurationFile.keys(of: tree)) == Set(ConfigurationKeys.all))
        let read = try await MusterConfiguration.read(
            flags: ConfigurationFlags(configFile: path), environment: [:])
        let plain = try await MusterConfiguration.read(
            flags: ConfigurationFlags(), environment: [:])
        #expect("\(read)" == "\(plain)")
    }

    @Test func everyKeyIsExplainedInItsOrderAndNothingElseIs() {
        #expect(Self.rows.map(\.key) == ConfigurationKeys.all)
    }

    @Test func everyListedKeyIsReadAndNoOther() throws {
        let reader = StrictReader(providers: [InMemoryProvider(values: [:])])
        _ = MusterConfiguration(reader)
        // The declared connections are read apart, for the library has no word for them.
        let read = reader.settings.keys + [DeclaredConnections.key]
        #expect(read.sorted() == ConfigurationKeys.all.sorted())
    }

    @Test(arguments: ConfigurationKeys.all.dropLast())
    func theFileSaysTheKeyAndTheEnvironmentBeatsIt(_ key: String) async throws {
        let path = Self.root.appending(path: "config/muster.json").path(percentEncoded: false)
        let byFile = try await MusterConfiguration.readWithOrigins(
            flags: ConfigurationFlags(configFile: path), environment: [:])
        let setting = try #require(byFile.settings.first { $0.key == key })
        #expect(setting.origin == .file(path))
        #expect(setting.isSecret == key.hasPrefix("encryption_key"))
        // What the file says, said by the environment; of lists and words "" is nothing.
        let value = setting.isSet ? setting.text : ""
        let byBoth = try await MusterConfiguration.readWithOrigins(
            flags: ConfigurationFlags(configFile: path),
            environment: [ConfigurationKeys.variable(of: key): value])
        let beaten = try #require(byBoth.settings.first { $0.key == key })
        #expect(beaten.origin == .variable(ConfigurationKeys.variable(of: key)))
        #expect(beaten.text == setting.text)
    }

    // MARK: Limits

    @Test(arguments: LimitKey.all)
    func theExplanationNamesTheRangeThatHolds(of limit: LimitKey) throws {
        let text = try #require(Self.rows.first { $0.key == limit.name }?.range)
        let words = text.split(separator: " ").map(String.init)
        let bounds = words[0].split(separator: "…").map(Self.number)
        #expect(bounds == [limit.range.lowerBound, limit.range.upperBound], "\(text)")
        #expect(ConfigurationKeys.unit(of: limit.name) == words.dropFirst().first)
    }

    /// `1,000` or `2^10`.
    private static func number(_ text: Substring) -> Int? {
        let parts = text.replacing(",", with: "").split(separator: "^").compactMap { Int($0) }
        guard let first = parts.first else { return nil }
        return parts.count == 1 ? first : 1 << parts[1]
    }

    @Test(arguments: LimitKey.all)
    func aLimitIsTakenAtItsEdgesAndNotBeyondThem(_ limit: LimitKey) throws {
        for (value, isTaken) in [
            (limit.range.lowerBound, true), (limit.range.upperBound, true),
            (limit.range.lowerBound - 1, false), (limit.range.upperBound + 1, false),
        ] {
            let key = AbsoluteConfigKey(stringLiteral: limit.name)
            let reader = StrictReader(providers: [
                InMemoryProvider(values: [key: ConfigValue(.int(value), isSecret: false)])
            ])
            var expected = MusterConfiguration()
            limit.set(value, in: &expected)
            let read = MusterConfiguration(reader)
            if isTaken {
                #expect(reader.problems == [])
                #expect("\(read)" == "\(expected)")
            } else {
                let rule = "\(limit.range.lowerBound) to \(limit.range.upperBound)"
                #expect(reader.problems.count == 1)
                #expect(reader.problems.first?.hasPrefix("\(limit.name) is \(value)") == true)
                #expect(reader.problems.first?.contains(rule) == true)
            }
        }
    }

    /// A new field of one of the structs fails here until it has a key.
    @Test func everyFieldOfTheLimitsHasAKeyOfItsOwn() {
        var changed = MusterConfiguration()
        for (number, limit) in LimitKey.all.enumerated() { limit.set(-1 - number, in: &changed) }
        let before = Self.fields(of: MusterConfiguration())
        let after = Self.fields(of: changed)
        #expect(before.count > 30)
        for (name, value) in before { #expect(after[name] != value, "\(name) has no key") }
        #expect(Set(after.values).count == after.count, "two keys set the same field")
        // drainTimeout and hookTimeout are the program's own, not fields of these structs.
        #expect(LimitKey.all.count == after.count + 2)
    }

    private static func fields(of configuration: MusterConfiguration) -> [String: String] {
        var found: [String: String] = [:]
        func read(_ value: Any, _ name: String) {
            switch value {
            case is Int, is Int64, is Duration: found[name] = "\(value)"
            default:
                for child in Mirror(reflecting: value).children {
                    read(child.value, "\(name).\(child.label ?? "")")
                }
            }
        }
        read(configuration.transport, "transport")
        read(configuration.wire, "wire")
        read(configuration.endpoints, "endpoints")
        read(configuration.retention, "retention")
        read(configuration.bulk, "bulk")
        return found
    }

    @Test(arguments: [("", "", 0), ("a", "", 1), ("port", "prot", 2), ("kitten", "sitting", 3)])
    func distancesAreCounted(left: String, right: String, distance: Int) {
        #expect(ConfigurationKeys.distance(left, right) == distance)
    }
}

extension LimitKey: CustomTestStringConvertible {
    public var testDescription: String { name }
}
