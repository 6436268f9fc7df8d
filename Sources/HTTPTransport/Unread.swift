import Platform

/// Memory one loop lends to whichever connection runs; good until that connection waits.
///
/// `@unchecked Sendable`: used on one loop only.
final class Scratch: @unchecked Sendable {
    /// One receive of a body that is decoded on the way; also what a socket buffer commonly
    /// holds at once.
    static let byteCount = 64 * 1024

    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 16)

    /// Memory that connections had for bytes to send, or for bytes to keep while a task begins.
    ///
    /// For each answer, and for what comes with the head of a body, the allocator would have to
    /// find it anew.
    private var spares: [[UInt8]] = []
    private static let sparesMax = 64
    private static let spareBytesMax = 16 * 1024

    deinit {
        memory.deallocate()
    }

    /// Empty, perhaps with room from a former use.
    func takeSpare() -> [UInt8] {
        spares.popLast() ?? []
    }

    /// Frees what nobody uses.
    func dropSpares() {
        spares = []
    }

    /// Keeps the memory of a few ordinary ones.
    func giveBack(_ bytes: consuming [UInt8]) {
        guard bytes.capacity <= Self.spareBytesMax, spares.count < Self.sparesMax else { return }
        bytes.removeAll(keepingCapacity: true)
        spares.append(bytes)
    }
}

/// Bytes received and not yet consumed.
///
/// They are read in place in the loop's scratch memory. Only what is left when the connection
/// has to wait moves into memory of its own, so an idle connection has none.
struct Unread {
    private let scratch: Scratch
    /// The part of the scratch memory that is ours until ``secure()``.
    private var borrowed = 0..<0
    private var own: [UInt8] = []
    private var ownStart = 0
    /// The last receive took as little as a head needs, and got it: there may be more in the
    /// socket, so the next one need not wait.
    ///
    /// After a large one it waits, and others get a turn.
    private(set) var mayHaveMore = false

    init(scratch: Scratch) {
        self.scratch = scratch
    }

    var count: Int { borrowed.count + own.count - ownStart }
    var isEmpty: Bool { count == 0 }

    /// Receives behind the unread bytes.
    ///
    /// `bytesMax`: how much to take at once. A head takes little, so that the body
    ///   behind it can be received where it belongs and needs no copying.
    mutating func receive(
        from stream: any ByteStream, bytesMax: Int = Scratch.byteCount
    ) throws(PlatformError) -> Received {
        secure()
        let room = UnsafeMutableRawBufferPointer(rebasing: scratch.memory.prefix(bytesMax))
        let received = try stream.receive(into: room)
        guard case .bytes(let count) = received else { return received }
        borrowed = 0..<count
        if !own.isEmpty { secure() }
        mayHaveMore = count == room.count && count < Scratch.byteCount
        return received
    }

    /// The next receive shall wait.
    mutating func expectNothing() {
        mayHaveMore = false
    }

    @inline(__always)
    func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        if !borrowed.isEmpty {
            return try body(UnsafeRawBufferPointer(rebasing: scratch.memory[borrowed]))
        }
        return try own.withUnsafeBufferPointer { all throws(E) in
            try body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(all)[ownStart...]))
        }
    }

    /// Forgets the first `count` bytes, and the own memory when none is left.
    mutating func consume(_ count: Int) {
        if !borrowed.isEmpty {
            borrowed = min(borrowed.lowerBound + count, borrowed.upperBound)..<borrowed.upperBound
            return
        }
        ownStart = min(ownStart + count, own.count)
        guard ownStart == own.count, ownStart > 0 else { return }
        var spent: [UInt8] = []
        swap(&spent, &own)
        ownStart = 0
        scratch.giveBack(spent)
    }

    mutating func consumeAll() {
        consume(count)
    }

    /// Moves what is borrowed into own memory.
    ///
    /// Must be called before anything that may wait.
    mutating func secure() {
        guard !borrowed.isEmpty else { return }
        // Moves what is left to the front only when it is the smaller part, so that each byte is
        // moved at most once for each one consumed.
        if ownStart > own.count - ownStart {
            own.removeSubrange(..<ownStart)
            ownStart = 0
        }
        if own.capacity == 0 { own = scratch.takeSpare() }
        own.append(contentsOf: UnsafeRawBufferPointer(rebasing: scratch.memory[borrowed]))
        borrowed = 0..<0
    }
}
