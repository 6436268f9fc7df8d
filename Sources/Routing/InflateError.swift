/// Why a compressed body can't be used.
///
/// Says nothing of the content.
package enum InflateError: Error, Sendable, Hashable {
    /// The bytes are no such stream, or a checksum does not match.
    case corrupt
    /// The body ends before the stream does.
    case truncated
    /// Something follows the stream that is not part of it.
    case trailingBytes
    /// There is more content than the caller would take.
    case tooLarge(bytesMax: Int)
    /// The content is larger than ``InflateLimits/ratioMax`` times what was received.
    case tooDense
    /// There is no memory for the decoder: our trouble, not the sender's.
    case outOfMemory
}

extension InflateError {
    /// Part of a sentence for the sender.
    package var words: String {
        switch self {
        case .corrupt: "the data is corrupt"
        case .truncated: "the data ends too early"
        case .trailingBytes: "something follows the compressed data"
        case .tooLarge(let bytesMax): "there are more than \(bytesMax) bytes in it"
        case .tooDense: "it inflates to too many times its size"
        case .outOfMemory: "there is no memory to decode it"
        }
    }
}
