package import HTTPWire
import Synchronization

/// A body out of an array, in pieces, that remembers whether anybody read it.
package final class ArrayBody: BodyReader {
    private struct State {
        var pieces: ArraySlice<[UInt8]>
        var wasRead = false
    }

    private let state: Mutex<State>
    private let failure: WireError?
    package let declaredLength: Int?

    /// - Parameters:
    ///   - pieces: what each pull gives.
    ///   - isDeclared: false for a chunked body.
    ///   - failure: what is thrown after the last piece.
    package init(_ pieces: [[UInt8]] = [], isDeclared: Bool = true, failure: WireError? = nil) {
        state = Mutex(State(pieces: pieces[...]))
        declaredLength = isDeclared ? pieces.map(\.count).reduce(0, +) : nil
        self.failure = failure
    }

    package convenience init(_ text: String) {
        self.init([Array(text.utf8)])
    }

    package var isCutShort: Bool { wasRead && failure == .disconnected }
    package var wasRead: Bool { state.withLock { $0.wasRead } }

    package func next() async throws(WireError) -> [UInt8]? {
        let piece = state.withLock { state in
            state.wasRead = true
            return state.pieces.popFirst()
        }
        if let piece { return piece }
        if let failure { throw failure }
        return nil
    }

    package func collect(upTo limit: Int) async throws(WireError) -> BodyBuffer {
        if let declaredLength, declaredLength > limit { throw .bodyTooLarge }
        var bytes: [UInt8] = []
        while let piece = try await next() {
            bytes += piece
            if bytes.count > limit { throw .bodyTooLarge }
        }
        let buffer = BodyBuffer(capacity: bytes.count)
        bytes.withUnsafeBytes { _ = buffer.append($0) }
        return buffer
    }
}

extension Response {
    /// The whole body, streamed or not.
    package func bodyBytes() async throws -> [UInt8] {
        switch body {
        case .empty: return []
        case .bytes(let bytes): return bytes
        case .stream(let produce):
            let writer = ArrayWriter()
            try await produce(writer)
            return writer.bytes
        }
    }

    package func header(_ name: String) -> String? {
        headers.first { $0.name == name }?.value
    }
}

private final class ArrayWriter: BodyWriter {
    private let written = Mutex<[UInt8]>([])

    var bytes: [UInt8] { written.withLock { $0 } }

    func write(_ bytes: [UInt8]) async throws(WireError) {
        written.withLock { $0 += bytes }
    }
}
