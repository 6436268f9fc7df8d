import Audiences
import Foundation

/// The files of bulk jobs: `bulk/<id>.jsonl` in the data directory, for their owner only.
///
/// They hold people's data as Mixpanel has them, in clear, as the store does.
struct BulkDirectory: Sendable {
    private let path: String

    init(dataDirectory: String) {
        path = dataDirectory + "/bulk"
    }

    var files: BulkFiles {
        BulkFiles(
            write: { bytes, job, offset throws(Failure) in
                try await elsewhere { try write(bytes, of: job, at: offset) }
            },
            sync: { job throws(Failure) in
                try await elsewhere { try handle(job).synchronize() }
            },
            read: { job, offset, count throws(Failure) in
                try await elsewhere { try read(job, offset, count) }
            },
            remove: { job throws(Failure) in
                try await elsewhere {
                    guard FileManager.default.fileExists(atPath: file(job)) else { return }
                    try FileManager.default.removeItem(atPath: file(job))
                }
            },
            list: { () throws(Failure) in try await elsewhere { try list() } })
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
        try handle.truncate(atOffset: UInt64(offset))
        try handle.seekToEnd()
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
        try handle.seek(toOffset: UInt64(offset))
        return try handle.read(upToCount: count).map { Array($0) } ?? []
    }

    private func list() throws -> [Int64] {
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: path).compactMap { name in
            name.hasSuffix(".jsonl") ? Int64(name.dropLast(".jsonl".count)) : nil
        }
    }
}
