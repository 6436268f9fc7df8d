// The calls that files need: few, small, and blocking.

import Glibc

extension Syscalls {
    /// A file that is made is its owner's alone.
    static func open(_ path: String, _ flags: Int32) throws(PlatformError) -> Descriptor {
        Descriptor(
            owning: try call("open") { Glibc.open(path, flags | Int32(O_CLOEXEC), 0o600) })
    }

    /// The permissions of an open file.
    static func permissions(of file: borrowing Descriptor) throws(PlatformError) -> UInt32 {
        var status = stat()
        let raw = file.raw
        _ = try call("fstat") { fstat(raw, &status) }
        return status.st_mode & 0o777
    }

    /// What is in a file, or the first `bytesMax` bytes of it.
    static func readAll(
        _ file: borrowing Descriptor, bytesMax: Int
    ) throws(PlatformError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: bytesMax)
        var count = 0
        let raw = file.raw
        while count < bytesMax {
            let more = try call("read") {
                bytes.withUnsafeMutableBytes { all in
                    let rest = UnsafeMutableRawBufferPointer(rebasing: all[count...])
                    return Glibc.read(raw, rest.baseAddress, rest.count)
                }
            }
            if more == 0 { break }
            count += more
        }
        return Array(bytes.prefix(count))
    }

    static func writeAll(
        _ file: borrowing Descriptor, _ bytes: [UInt8]
    ) throws(PlatformError) {
        var rest = bytes[...]
        let raw = file.raw
        while !rest.isEmpty {
            let count = try call("write") {
                rest.withUnsafeBytes { Glibc.write(raw, $0.baseAddress, $0.count) }
            }
            rest = rest.dropFirst(count)
        }
    }

    /// Returns when the disk has it.
    static func sync(_ file: borrowing Descriptor) throws(PlatformError) {
        let raw = file.raw
        _ = try call("fsync") { fsync(raw) }
    }

    /// Gives a file a second name; throws EEXIST if there is such a file.
    static func link(_ path: String, as other: String) throws(PlatformError) {
        _ = try call("link") { Glibc.link(path, other) }
    }

    static func rename(_ path: String, to other: String) throws(PlatformError) {
        _ = try call("rename") { Glibc.rename(path, other) }
    }

    static func unlink(_ path: String) throws(PlatformError) {
        _ = try call("unlink") { Glibc.unlink(path) }
    }

    /// Waits until nobody else holds the file or directory; until it is closed it is ours.
    static func lock(_ file: borrowing Descriptor) throws(PlatformError) {
        let raw = file.raw
        _ = try call("flock") { flock(raw, LOCK_EX) }
    }
}
