/// A whole body in one piece of memory, given back to its pool when the last reference goes.
///
/// Exists because allocating and freeing a few hundred KiB for every page makes the kernel map
/// and fault the memory in anew each time, which measured 2.9 times slower than reuse.
///
/// `@unchecked Sendable`: filled by one task before it is handed on, and only read after that.
package final class BodyBuffer: @unchecked Sendable {
    /// The memory; ``count`` bytes at its start are the body.
    private let memory: UnsafeMutableRawBufferPointer
    private let recycle: (@Sendable (UnsafeMutableRawBufferPointer) -> Void)?
    package private(set) var count = 0

    package var capacity: Int { memory.count }

    /// Allocates `capacity` bytes, freed with the buffer.
    package init(capacity: Int) {
        memory = .allocate(byteCount: capacity, alignment: 16)
        recycle = nil
    }

    /// Borrows `memory` from a pool; `recycle` takes it back, once, on any thread.
    package init(
        memory: UnsafeMutableRawBufferPointer,
        recycle: @escaping @Sendable (UnsafeMutableRawBufferPointer) -> Void
    ) {
        self.memory = memory
        self.recycle = recycle
    }

    deinit {
        if let recycle {
            recycle(memory)
        } else {
            memory.deallocate()
        }
    }

    /// The bytes of the body.
    package func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try body(UnsafeRawBufferPointer(rebasing: memory[..<count]))
    }

    /// Lets `fill` write into the free rest of the buffer and say how many bytes it wrote.
    package func fill<E: Error>(
        _ fill: (UnsafeMutableRawBufferPointer) throws(E) -> Int
    ) throws(E) {
        let free = UnsafeMutableRawBufferPointer(rebasing: memory[count...])
        let written = try fill(free)
        precondition(written >= 0 && written <= free.count, "wrote past the buffer")
        count += written
    }

    /// Appends as many of `bytes` as fit, and returns how many that were.
    @discardableResult
    package func append(_ bytes: UnsafeRawBufferPointer) -> Int {
        let taken = min(bytes.count, memory.count - count)
        guard taken > 0 else { return 0 }
        UnsafeMutableRawBufferPointer(rebasing: memory[count...])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<taken]))
        count += taken
        return taken
    }
}
