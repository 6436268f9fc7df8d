/// What decoding may cost, beside the number of bytes the caller takes.
package enum InflateLimits {
    /// How many bytes of content one received byte may stand for on average.
    ///
    /// JSON of members compresses 5 to 30 times; DEFLATE could reach 1032, and does in bombs.
    package static let ratioMax = 200

    /// How much content is free of ``ratioMax``: a short body of repetitions is no attack.
    package static let ratioGraceBytes = 1 << 20

    /// The smallest first buffer; it holds a page of 100 small members.
    package static let firstBufferBytesMin = 16 << 10

    /// The largest first buffer, whatever was received; a buffer doubles when it is full.
    package static let firstBufferBytesMax = 1 << 20
}
