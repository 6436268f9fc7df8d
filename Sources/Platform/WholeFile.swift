import Glibc

/// A large file that gets its name when all of it is on the disk.
///
/// Blocks: for commands.
package enum WholeFile {
    /// Makes an empty file that only its owner may read.
    ///
    /// - Throws: `failed` with EEXIST if there is one.
    package static func createPrivate(_ path: String) throws(PlatformError) {
        _ = try Syscalls.open(path, O_WRONLY | O_CREAT | O_EXCL)
    }

    /// Gives the file `draft` the name `path` for good, in place of a file that had it.
    ///
    /// A crash leaves that file or the new one under the name.
    package static func rename(_ draft: String, to path: String) throws(PlatformError) {
        let file = try Syscalls.open(draft, O_RDONLY)
        try Syscalls.sync(file)
        try Syscalls.rename(draft, to: path)
        try syncDirectory(of: path)
    }

    /// Keeps a file under a second name, too.
    ///
    /// - Throws: `failed` with EEXIST if there is such a file.
    package static func keep(_ path: String, as other: String) throws(PlatformError) {
        try Syscalls.link(path, as: other)
        try syncDirectory(of: other)
    }

    private static func syncDirectory(of path: String) throws(PlatformError) {
        let end = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        let directory = end.map { String(path[...$0]) } ?? "."
        try Syscalls.sync(try Syscalls.open(directory, O_RDONLY | O_DIRECTORY))
    }
}
