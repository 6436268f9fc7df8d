import Platform

/// Bytes to send that the peer has not taken yet.
///
/// Holds no memory while it is empty.
struct Output {
    private var bytes: [UInt8] = []
    private var start = 0

    var isEmpty: Bool { start == bytes.count }
    var count: Int { bytes.count - start }

    /// Lets `write` append; a first append borrows memory from the worker.
    mutating func append(from worker: Worker, _ write: (inout [UInt8]) -> Void) {
        if bytes.capacity == 0 { bytes = worker.scratch.takeSpare() }
        write(&bytes)
    }

    /// Takes over a long body to send, in place of copying it.
    ///
    /// Must be empty.
    mutating func replace(with body: [UInt8]) {
        bytes = body
        start = 0
    }

    /// Sends as much as the stream takes, and returns how much that was.
    mutating func send(
        to stream: any ByteStream, worker: Worker, more: Bool = false
    ) throws(PlatformError) -> Int {
        guard !isEmpty else { return 0 }
        let start = start
        let sent = try bytes.withUnsafeBufferPointer { all throws(PlatformError) in
            let rest = UnsafeRawBufferPointer(all)[start...]
            return try stream.send(UnsafeRawBufferPointer(rebasing: rest), more: more)
        }
        self.start += sent
        if isEmpty { drop(worker) }
        return sent
    }

    private mutating func drop(_ worker: Worker) {
        var spent: [UInt8] = []
        swap(&spent, &bytes)
        start = 0
        worker.scratch.giveBack(spent)
    }
}
