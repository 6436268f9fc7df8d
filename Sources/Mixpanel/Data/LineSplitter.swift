/// Cuts bytes that come in pieces, cut anywhere, into lines.
///
/// Lines end in LF, or CR LF; empty ones are left out. Holds one unfinished line at most.
struct LineSplitter {
    /// A line grew beyond the limit.
    struct LineTooLong: Error {}

    private let lineBytesMax: Int
    private var unfinished: [UInt8] = []

    init(lineBytesMax: Int) {
        self.lineBytesMax = lineBytesMax
    }

    /// Takes the next piece.
    ///
    /// - Returns: the lines that ended with it.
    mutating func add(_ piece: [UInt8]) throws(LineTooLong) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var rest = piece[...]
        while let end = rest.firstIndex(of: 0x0A) {
            try append(rest[..<end])
            if let line = take() { lines.append(line) }
            rest = rest[(end + 1)...]
        }
        try append(rest)
        return lines
    }

    /// What came after the last line end; `nil` if nothing did.
    mutating func take() -> [UInt8]? {
        if unfinished.last == 0x0D { unfinished.removeLast() }
        defer { unfinished = [] }
        return unfinished.isEmpty ? nil : unfinished
    }

    private mutating func append(_ part: ArraySlice<UInt8>) throws(LineTooLong) {
        guard part.count <= lineBytesMax - unfinished.count else { throw LineTooLong() }
        unfinished += part
    }
}
