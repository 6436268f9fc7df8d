internal import CZlib
package import HTTPWire

/// Decodes `Content-Encoding: gzip` and `deflate`: the only user of zlib.
///
/// Everything is counted on what really came in and out, never on a length that somebody
/// announced. Content costs its own size: a block of 4 MiB or more grows by moving its pages, not
/// by being copied, and pages that nothing was written to are not there. A bomb costs what it was
/// caught at: `ratioMax` times what was received, the grace, or the caller's limit.
package enum Inflate {
    package enum Coding: Sendable, Hashable, CaseIterable {
        /// RFC 1952; several members in a row are one content (section 2.2).
        case gzip
        /// RFC 1950, as RFC 9110 section 8.4.1.2 has it; and bare RFC 1951 as well, which the
        /// same section says some senders produce. Every browser takes both, the first two
        /// bytes tell them apart, and a refusal would pause a customer's sync.
        case deflate
    }

    /// Decodes a whole body.
    ///
    /// - Parameters:
    ///   - body: the body as received, encoded.
    ///   - coding: what the sender says it is.
    ///   - bytesMax: how much content to take.
    ///   - limits: what decoding may cost beside that.
    /// - Returns: the content, at most `bytesMax` bytes.
    /// - Throws: ``InflateError``; what was decoded until then is dropped.
    package static func decode(
        _ body: BodyBuffer, as coding: Coding, upTo bytesMax: Int,
        limits: InflateLimits = InflateLimits()
    ) throws(InflateError) -> BodyBuffer {
        try decode(body, as: coding, upTo: bytesMax, limits: limits, resize: Self.resize)
    }

    /// As realloc(3), but told the size that was; a test looks over its shoulder.
    typealias Resize = (UnsafeMutableRawPointer?, Int, Int) -> UnsafeMutableRawPointer?

    static let resize: @Sendable (UnsafeMutableRawPointer?, Int, Int) -> UnsafeMutableRawPointer? =
        { muster_resize($0, $1, $2) }

    static func decode(
        _ body: BodyBuffer, as coding: Coding, upTo bytesMax: Int, limits: InflateLimits,
        resize: @escaping Resize
    ) throws(InflateError) -> BodyBuffer {
        let result = body.withUnsafeBytes { bytes in
            Result { () throws(InflateError) in
                var content = try Content(
                    bytesMax: max(0, bytesMax), encodedCount: bytes.count, limits: limits,
                    resize: resize)
                try decode(bytes, as: coding, into: &content)
                return content.buffer
            }
        }
        return try result.get()
    }

    private static func decode(
        _ encoded: UnsafeRawBufferPointer, as coding: Coding, into content: inout Content
    ) throws(InflateError) {
        let stream = try InflateStream(windowBits: windowBits(of: encoded, as: coding))
        var rest = encoded
        while true {
            try decodeOneStream(stream, &rest, of: encoded.count, into: &content)
            guard !rest.isEmpty else { return }
            guard coding == .gzip, rest.starts(with: gzipMagic) else { throw .trailingBytes }
            try stream.restart()
        }
    }

    /// Decodes up to the end of a stream, and leaves in `rest` what follows it.
    private static func decodeOneStream(
        _ stream: borrowing InflateStream, _ rest: inout UnsafeRawBufferPointer,
        of encodedCount: Int, into content: inout Content
    ) throws(InflateError) {
        var ended = false
        while !ended {
            try content.makeRoom { (room) throws(InflateError) in
                let step = try stream.step(from: rest, into: room)
                rest = UnsafeRawBufferPointer(rebasing: rest[step.read...])
                ended = step.ended
                return step.written
            }
            try content.checkRatio(read: encodedCount - rest.count)
        }
    }

    private static let gzipMagic: [UInt8] = [0x1F, 0x8B]

    /// How zlib is told the format: 15 for RFC 1950, 16 more for RFC 1952, negative for bare.
    private static func windowBits(
        of encoded: UnsafeRawBufferPointer, as coding: Coding
    ) -> Int32 {
        switch coding {
        case .gzip: 15 + 16
        case .deflate: hasZlibHeader(encoded) ? 15 : -15
        }
    }

    /// RFC 1950 section 2.2: method 8, and both bytes together a multiple of 31.
    ///
    /// A bare stream would have to begin with a stored block with a padding bit set, which
    /// nobody writes.
    private static func hasZlibHeader(_ encoded: UnsafeRawBufferPointer) -> Bool {
        guard encoded.count >= 2 else { return true }
        return encoded[0] & 0x0F == 8 && (Int(encoded[0]) << 8 | Int(encoded[1])) % 31 == 0
    }
}

