import Audiences
import Foundation
import Logging

@testable import SQLiteStore

extension StoreFiles {
    /// As the program does it.
    static let foundation = StoreFiles { directory, files in
        let manager = FileManager.default
        try manager.createDirectory(
            atPath: directory, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        for file in files where !manager.fileExists(atPath: file) {
            let isMade = manager.createFile(
                atPath: file, contents: nil, attributes: [.posixPermissions: 0o600])
            guard isMade else { throw CocoaError(.fileWriteUnknown) }
        }
    }
}

/// A directory for one test; gone when the test is.
final class TemporaryDirectory: Sendable {
    let path: String

    init() {
        path =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("muster-store-\(UUID().uuidString)").path
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    var database: String { "\(path)/\(SQLiteStore.databaseName)" }

    func open(
        as role: SQLiteStore.Role = .server, retention: Retention = Retention(),
        upkeep: Upkeep = Upkeep()
    ) throws(Failure) -> SQLiteStore {
        try SQLiteStore.open(
            directory: path, as: role, files: .foundation, retention: retention,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            upkeep: upkeep)
    }

    /// Opens the store for `body` and closes it.
    func withStore<Result>(
        as role: SQLiteStore.Role = .server, retention: Retention = Retention(),
        upkeep: Upkeep = Upkeep(), _ body: (SQLiteStore) async throws -> Result
    ) async throws -> Result {
        let store = try open(as: role, retention: retention, upkeep: upkeep)
        let result = try await body(store)
        try await store.close()
        return result
    }
}
