/// The files of bulk jobs, one a job, as functions given from above.
///
/// Whoever else reads the data directory can't read them. None of the functions blocks its caller's
/// event loop.
package struct BulkFiles: Sendable {
    /// Writes at a place, which is the end: what was there is cut off.
    package var write:
        @Sendable (_ bytes: [UInt8], _ job: Int64, _ offset: Int) async throws(Failure) -> Void
    /// Returns when everything written is on the disk.
    package var sync: @Sendable (_ job: Int64) async throws(Failure) -> Void
    /// At most `count` bytes; none at the end.
    ///
    /// - Throws: `gone` if there is no file.
    package var read:
        @Sendable (_ job: Int64, _ offset: Int, _ count: Int) async throws(Failure) -> [UInt8]
    /// Does nothing if there is none.
    package var remove: @Sendable (_ job: Int64) async throws(Failure) -> Void
    /// Of which jobs there are files.
    package var list: @Sendable () async throws(Failure) -> [Int64]
    /// How long all of them are together.
    package var bytesUsed: @Sendable () async throws(Failure) -> Int

    package init(
        write:
            @escaping @Sendable (_ bytes: [UInt8], _ job: Int64, _ offset: Int)
            async
            throws(Failure) -> Void,
        sync: @escaping @Sendable (_ job: Int64) async throws(Failure) -> Void,
        read:
            @escaping @Sendable (_ job: Int64, _ offset: Int, _ count: Int) async throws(Failure)
            -> [UInt8],
        remove: @escaping @Sendable (_ job: Int64) async throws(Failure) -> Void,
        list: @escaping @Sendable () async throws(Failure) -> [Int64],
        bytesUsed: @escaping @Sendable () async throws(Failure) -> Int
    ) {
        self.write = write
        self.sync = sync
        self.read = read
        self.remove = remove
        self.list = list
        self.bytesUsed = bytesUsed
    }
}

extension Failure {
    /// The file is older than ``Limits/bulkFileMilliseconds``, or was lost in a restore.
    package static let noBulkFile = Failure(
        .gone, "The file of this bulk job is not kept any more.")
}