/// Memory that grows in place where it can.
///
/// `@unchecked Sendable`: written by one task before it is handed on, and only read after that.
private final class Block: @unchecked Sendable {
    private(set) var memory: UnsafeMutableRawBufferPointer
    private let resize: Inflate.Resize

    init(capacity: Int, resize: @escaping Inflate.Resize) throws(InflateError) {
        self.resize = resize
        memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        try grow(to: capacity)
    }

    deinit {
        muster_free(memory.baseAddress, max(1, memory.count))
    }

    func grow(to capacity: Int) throws(InflateError) {
        guard let grown = resize(memory.baseAddress, memory.count, max(1, capacity)) else {
            throw .outOfMemory
        }
        memory = UnsafeMutableRawBufferPointer(start: grown, count: capacity)
    }
}

/// The content decoded so far, in memory that doubles up to a limit.
private struct Content {
    let bytesMax: Int
    let limits: InflateLimits
    private let block: Block
    private var count = 0

    init(
        bytesMax: Int, encodedCount: Int, limits: InflateLimits, resize: @escaping Inflate.Resize
    ) throws(InflateError) {
        self.bytesMax = bytesMax
        self.limits = limits
        // Members compress to an eighth or better, so most pages fit at once.
        let (wanted, overflow) = encodedCount.multipliedReportingOverflow(by: 8)
        let first = min(
            max(overflow ? .max : wanted, limits.firstBufferBytesMin),
            max(limits.firstBufferBytesMin, limits.firstBufferBytesMax))
        block = try Block(capacity: min(first, bytesMax), resize: resize)
    }

    /// What was decoded; it keeps the memory.
    var buffer: BodyBuffer {
        let buffer = BodyBuffer(memory: block.memory) { [block] _ in _ = block }
        buffer.fill { _ in count }
        return buffer
    }

    /// Lets `write` put at least one byte somewhere, and refuses the byte past the limit.
    mutating func makeRoom(
        _ write: (UnsafeMutableRawBufferPointer) throws(InflateError) -> Int
    ) throws(InflateError) {
        if count == block.memory.count, count < bytesMax { try grow() }
        guard count < bytesMax else {
            try probe(write)
            return
        }
        count += try write(UnsafeMutableRawBufferPointer(rebasing: block.memory[count...]))
    }

    func checkRatio(read: Int) throws(InflateError) {
        guard count > limits.ratioGraceBytes else { return }
        let (most, overflow) = read.multipliedReportingOverflow(by: limits.ratioMax)
        guard overflow || count <= most else { throw .tooDense }
    }

    private func grow() throws(InflateError) {
        let (doubled, overflow) = count.multipliedReportingOverflow(by: 2)
        try block.grow(to: overflow ? bytesMax : min(max(doubled, 1), bytesMax))
    }

    /// The buffer is full to the limit: fine if the stream has nothing left but its end.
    private func probe(
        _ write: (UnsafeMutableRawBufferPointer) throws(InflateError) -> Int
    ) throws(InflateError) {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 1)
        defer { room.deallocate() }
        guard try write(room) == 0 else { throw .tooLarge(bytesMax: bytesMax) }
    }
}

/// Owns one `z_stream`, and frees it once.
private struct InflateStream: ~Copyable {
    /// On the heap, because zlib keeps the address and refuses a stream that has moved.
    private let stream: UnsafeMutablePointer<z_stream>

    init(windowBits: Int32) throws(InflateError) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        guard muster_inflate_init(stream, windowBits) == Z_OK else {
            stream.deallocate()
            throw .outOfMemory
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Gets ready for another stream of the same format.
    func restart() throws(InflateError) {
        guard inflateReset(stream) == Z_OK else { throw .corrupt }
    }

    /// Decodes as much as there is input and room for.
    ///
    /// `room` must not be empty.
    func step(
        from input: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer
    ) throws(InflateError) -> (read: Int, written: Int, ended: Bool) {
        let given = UInt32(clamping: input.count)
        let free = UInt32(clamping: room.count)
        // zlib declares the input mutable, and does not write to it.
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: input.bindMemory(to: UInt8.self).baseAddress)
        stream.pointee.avail_in = given
        stream.pointee.next_out = room.bindMemory(to: UInt8.self).baseAddress
        stream.pointee.avail_out = free
        let code = inflate(stream, Z_NO_FLUSH)
        switch code {
        case Z_OK, Z_STREAM_END:
            return (
                Int(given - stream.pointee.avail_in), Int(free - stream.pointee.avail_out),
                code == Z_STREAM_END
            )
        case Z_BUF_ERROR: throw .truncated
        case Z_MEM_ERROR: throw .outOfMemory
        default: throw .corrupt
        }
    }
}
