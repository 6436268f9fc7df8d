import HTTPWire
import Platform
import Synchronization

/// Body buffers of one loop: freed ones are kept, the last one first, as its memory is warm.
///
/// `@unchecked Sendable`: the free memory is behind a lock, since a buffer comes back from
/// whichever thread lets go of it last.
final class BufferPool: @unchecked Sendable {
    /// Sizes that are pooled.
    ///
    /// A page of 1,000 members is 150 KB; few bodies need more, and the largest sizes are rare
    /// enough to pay for their page faults.
    private static let classes = [256 * 1024, 1024 * 1024, 4 * 1024 * 1024]
    /// Up to here the allocator's own lists are as good.
    private static let smallBytesMax = 16 * 1024

    /// Memory nobody uses.
    ///
    /// `@unchecked Sendable`: whoever holds one is the only one to know of it.
    private struct Block: @unchecked Sendable {
        let memory: UnsafeMutableRawBufferPointer
    }

    private struct Free {
        var lists: [[Block]]
        var bytes = 0
    }

    private let free = Mutex(Free(lists: classes.map { _ in [] }))
    private let bytesMax: Int

    init(bytesMax: Int) {
        self.bytesMax = bytesMax
    }

    deinit {
        giveBack()
    }

    /// A buffer for at least `capacity` bytes.
    func take(_ capacity: Int) -> BodyBuffer {
        guard capacity > Self.smallBytesMax else { return BodyBuffer(capacity: capacity) }
        guard let index = Self.classes.firstIndex(where: { $0 >= capacity }) else {
            guard let memory = Syscalls.mapMemory(capacity) else {
                return BodyBuffer(capacity: capacity)
            }
            return BodyBuffer(memory: memory) { Syscalls.unmapMemory($0) }
        }
        let block = free.withLock { free in
            free.lists[index].popLast().map { block in
                free.bytes -= block.memory.count
                return block
            }
        }
        guard let memory = block?.memory ?? Syscalls.mapMemory(Self.classes[index]) else {
            return BodyBuffer(capacity: capacity)
        }
        return BodyBuffer(memory: memory) { [self] memory in give(memory, index) }
    }

    /// The next capacity to try when a body of unknown or unbelievable length has filled
    /// `capacity`: never much more than what the peer has sent.
    static func capacity(after capacity: Int) -> Int {
        if capacity < smallBytesMax { return smallBytesMax }
        return classes.first { $0 > capacity } ?? (capacity < .max / 2 ? capacity * 2 : .max)
    }

    /// The first capacity for a body: a declared length is believed up to the smallest class.
    static func firstCapacity(declared: Int?) -> Int {
        min(declared ?? smallBytesMax, classes[0])
    }

    /// What nobody uses.
    var freeBytes: Int { free.withLock { $0.bytes } }

    /// Frees what nobody uses.
    func giveBack() {
        let unused = free.withLock { free in
            defer { free = Free(lists: Self.classes.map { _ in [] }) }
            return free.lists
        }
        for block in unused.joined() { Syscalls.unmapMemory(block.memory) }
    }

    private func give(_ memory: UnsafeMutableRawBufferPointer, _ index: Int) {
        let block = Block(memory: memory)
        let isKept = free.withLock { free in
            guard free.bytes + block.memory.count <= bytesMax else { return false }
            free.bytes += block.memory.count
            free.lists[index].append(block)
            return true
        }
        if !isKept { Syscalls.unmapMemory(memory) }
    }
}
