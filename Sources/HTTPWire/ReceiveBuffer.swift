/// Bytes that arrived and could not be used yet: a partial head, or requests sent ahead.
///
/// A connection needs none while it is idle or its bytes can be used where they were received.
/// How much piles up is bounded by the caller, who stops reading while it has a whole request,
/// and by ``WireLimits``, which refuse a head that goes on for too long.
package struct ReceiveBuffer: Sendable {
    private var bytes: [UInt8] = []
    private var start = 0

    package init() {}

    package var count: Int { bytes.count - start }
    package var isEmpty: Bool { count == 0 }

    /// Adds `more` behind what is unread.
    package mutating func append(_ more: UnsafeRawBufferPointer) {
        // Moves what is left to the front only when it is the smaller part, so that each byte
        // is moved at most once for each one consumed.
        if start > bytes.count - start {
            bytes.removeSubrange(..<start)
            start = 0
        }
        bytes.append(contentsOf: more)
    }

    /// Forgets the first `count` unread bytes, and the memory when none is left.
    package mutating func consume(_ count: Int) {
        precondition(count >= 0 && count <= self.count, "consumed more than was received")
        start += count
        guard start == bytes.count else { return }
        bytes = []
        start = 0
    }

    /// The unread bytes.
    package func withUnread<R, E: Error>(
        _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        // The library's function forgets the type of the error, so it travels as a value.
        let result: Result<R, E> = bytes.withUnsafeBytes { all in
            do throws(E) {
                return .success(try body(UnsafeRawBufferPointer(rebasing: all[start...])))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}
