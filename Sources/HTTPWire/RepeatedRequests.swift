/// The heads that a loop has seen of requests that always get the same answer.
///
/// Probes send the same bytes again and again. A head that was judged once means the same when it
/// comes again, byte for byte, so it is neither read nor answered anew.
package struct RepeatedRequests: Sendable {
    /// Few, because every head is compared with all of them.
    package static let headsMax = 4
    /// Longer heads are not remembered.
    package static let headBytesMax = 1024

    private struct Known: Sendable {
        let head: [UInt8]
        let answer: PreparedAnswer
    }

    private var known: [Known] = []
    private var oldest = 0

    package init() {}

    /// Notes that whoever sends `head` gets `answer`.
    package mutating func remember(_ head: UnsafeRawBufferPointer, _ answer: PreparedAnswer) {
        let new = Known(head: Array(head), answer: answer)
        if known.count < Self.headsMax {
            known.append(new)
        } else {
            known[oldest] = new
            oldest = (oldest + 1) % Self.headsMax
        }
    }

    /// The answer to the head that `unread` begins with, if it is known, and the head's length.
    package func answer(
        to unread: UnsafeRawBufferPointer
    ) -> (answer: PreparedAnswer, headBytes: Int)? {
        // By place: each element of a sequence would be a copy.
        for index in known.indices
        where known[index].head.withUnsafeBytes({ Self.begins(unread, with: $0) }) {
            return (known[index].answer, known[index].head.count)
        }
        return nil
    }

    /// Eight bytes at a time; the last eight may overlap those before.
    private static func begins(
        _ bytes: UnsafeRawBufferPointer, with head: UnsafeRawBufferPointer
    ) -> Bool {
        guard head.count <= bytes.count, head.count >= 8 else { return false }
        func isSame(_ offset: Int) -> Bool {
            head.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                == bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        }
        var offset = 0
        while offset < head.count - 8 {
            guard isSame(offset) else { return false }
            offset += 8
        }
        return isSame(head.count - 8)
    }
}
