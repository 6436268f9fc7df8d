import Foundation

/// The project's own Swift files.
struct Tree {
    struct File: CustomStringConvertible {
        /// From the project's root: `Sources/JSON/JSONError.swift`.
        let path: String
        let lines: [String]

        var description: String { path }
        /// The target a file belongs to: the folder below `Sources` or `Tests`.
        var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }
    }

    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static let sources = files(in: "Sources")
    static let tests = files(in: "Tests")

    private static func files(in folder: String) -> [File] {
        let base = root.appending(path: folder)
        guard let walk = FileManager.default.enumerator(atPath: base.path(percentEncoded: false))
        else { return [] }
        return walk.compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }.sorted()
            .compactMap { name in
                guard
                    let text = try? String(contentsOf: base.appending(path: name), encoding: .utf8)
                else { return nil }
                return File(
                    path: "\(folder)/\(name)",
                    lines: text.split(separator: "\n", omittingEmptySubsequences: false)
                        .map(String.init))
            }
    }
}
