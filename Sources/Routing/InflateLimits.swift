/// What decoding may cost, beside the number of bytes the caller takes.
package struct InflateLimits: Sendable, Hashable {
    /// How many bytes of content one received byte may stand for on average.
    ///
    /// JSON of members compresses 5 to 30 times; DEFLATE could reach 1032, and does in bombs.
    package var ratioMax = 200

    /// How much content is free of ``ratioMax``: a short body of repetitions is no attack.
    package var ratioGraceBytes = 1 << 20

    /// The smallest first buffer; it holds a page of 100 small members.
    package var firstBufferBytesMin = 16 << 10

    /// The largest first buffer, whatever was received; a buffer doubles when it is full.
    ///
    /// Less than ``firstBufferBytesMin`` has no effect.
    package var firstBufferBytesMax = 1 << 20

    package init() {}
}
