import Audiences
import Configuration
import Foundation
import JSON
import SystemPackage

/// The file: every key in it must be one that is read.
struct ConfigurationFile {
    let path: String
    private let bytes: [UInt8]
    /// What is wrong with the names in it, a sentence each: a misspelt key would be a wish that is
    /// silently not fulfilled.
    let unknownKeys: [String]

    /// - Throws: for a file that is missing or is no JSON object.
    init(_ path: String) throws(ConfigurationProblems) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ConfigurationProblems(["There is no configuration file \(path)."])
        }
        guard let tree = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else {
            throw ConfigurationProblems(["The configuration file \(path) is not a JSON object."])
        }
        let unknown = Self.keys(of: tree).filter { !ConfigurationKeys.all.contains($0) }
        unknownKeys = unknown.sorted().map { key in
            let near = ConfigurationKeys.nearest(to: key)
            let hint = near.map { "did you mean \($0)?" } ?? "config/README.md lists all keys."
            return "\(path) has the unknown key \(key); \(hint)"
        }
        (self.path, bytes) = (path, Array(data))
    }

    func provider() async throws(ConfigurationProblems) -> some ConfigProvider {
        do {
            return try await FileProvider<Snapshot>(filePath: FilePath(path))
        } catch {
            throw ConfigurationProblems(["The configuration file \(path) can't be read as JSON."])
        }
    }

    func connections() throws(Failure) -> [DeclaredConnection] {
        let whole: JSONValue
        do throws(JSONError) { whole = try JSONValue(parsing: bytes) } catch {
            throw Failure(
                .invalid, "The configuration file \(path) is no JSON.", detail: "\(error)")
        }
        return try DeclaredConnections.read(whole.object?[DeclaredConnections.key])
    }

    static func keys(of tree: [String: Any], under prefix: String = "") -> [String] {
        tree.flatMap { name, value in
            (value as? [String: Any]).map { keys(of: $0, under: prefix + name + ".") }
                ?? [prefix + name]
        }
    }

    /// The file as the library can take it: less the connections, for it refuses lists of objects.
    private struct Snapshot: FileConfigSnapshot {
        private let rest: JSONSnapshot

        init(
            data: RawSpan, providerName: String, parsingOptions: JSONSnapshot.ParsingOptions
        ) throws {
            let whole = data.withUnsafeBytes { Data($0) }
            var tree = try JSONSerialization.jsonObject(with: whole) as? [String: Any] ?? [:]
            tree[DeclaredConnections.key] = nil
            let data = try JSONSerialization.data(withJSONObject: tree)
            rest = try JSONSnapshot(
                data: data.bytes, providerName: providerName, parsingOptions: parsingOptions)
        }

        var providerName: String { rest.providerName }
        var description: String { rest.description }
        var debugDescription: String { rest.debugDescription }

        func value(forKey key: AbsoluteConfigKey, type: ConfigType) throws -> LookupResult {
            try rest.value(forKey: key, type: type)
        }
    }
}
