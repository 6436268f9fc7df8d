import Audiences
import Foundation
import Synchronization

/// The files of bulk jobs: `bulk/<id>.jsonl` in the data directory, for their owner only.
///
/// They hold people's data as Mixpanel has them, in clear, as the store does. One for the process:
/// it knows how long they are together.
final class BulkDirectory: Sendable {
    private let path: String
    /// How long each is; `nil` until somebody asks.
    private let lengths = Mutex<[Int64: Int]?>(nil)

    init(dataDirectory: String) {
        path = dataDirectory + "/bulk"
    }

    var files: BulkFiles {
        BulkFiles(
            write: { bytes, job, offset throws(Failure) in
                try await self.elsewhere { try self.write(bytes, of: job, at: offset) }
            },
            sync: { job throws(Failure) in
                try await self.elsewhere {
                    let handle = try self.handle(job)
                    defer { try? handle.close() }
                    try handle.synchronize()
                }
            },
            read: { job, offset, count throws(Failure) in
                try await self.elsewhere { try self.read(job, offset, count) }
            },
            remove: { job throws(Failure) in
                try await self.elsewhere { try self.remove(job) }
            },
            list: { () throws(Failure) in
                try await self.elsewhere { try self.list() }
            },
            bytesUsed: { () throws(Failure) in
                try await self.elsewhere { try self.measured().values.reduce(0, +) }
            })
    }

    /// Off the caller's executor, which may be an event loop.
    private func elsewhere<Value: Sendable>(
        _ work: @escaping @Sendable () throws -> Value
    ) async throws(Failure) -> Value {
        do {
            return try await withTaskExecutorPreference(globalConcurrentExecutor) {
                try await Self.run(work)
            }
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(
                .unavailable, "The file of the bulk job can't be used.", detail: "\(error)")
        }
    }

    @concurrent private static func run<Value: Sendable>(
        _ work: @Sendable () throws -> Value
    ) async throws -> Value {
        try work()
    }

    private func file(_ job: Int64) -> String { "\(path)/\(job).jsonl" }

    private func write(_ bytes: [UInt8], of job: Int64, at offset: Int) throws {
        let manager = FileManager.default
        _ = try measured()
        if !manager.fileExists(atPath: path) {
            try manager.createDirectory(
                atPath: path, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        }
        if !manager.fileExists(atPath: file(job)) {
            guard
                manager.createFile(
                    atPath: file(job), contents: nil, attributes: [.posixPermissions: 0o600])
            else { throw CocoaError(.fileWriteNoPermission) }
        }
        let handle = try handle(job)
        defer { try? handle.close() }
        try handle.truncate(atOffset: UInt64(offset))
        try handle.seekToEnd()
        lengths.withLock { $0?[job] = offset + bytes.count }
        try handle.write(contentsOf: Data(bytes))
    }

    private func handle(_ job: Int64) throws -> FileHandle {
        guard let handle = FileHandle(forUpdatingAtPath: file(job)) else {
            throw Failure.noBulkFile
        }
        return handle
    }

    private func read(_ job: Int64, _ offset: Int, _ count: Int) throws -> [UInt8] {
        guard let handle = FileHandle(forReadingAtPath: file(job)) else {
            throw Failure.noBulkFile
        }
        defer { try? handle.close() }
        try handle.seek(toOffset: UInt64(offset))
        return try handle.read(upToCount: count).map { Array($0) } ?? []
    }

    private func remove(_ job: Int64) throws {
        if FileManager.default.fileExists(atPath: file(job)) {
            try FileManager.default.removeItem(atPath: file(job))
        }
        lengths.withLock { _ = $0?.removeValue(forKey: job) }
    }

    /// How long each file is: looked at once, and then with every list.
    private func measured() throws -> [Int64: Int] {
        try lengths.withLock { lengths in
            if let known = lengths { return known }
            let found = try lookAtAll()
            lengths = found
            return found
        }
    }

    private func list() throws -> [Int64] {
        try lengths.withLock { lengths in
            let found = try lookAtAll()
            lengths = found
            return Array(found.keys)
        }
    }

    private func lookAtAll() throws -> [Int64: Int] {
        let manager = FileManager.default
        guard manager.fileExists(atPath: path) else { return [:] }
        var found: [Int64: Int] = [:]
        for name in try manager.contentsOfDirectory(atPath: path) where name.hasSuffix(".jsonl") {
            guard let job = Int64(name.dropLast(".jsonl".count)) else { continue }
            // One that was removed meanwhile takes no room.
            let size = try? manager.attributesOfItem(atPath: file(job))[.size] as? NSNumber
            found[job] = size?.intValue ?? 0
        }
        return found
    }
}
