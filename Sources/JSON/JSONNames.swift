/// A few names, to look the keys of an object up in.
package struct JSONNames: Sendable {
    /// All names, one after another.
    private let bytes: [UInt8]
    private let ranges: [Range<Int>]

    package init(_ names: [String]) {
        var bytes: [UInt8] = []
        ranges = names.map { name in
            let start = bytes.count
            bytes.append(contentsOf: name.utf8)
            return start..<bytes.count
        }
        self.bytes = bytes
    }

    /// Which name `key` says, byte for byte once escapes are undone; the first if it is there
    /// twice.
    package func index(of key: JSONText, in source: JSONSource) -> Int? {
        guard key.hasEscapes else {
            return index(of: UnsafeBufferPointer(rebasing: source.bytes[key.range]))
        }
        var plain: [UInt8] = []
        guard !source.unescape(key, into: &plain).contains(.loneSurrogate) else { return nil }
        return plain.withUnsafeBufferPointer { index(of: $0) }
    }

    private func index(of key: UnsafeBufferPointer<UInt8>) -> Int? {
        bytes.withUnsafeBufferPointer { bytes in
            ranges.firstIndex { range in
                WordScan.equal(UnsafeBufferPointer(rebasing: bytes[range]), key)
            }
        }
    }
}
