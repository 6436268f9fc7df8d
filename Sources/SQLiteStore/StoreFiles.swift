/// What the store needs of the file system, as a function given from above.
///
/// SQLite makes files that everybody may read; it copies the mode of the database to its log and
/// its index. So the directory and the files must be there, private, before SQLite opens them.
package struct StoreFiles: Sendable {
    /// Creates what is missing, and nothing else: the directory with mode 0700, then each file of
    /// that path, empty, with mode 0600.
    package var createMissing: @Sendable (_ directory: String, _ files: [String]) throws -> Void

    package init(
        createMissing: @escaping @Sendable (_ directory: String, _ files: [String]) throws -> Void
    ) {
        self.createMissing = createMissing
    }
}
