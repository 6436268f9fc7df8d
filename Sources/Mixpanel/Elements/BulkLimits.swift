/// What bulk jobs may take of the machine.
package struct BulkLimits: Sendable, Hashable {
    /// How long all files of bulk jobs may be together: a job that needs more is aborted.
    ///
    /// Ten million events of a KiB; they share the disk with the store.
    package var filesBytesMax: Int

    package init(filesBytesMax: Int = 10 << 30) {
        self.filesBytesMax = filesBytesMax
    }
}
