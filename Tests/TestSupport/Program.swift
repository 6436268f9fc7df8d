import Foundation
import Synchronization

/// A program that a test started, by posix_spawn(3).
///
/// Foundation's `Process` is not for tests that hold many connections: before it starts anything
/// it reads /proc/self/fd and copies each entry whole, past the end of what readdir(3) gave. With
/// more than 1,300 descriptors open that is now and then past the end of the heap, and the whole
/// test run dies of it (swift-corelibs-foundation of Swift 6.3).
///
/// It is only ever signalled by its own process id, and only while that id is still its own.
package final class Program: Sendable {
    /// What it has in the place of one of its standard streams.
    package enum Stream {
        /// /dev/null
        case nothing
        /// That of the tests.
        case inherited
        /// A descriptor, which stays the caller's to close.
        case descriptor(Int32)
    }

    /// It could not be started: `errno` as posix_spawnp(3) gave it.
    package struct NotStarted: Error {
        package let executable: String
        package let code: Int32
    }

    package let identifier: Int32

    /// The exit code, once it has ended and its id was given back.
    private let ended = Mutex<Int32?>(nil)

    /// posix_spawn_file_actions_addclosefrom_np(3), since glibc 2.34; Swift does not see it.
    private static let closeFrom = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np").map {
        unsafeBitCast(
            $0,
            to: (@convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32)
                .self)
    }

    /// - Parameters:
    ///   - executable: a path, or a name that PATH leads to.
    ///   - arguments: without its name.
    ///   - environment: all of it; that of the tests without.
    ///   - input: what it reads.
    ///   - output: where it writes.
    ///   - errors: where it complains.
    /// - Throws: ``NotStarted``.
    package init(
        _ executable: String, _ arguments: [String], environment: [String: String]? = nil,
        input: Stream = .nothing, output: Stream = .inherited, errors: Stream = .inherited
    ) throws {
        var (actions, attributes) = (posix_spawn_file_actions_t(), posix_spawnattr_t())
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        for (stream, target) in [(input, Int32(0)), (output, 1), (errors, 2)] {
            switch stream {
            case .nothing:
                posix_spawn_file_actions_addopen(&actions, target, "/dev/null", O_RDWR, 0)
            case .inherited: break
            case .descriptor(let source):
                posix_spawn_file_actions_adddup2(&actions, source, target)
            }
        }
        // Connections and pipes of other tests are none of its business.
        guard let closeFrom = Self.closeFrom else {
            throw NotStarted(executable: executable, code: ENOSYS)
        }
        _ = closeFrom(&actions, 3)
        // The tests ignore SIGPIPE; a program starts as from a shell.
        var (all, none) = (sigset_t(), sigset_t())
        sigfillset(&all)
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

        let environment = environment ?? ProcessInfo.processInfo.environment
        var identifier: pid_t = 0
        let code = Self.withPointers([executable] + arguments) { arguments in
            Self.withPointers(environment.map { "\($0)=\($1)" }) { environment in
                posix_spawnp(
                    &identifier, executable, &actions, &attributes, arguments, environment)
            }
        }
        guard code == 0 else { throw NotStarted(executable: executable, code: code) }
        self.identifier = identifier
    }

    /// Sends a signal, unless it has ended.
    package func signal(_ number: Int32) {
        ended.withLock { ended in
            guard ended == nil else { return }
            kill(identifier, number)
        }
    }

    /// Waits on this thread until it has ended.
    ///
    /// - Returns: the exit code; as a shell tells it, 128 and the number of the signal if one
    ///   ended it.
    @discardableResult
    package func wait() -> Int32 {
        // Its id stays taken until the lock is held, so that nobody signals the next one's.
        var info = siginfo_t()
        while waitid(P_PID, id_t(identifier), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        return ended.withLock { ended in
            if let ended { return ended }
            var status: Int32 = 0
            while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
            let bySignal = status & 0x7F
            let code = bySignal == 0 ? (status >> 8) & 0xFF : 128 + bySignal
            ended = code
            return code
        }
    }

    /// `texts` as execve(2) reads them: an array of pointers that ends with a null pointer.
    private static func withPointers<Result>(
        _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let pointers = texts.map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        return body(pointers + [nil])
    }
}
