import Glibc

/// A small file that only its owner may read, written so that a crash leaves the old content or
/// the new one and never a half.
///
/// Blocks: for what happens a few times in the life of a process. Processes that change the same
/// file take turns by locking its directory.
package struct PrivateFile: Sendable {
    package let directory: String
    package let name: String

    package enum Problem: Error, Sendable, Hashable {
        /// Others than its owner may read or write it.
        case isOpenToOthers
        case isTooLong
        case system(PlatformError)
    }

    package init(_ name: String, in directory: String) {
        (self.name, self.directory) = (name, directory)
    }

    package var path: String { "\(directory)/\(name)" }
    /// What is written before it gets its name.
    private var draft: String { "\(path).new" }

    /// The content; `nil` if there is no such file.
    ///
    /// - Throws: ``Problem``, also for more than `bytesMax` bytes.
    package func read(bytesMax: Int) throws(Problem) -> [UInt8]? {
        let found: (permissions: UInt32, bytes: [UInt8])?
        do throws(PlatformError) {
            let file = try Syscalls.open(path, O_RDONLY)
            // Of the file that is open, not of the one that has the name by now.
            found = (
                try Syscalls.permissions(of: file),
                try Syscalls.readAll(file, bytesMax: bytesMax + 1)
            )
        } catch .failed(_, ENOENT) {
            found = nil
        } catch {
            throw .system(error)
        }
        guard let found else { return nil }
        guard found.permissions & 0o077 == 0 else { throw .isOpenToOthers }
        guard found.bytes.count <= bytesMax else { throw .isTooLong }
        return found.bytes
    }

    /// Makes the file; false if there is one, which stays as it is.
    package func create(_ bytes: [UInt8]) throws(Problem) -> Bool {
        try exclusively { directory throws(PlatformError) in
            try writeDraft(bytes)
            do throws(PlatformError) {
                try Syscalls.link(draft, as: path)
            } catch .failed(_, EEXIST) {
                try Syscalls.unlink(draft)
                return false
            }
            try Syscalls.unlink(draft)
            try Syscalls.sync(directory)
            return true
        }
    }

    /// Exchanges the content, `nil` if there is no file, for what `change` makes of it.
    ///
    /// An empty one removes the file, and `nil` leaves it as it is.
    package func replace(
        bytesMax: Int, _ change: ([UInt8]?) -> [UInt8]?
    ) throws(Problem) {
        let outcome = try exclusively { directory throws(PlatformError) -> Result<Void, Problem> in
            let before: [UInt8]?
            do throws(Problem) { before = try read(bytesMax: bytesMax) } catch {
                return .failure(error)
            }
            guard let after = change(before) else { return .success(()) }
            if after.isEmpty {
                try removeIfThere(path)
            } else {
                try writeDraft(after)
                try Syscalls.rename(draft, to: path)
            }
            try Syscalls.sync(directory)
            return .success(())
        }
        try outcome.get()
    }

    private func writeDraft(_ bytes: [UInt8]) throws(PlatformError) {
        // What a process that was killed left behind; nobody else is here now.
        try removeIfThere(draft)
        let file = try Syscalls.open(draft, O_WRONLY | O_CREAT | O_EXCL)
        try Syscalls.writeAll(file, bytes)
        try Syscalls.sync(file)
    }

    private func removeIfThere(_ path: String) throws(PlatformError) {
        do throws(PlatformError) { try Syscalls.unlink(path) } catch .failed(_, ENOENT) {}
    }

    /// Runs `body` while no other process does, with the directory open.
    private func exclusively<Value>(
        _ body: (borrowing Descriptor) throws(PlatformError) -> Value
    ) throws(Problem) -> Value {
        do throws(PlatformError) {
            let directory = try Syscalls.open(directory, O_RDONLY | O_DIRECTORY)
            try Syscalls.lock(directory)
            return try body(directory)
        } catch {
            throw .system(error)
        }
    }
}
