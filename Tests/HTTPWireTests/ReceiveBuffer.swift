/// Bytes that a test's driver has received and not used yet.
///
/// The transport keeps its own (`HTTPTransport/Unread.swift`), which reads into the loop's memory.
struct ReceiveBuffer: Sendable {
    private var bytes: [UInt8] = []
    private var start = 0

    init() {}

    var count: Int { bytes.count - start }
    var isEmpty: Bool { count == 0 }

    /// Adds `more` behind what is unread.
    mutating func append(_ more: UnsafeRawBufferPointer) {
        // Moves what is left to the front only when it is the smaller part, so that each byte
        // is moved at most once for each one consumed.
        if start > bytes.count - start {
            bytes.removeSubrange(..<start)
            start = 0
        }
        bytes.append(contentsOf: more)
    }

    /// Forgets the first `count` unread bytes, and the memory when none is left.
    mutating func consume(_ count: Int) {
        precondition(count >= 0 && count <= self.count, "consumed more than was received")
        start += count
        guard start == bytes.count else { return }
        bytes = []
        start = 0
    }

    /// The unread bytes.
    func withUnread<R, E: Error>(
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
