// The only file that calls libc for input and output, beside Syscalls+Files.swift. Each call
// captures errno in the expression that made it, repeats itself after EINTR, and makes descriptors
// close-on-exec and non-blocking from birth.

import CEpoll
import Glibc

package enum Syscalls {
    /// What a non-blocking call achieved.
    enum Attempt: Equatable {
        case done(Int)
        case wouldBlock
    }

    /// Repeats `body` while signals interrupt it.
    ///
    /// A negative result is a failure.
    @inline(__always)
    static func call<R: SignedInteger>(
        _ name: StaticString, _ body: () -> R
    ) throws(PlatformError) -> R {
        while true {
            let result = body()
            if result >= 0 { return result }
            let code = errno
            if code == EINTR { continue }
            throw .of(name.description, code)
        }
    }

    /// As ``call(_:_:)``, but EAGAIN is an answer and not a failure.
    @inline(__always)
    static func attempt(
        _ name: StaticString, _ body: () -> Int
    ) throws(PlatformError) -> Attempt {
        while true {
            let result = body()
            if result >= 0 { return .done(result) }
            let code = errno
            if code == EINTR { continue }
            if code == EAGAIN || code == EWOULDBLOCK { return .wouldBlock }
            throw .of(name.description, code)
        }
    }

    // MARK: Descriptors

    /// Never repeated after EINTR: Linux has closed the descriptor by then, and the number may
    /// belong to somebody else already.
    static func close(_ descriptor: Int32) {
        _ = Glibc.close(descriptor)
    }

    /// Writing to a socket the peer has reset must be an error, not the end of the process.
    ///
    /// Sends ask for MSG_NOSIGNAL themselves; this is for everything else in the process.
    package static func ignoreBrokenPipes() {
        _ = signal(SIGPIPE, SIG_IGN)
    }

    /// Raises the soft limit of open descriptors to the hard one, and returns the result.
    package static func raiseDescriptorLimit() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return 1024
        }
        var raised = limit
        raised.rlim_cur = limit.rlim_max
        if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { limit = raised }
        return Int(clamping: limit.rlim_cur)
    }

    /// Has the allocator give freed memory back to the system.
    ///
    /// glibc takes one large block for a sign of more to come, and keeps up to twice its size
    /// (mallopt(3), M_MMAP_THRESHOLD): a single body of 32 MiB would stay resident for good. A
    /// threshold that is set ends the guessing. And each thread has an arena of its own, up to
    /// eight a core, with free memory that no other thread can use: as many arenas as cores are
    /// enough for threads that mostly take turns, and 16 MiB less at a million people.
    package static func returnFreedMemory() {
        _ = mallopt(M_MMAP_THRESHOLD, largeBlockBytes)
        _ = mallopt(M_TRIM_THRESHOLD, 2 * largeBlockBytes)
        _ = mallopt(M_ARENA_MAX, Int32(clamping: processorCount()))
    }

    /// Gives the free pages between the blocks in use back to the system, in every arena.
    package static func trimHeap() {
        _ = malloc_trim(0)
    }

    /// Maps memory of its own for a large buffer, whose pages go back when it is unmapped.
    ///
    /// The allocator's would not: freed blocks of a MiB stay in its arenas, one of which each
    /// thread of Dispatch has, until something trims them.
    package static func mapMemory(_ byteCount: Int) -> UnsafeMutableRawBufferPointer? {
        let memory = mmap(
            nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory, memory != MAP_FAILED else { return nil }
        return UnsafeMutableRawBufferPointer(start: memory, count: byteCount)
    }

    package static func unmapMemory(_ memory: UnsafeMutableRawBufferPointer) {
        guard let start = memory.baseAddress else { return }
        _ = munmap(start, memory.count)
    }

    /// From here on a block is mapped by itself, and unmapped when it is freed.
    ///
    /// Such are the tables that grow with the people, and their page faults don't matter; within
    /// the heap they leave holes that nothing else fills, 40 MiB of them at five million people.
    /// Pages have buffers of their own, which are used again.
    static let largeBlockBytes: Int32 = 1 << 18

    package static func processorCount() -> Int {
        max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    }

    /// The unit of the times in /proc.
    package static func clockTicksPerSecond() -> Int {
        max(1, Int(sysconf(Int32(_SC_CLK_TCK))))
    }

    /// The unit of the memory in /proc.
    package static func memoryPageBytes() -> Int {
        max(1, Int(sysconf(Int32(_SC_PAGESIZE))))
    }

    /// Names the running thread, without the cost of a system call.
    @inline(__always)
    static func currentThread() -> UInt {
        UInt(pthread_self())
    }

    // MARK: Sockets

    static func socket(_ family: Int32) throws(PlatformError) -> Descriptor {
        let type = Int32(SOCK_STREAM.rawValue) | nonBlocking
        return Descriptor(owning: try call("socket") { Glibc.socket(family, type, 0) })
    }

    /// Two connected Unix sockets, for tests and for streams inside the process.
    package static func socketPair() throws(PlatformError) -> (Int32, Int32) {
        var pair: (Int32, Int32) = (-1, -1)
        let type = Int32(SOCK_STREAM.rawValue) | nonBlocking
        _ = try call("socketpair") {
            withUnsafeMutableBytes(of: &pair) {
                Glibc.socketpair(AF_UNIX, type, 0, $0.bindMemory(to: Int32.self).baseAddress)
            }
        }
        return pair
    }

    static func bind(
        _ socket: borrowing Descriptor, _ address: SocketAddress
    ) throws(PlatformError) {
        let raw = socket.raw
        _ = try call("bind") { address.withSockaddr { Glibc.bind(raw, $0, $1) } }
    }

    /// Removes the file of a Unix socket, and nothing that is not a socket.
    static func unlinkSocket(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return }
        _ = Glibc.unlink(path)
    }

    static func listen(_ socket: borrowing Descriptor, backlog: Int32) throws(PlatformError) {
        let raw = socket.raw
        _ = try call("listen") { Glibc.listen(raw, backlog) }
    }

    /// Starts to connect; a TCP connection is there when the socket becomes writable.
    static func connect(
        _ socket: borrowing Descriptor, _ address: SocketAddress
    ) throws(PlatformError) {
        let raw = socket.raw
        let result = address.withSockaddr { Glibc.connect(raw, $0, $1) }
        let code = errno
        guard result < 0, code != EINPROGRESS, code != EINTR else { return }
        throw .failed(call: "connect", code: code)
    }

    /// What became of a connection that was being made; throws if it failed.
    static func finishConnecting(_ socket: Int32) throws(PlatformError) {
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        _ = try call("getsockopt") { getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &length) }
        guard code == 0 else { throw .failed(call: "connect", code: code) }
    }

    /// The next waiting connection, or `nil` if there is none.
    static func accept(_ listener: Int32) throws(PlatformError) -> (Int32, SocketAddress)? {
        while true {
            var storage = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let raw = withUnsafeMutablePointer(to: &storage) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    accept4(listener, $0, &length, nonBlocking)
                }
            }
            let code = errno
            if raw >= 0 { return (raw, SocketAddress(storage, length)) }
            switch code {
            case EAGAIN, EWOULDBLOCK: return nil
            // A connection that died in the queue, or the network errors that accept(2) says to
            // treat like EAGAIN "by retrying": the next one in the queue may be well.
            case EINTR, ECONNABORTED, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET,
                EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH:
                continue
            default: throw .failed(call: "accept", code: code)
            }
        }
    }

    static func localAddress(
        of socket: borrowing Descriptor
    ) throws(PlatformError) -> SocketAddress {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let raw = socket.raw
        _ = try call("getsockname") {
            withUnsafeMutablePointer(to: &storage) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    getsockname(raw, $0, &length)
                }
            }
        }
        return SocketAddress(storage, length)
    }

    enum Option {
        case reuseAddress, reusePort, noDelay, onlyIPv6, sendBuffer, receiveBuffer

        fileprivate var names: (level: Int32, name: Int32) {
            switch self {
            case .reuseAddress: (SOL_SOCKET, SO_REUSEADDR)
            case .reusePort: (SOL_SOCKET, SO_REUSEPORT)
            case .noDelay: (Int32(IPPROTO_TCP), TCP_NODELAY)
            case .onlyIPv6: (Int32(IPPROTO_IPV6), IPV6_V6ONLY)
            case .sendBuffer: (SOL_SOCKET, SO_SNDBUF)
            case .receiveBuffer: (SOL_SOCKET, SO_RCVBUF)
            }
        }
    }

    static func set(
        _ option: Option, to value: Int32 = 1, on socket: Int32
    ) throws(PlatformError) {
        let (level, name) = option.names
        var value = value
        _ = try call("setsockopt") {
            setsockopt(socket, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
        }
    }

    /// Closing the socket then resets the connection, so that nothing of it lingers.
    static func resetWhenClosed(_ socket: Int32) {
        var option = linger(l_onoff: 1, l_linger: 0)
        _ = setsockopt(
            socket, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    static func receive(
        _ socket: Int32, into buffer: UnsafeMutableRawBufferPointer
    ) throws(PlatformError) -> Attempt {
        try attempt("recv") { recv(socket, buffer.baseAddress, buffer.count, 0) }
    }

    /// `more`: further bytes follow at once, so a short packet may wait for them.
    static func send(
        _ socket: Int32, _ bytes: UnsafeRawBufferPointer, more: Bool = false
    ) throws(PlatformError) -> Attempt {
        let flags = Int32(MSG_NOSIGNAL) | (more ? Int32(MSG_MORE) : 0)
        return try attempt("send") { Glibc.send(socket, bytes.baseAddress, bytes.count, flags) }
    }

    static func shutDownWriting(_ socket: Int32) throws(PlatformError) {
        _ = try call("shutdown") { shutdown(socket, Int32(SHUT_WR)) }
    }

    // MARK: Time and words

    static func monotonicNanoseconds() -> UInt64 {
        var time = timespec()
        _ = clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(clamping: time.tv_sec) &* 1_000_000_000 &+ UInt64(clamping: time.tv_nsec)
    }

    static func wallMilliseconds() -> Int64 {
        var time = timespec()
        _ = clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) &* 1000 &+ Int64(time.tv_nsec) / 1_000_000
    }

    /// The system's words for an errno; the buffer is ours because strerror(3) shares its own.
    static func message(_ code: Int32) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let base = buffer.baseAddress, strerror_r(code, base, 256) == 0 else {
                return "error"
            }
            return String(cString: base)
        }
    }

    private static let nonBlocking =
        Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
}
