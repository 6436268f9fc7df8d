import Foundation
import TestSupport
import Testing

/// A file system of its own under a test's data directory, a few megabytes large, in memory.
final class SmallDisk: Sendable {
    /// The size of the whole disk.
    static let bytesMax = 8 * 1024 * 1024

    let directory: TestDirectory
    private var filler: String { directory.data + "/filler" }

    /// Mounting needs root, or rather CAP_SYS_ADMIN, which not every container gives.
    ///
    /// No limit that an ordinary user may set does the same: RLIMIT_FSIZE gives EFBIG, which is a
    /// failed disk and not a full one.
    static let isPossible: Bool = (try? SmallDisk()) != nil
    static let reason: Comment = "mounting a tmpfs needs root; FaultTests fills the disk without"

    init() throws {
        directory = try TestDirectory()
        try FileManager.default.createDirectory(
            atPath: directory.data, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        try Self.run(
            "mount", "-t", "tmpfs", "-o", "size=\(Self.bytesMax),mode=0700", "muster",
            directory.data)
    }

    deinit {
        // Lazily, for a server of a failed test may still be ending.
        try? Self.run("umount", "-l", directory.data)
    }

    /// Takes all the room that is left.
    func fill() throws {
        try Data().write(to: URL(filePath: filler))
        let handle = try FileHandle(forWritingTo: URL(filePath: filler))
        defer { try? handle.close() }
        for count in [64 * 1024, 4096, 1] {
            let piece = Data(repeating: 0x78, count: count)
            while (try? handle.write(contentsOf: piece)) != nil {}
        }
    }

    func makeRoom() throws {
        try FileManager.default.removeItem(atPath: filler)
    }

    func makeReadOnly() throws {
        try Self.run("mount", "-o", "remount,ro", directory.data)
    }

    private struct Refused: Error {
        let code: Int32
    }

    private static func run(_ arguments: String...) throws {
        guard let command = arguments.first else { return }
        let program = try Program(command, Array(arguments.dropFirst()), errors: .nothing)
        let code = program.wait()
        guard code == 0 else { throw Refused(code: code) }
    }
}
