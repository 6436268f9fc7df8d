import Glibc
import Testing

@testable import Platform

struct SyscallsTests {
    @Test func anInterruptedCallIsRepeated() throws {
        var calls = 0
        let result = try Syscalls.attempt("test") {
            calls += 1
            errno = EINTR
            return calls < 3 ? -1 : 7
        }
        #expect(result == .done(7))
        #expect(calls == 3)
    }

    /// The second time is when glibc, left alone, would have learnt to keep it.
    @Test func aLargeBlockThatIsFreedLeavesTheProcess() {
        Syscalls.returnFreedMemory()
        var isMapped = true
        for _ in 0..<2 {
            let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 28 << 20, alignment: 16)
            block.initializeMemory(as: UInt8.self, repeating: 1)
            let pageBytes = sysconf(Int32(_SC_PAGESIZE))
            let middle = (Int(bitPattern: block.baseAddress) + (14 << 20)) & ~(pageBytes - 1)
            block.deallocate()
            var residency: UInt8 = 0
            isMapped =
                mincore(UnsafeMutableRawPointer(bitPattern: middle), pageBytes, &residency) == 0
        }
        #expect(!isMapped)
    }

    @Test(arguments: [EAGAIN, EWOULDBLOCK])
    func aCallThatWouldBlockIsNoFailure(code: Int32) throws {
        let result = try Syscalls.attempt("test") {
            errno = code
            return -1
        }
        #expect(result == .wouldBlock)
    }

    @Test(arguments: [EPIPE, ECONNRESET])
    func theEndOfAConnectionIsOneError(code: Int32) {
        #expect(throws: PlatformError.closed) {
            try Syscalls.attempt("test") {
                errno = code
                return -1
            }
        }
    }

    @Test func descriptorsAreClosedOnExecAndDoNotBlock() throws {
        let (near, far) = try Syscalls.socketPair()
        for raw in [near, far] {
            #expect(fcntl(raw, F_GETFD) & FD_CLOEXEC != 0)
            #expect(fcntl(raw, F_GETFL) & O_NONBLOCK != 0)
            close(raw)
        }
    }

    @Test func aDescriptorIsClosedWhenItsOwnerGoes() throws {
        let (near, far) = try Syscalls.socketPair()
        do { _ = Descriptor(owning: near) }
        var byte: UInt8 = 0
        #expect(read(far, &byte, 1) == 0)
        close(far)
    }

    @Test func errorsNameTheCall() {
        #expect(throws: PlatformError.failed(call: "recv", code: EBADF)) {
            try withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { buffer in
                _ = try Syscalls.receive(-1, into: buffer)
            }
        }
        let text = PlatformError.failed(call: "recv", code: EBADF).description
        #expect(text == "recv: Bad file descriptor (errno 9)")
    }
}
