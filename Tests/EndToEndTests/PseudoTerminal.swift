import Foundation
import Synchronization
import TestSupport
import Testing

/// A process that believes it has a terminal.
///
/// stdin, stdout and stderr are all the terminal; what it shows is in ``shown``.
final class PseudoTerminal: Sendable {
    private let master: FileHandle
    private let process: Program
    private let text = Mutex("")

    /// TIOCSPTLCK and TIOCGPTN of asm-generic/ioctls.h.
    private static let setLock: UInt = 0x4004_5431
    private static let getNumber: UInt = 0x8004_5430

    init(_ executable: String, _ arguments: [String]) throws {
        // posix_openpt(3), unlockpt(3) and ptsname(3), which Swift does not see.
        let raw = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        master = FileHandle(fileDescriptor: raw, closeOnDealloc: true)
        var (isLocked, number): (Int32, UInt32) = (0, 0)
        try #require(ioctl(raw, Self.setLock, &isLocked) == 0)
        try #require(ioctl(raw, Self.getNumber, &number) == 0)
        let slave = try #require(FileHandle(forUpdatingAtPath: "/dev/pts/\(number)"))
        let terminal = Program.Stream.descriptor(slave.fileDescriptor)
        process = try Program(
            executable, arguments,
            environment: ProcessInfo.processInfo.environment
                .filter { !$0.key.hasPrefix("MUSTER_") },
            input: terminal, output: terminal, errors: terminal)
        try slave.close()
        Thread.detachNewThread { [self] in
            var bytes = [UInt8](repeating: 0, count: 4096)
            // EIO when nobody has the other end any more.
            while case let count = read(raw, &bytes, bytes.count), count > 0 {
                let more = String(decoding: bytes[..<count], as: UTF8.self)
                self.text.withLock { $0 += more }
            }
        }
    }

    var shown: String { text.withLock { $0 } }

    func type(_ line: String) throws {
        try master.write(contentsOf: Data(line.utf8))
    }

    /// Returns when it shows `words`; false after a while.
    func shows(_ words: String) async throws -> Bool {
        let deadline = ContinuousClock.now.advanced(by: .patience)
        while !shown.contains(words) {
            guard ContinuousClock.now < deadline else { return false }
            try await Task.sleep(for: .milliseconds(10))
        }
        return true
    }

    func exitCode() async -> Int32 {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { [process] in
                continuation.resume(returning: process.wait())
            }
        }
    }
}
