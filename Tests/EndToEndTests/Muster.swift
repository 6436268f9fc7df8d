import Foundation
import Testing

/// The built program.
enum Muster {
    /// It lies where the test bundle lies: the build's products directory.
    static let path: String = {
        let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") } ?? .main
        let products =
            bundle.bundlePath.hasSuffix(".xctest")
            ? bundle.bundleURL.deletingLastPathComponent() : bundle.bundleURL
        return products.appending(path: "muster").path(percentEncoded: false)
    }()

    /// A command that runs to its end.
    struct Result {
        let code: Int32
        let output: Data
        let errors: String

        var text: String { String(decoding: output, as: UTF8.self) }

        func object() throws -> [String: Any] {
            try #require(try JSONSerialization.jsonObject(with: output) as? [String: Any])
        }
    }

    @discardableResult
    static func run(
        _ arguments: String..., in directory: TestDirectory? = nil,
        environment: [String: String] = [:]
    ) async throws -> Result {
        try await run(arguments, in: directory, environment: environment)
    }

    @discardableResult
    static func run(
        _ arguments: [String], in directory: TestDirectory? = nil,
        environment: [String: String] = [:]
    ) async throws -> Result {
        var environment = environment
        environment["MUSTER_DATA_DIR"] = directory?.data
        return try await Self.run(path, arguments, environment: environment)
    }

    /// As ``run(_:in:environment:)``, with a stdout that takes nothing.
    static func runOnFullOutput(
        _ arguments: [String], in directory: TestDirectory
    ) async throws -> Result {
        try await Self.run(
            "/bin/sh", ["-c", #"exec "$0" "$@" > /dev/full"#, path] + arguments,
            environment: ["MUSTER_DATA_DIR": directory.data])
    }

    /// An HTTP client that nobody here wrote.
    static func curl(_ arguments: [String]) async throws -> Result {
        try await run("/usr/bin/env", ["curl", "-sS", "--max-time", "30"] + arguments)
    }

    /// The file, compressed.
    static func gzip(_ file: String) async throws -> Data {
        let result = try await run("/usr/bin/env", ["gzip", "-c", file])
        #expect(result.code == 0, "\(result.errors)")
        return result.output
    }

    private static func run(
        _ executable: String, _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> Result {
        let process = try ChildProcess(executable, arguments, environment: environment)
        let code = await process.exitCode()
        return Result(
            code: code, output: await process.output.complete(), errors: await process.errors.text()
        )
    }
}

/// A folder that is gone when nobody holds it any more.
final class TestDirectory: Sendable {
    private let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory
            .appending(path: "muster-\(UUID().uuidString)", directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    /// The data directory of a server; the server makes it.
    var data: String { path("data") }

    func path(_ name: String) -> String {
        url.appending(path: name).path(percentEncoded: false)
    }

    func write(_ text: String, to name: String) throws -> String {
        try Data(text.utf8).write(to: url.appending(path: name))
        return path(name)
    }
}
