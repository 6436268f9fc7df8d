import CZlib
import HTTPWire

/// Compresses in tests what ``Inflate`` shall decode, through zlib itself.
///
/// `windowBits` is 15 for RFC 1950, 31 for gzip, -15 for bare RFC 1951.
func deflated(_ content: [UInt8], windowBits: Int32) -> [UInt8] {
    var content = content
    var stream = z_stream()
    let size = Int32(MemoryLayout<z_stream>.size)
    precondition(
        deflateInit2_(
            &stream, 9, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size) == Z_OK)
    defer { deflateEnd(&stream) }
    var output = [UInt8](repeating: 0, count: content.count + content.count / 1000 + 64)
    let count = content.withUnsafeMutableBufferPointer { input in
        output.withUnsafeMutableBufferPointer { room in
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(input.count)
            stream.next_out = room.baseAddress
            stream.avail_out = UInt32(room.count)
            precondition(deflate(&stream, Z_FINISH) == Z_STREAM_END)
            return room.count - Int(stream.avail_out)
        }
    }
    return Array(output[..<count])
}

func gzipped(_ content: [UInt8]) -> [UInt8] {
    deflated(content, windowBits: 31)
}

extension BodyBuffer {
    convenience init(_ bytes: [UInt8]) {
        self.init(capacity: bytes.count)
        bytes.withUnsafeBytes { _ = append($0) }
    }

    var array: [UInt8] { withUnsafeBytes { Array($0) } }
}
