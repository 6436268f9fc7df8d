import Audiences
import Foundation
import Platform
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

/// Whole databases that take each other's names.
enum DatabaseFiles {
    /// Gives `new` the name of a database that can't be opened, which is kept with its log under
    /// another one.
    ///
    /// A crash leaves the damaged one or the new one under the name.
    ///
    /// - Returns: where the damaged one is.
    /// - Throws: `unavailable` if the files can't be renamed.
    static func exchange(
        _ damaged: String, for new: String, at now: Timestamp
    ) throws(Failure) -> String {
        let kept = "\(damaged).damaged-\(now.milliseconds)"
        do {
            try WholeFile.keep(damaged, as: kept)
            // Before the exchange: a log must never lie beside a database that it is not of.
            for end in ["-wal", "-shm"] where FileManager.default.fileExists(atPath: damaged + end)
            {
                try FileManager.default.moveItem(atPath: damaged + end, toPath: kept + end)
            }
            try WholeFile.rename(new, to: damaged)
        } catch {
            throw Failure(
                .unavailable, "The damaged store can't be moved away.", detail: "\(error)")
        }
        return kept
    }
}
