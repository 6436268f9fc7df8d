import Foundation
import SQLiteStore

extension StoreFiles {
    /// Creates the data directory and its files so that only their owner can read them.
    static let `private` = StoreFiles { directory, files in
        let manager = FileManager.default
        if !manager.fileExists(atPath: directory) {
            try manager.createDirectory(
                atPath: directory, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        }
        for path in files where !manager.fileExists(atPath: path) {
            guard
                manager.createFile(
                    atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
            else { throw CocoaError(.fileWriteNoPermission) }
        }
    }
}
