// Any bytes give content or an InflateError; what comes out is what zlib makes of them in one
// step, never more than was asked for, in buffers no larger than that; and whatever zlib wrote is
// read back.

import CZlib
import HTTPWire
import Routing

@_cdecl("LLVMFuzzerTestOneInput")
func inflateBody(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = Input(start, count)
    let bytesMax = [0, 1, 64, 4096, 20_000, bytesOfOneStep][input.choose(6)]
    for coding in Inflate.Coding.allCases {
        check(input.bytes, as: coding, upTo: bytesMax)
    }
    // One in four, as writing costs zlib ten times what reading does.
    if input.choose(4) == 0 { checkReadBack(input.bytes) }
    return 0
}

/// Less than ``InflateLimits/ratioGraceBytes``, so that no content of it is too dense.
private let bytesOfOneStep = 1 << 16

/// A first buffer that nearly everything outgrows.
private let growingSoon: InflateLimits = {
    var limits = InflateLimits()
    limits.firstBufferBytesMin = 16
    limits.firstBufferBytesMax = 64
    return limits
}()

private func check(_ bytes: UnsafeRawBufferPointer, as coding: Inflate.Coding, upTo bytesMax: Int) {
    let expected = inOneStep(bytes, as: coding)
    switch (decode(bytes, as: coding, upTo: bytesMax), expected) {
    case (.success(let content), let expected):
        precondition(content == expected, "zlib reads something else")
    case (.failure(.tooLarge(bytesMax)), _):
        precondition(expected.map { $0.count > bytesMax } ?? true, "nothing was too large")
    case (.failure(let error), let expected):
        precondition(expected == nil, "zlib reads it, we say \(error)")
    }
    guard let expected, !expected.isEmpty else { return }
    // The limit is exact.
    let exact = decode(bytes, as: coding, upTo: expected.count)
    precondition((try? exact.get()) == expected, "refused at the limit")
    let less = decode(bytes, as: coding, upTo: expected.count - 1)
    precondition(less == .failure(.tooLarge(bytesMax: expected.count - 1)), "past the limit")
}

private func decode(
    _ bytes: UnsafeRawBufferPointer, as coding: Inflate.Coding, upTo bytesMax: Int
) -> Result<[UInt8], InflateError> {
    let body = BodyBuffer(capacity: bytes.count)
    body.append(bytes)
    return Result { () throws(InflateError) in
        let content = try Inflate.decode(
            body, as: coding, upTo: bytesMax, limits: growingSoon)
        precondition(content.capacity <= bytesMax, "a buffer larger than what was asked for")
        precondition(content.count <= bytesMax, "more than was asked for")
        return content.withUnsafeBytes { Array($0) }
    }
}

/// What zlib itself makes of `bytes`; `nil` if that is an error or more than one step's.
private func inOneStep(_ bytes: UnsafeRawBufferPointer, as coding: Inflate.Coding) -> [UInt8]? {
    let isZlib =
        bytes.count < 2 || bytes[0] & 15 == 8 && (Int(bytes[0]) * 256 + Int(bytes[1])) % 31 == 0
    var stream = z_stream()
    guard muster_inflate_init(&stream, coding == .gzip ? 31 : isZlib ? 15 : -15) == Z_OK else {
        return nil
    }
    defer { inflateEnd(&stream) }
    var content = [UInt8](repeating: 0, count: bytesOfOneStep + 1)
    var written = 0
    var input = Array(bytes)
    return input.withUnsafeMutableBufferPointer { input -> [UInt8]? in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        repeat {
            guard inflateReset(&stream) == Z_OK else { return nil }
            let code = content[written...].withUnsafeMutableBufferPointer { room in
                stream.next_out = room.baseAddress
                stream.avail_out = UInt32(room.count)
                return inflate(&stream, Z_FINISH)
            }
            guard code == Z_STREAM_END else { return nil }
            written = content.count - Int(stream.avail_out)
        } while coding == .gzip && stream.avail_in > 0
        guard stream.avail_in == 0, written <= bytesOfOneStep else { return nil }
        return Array(content[..<written])
    }
}

private func checkReadBack(_ bytes: UnsafeRawBufferPointer) {
    var encoded = [UInt8](repeating: 0, count: Int(compressBound(UInt(bytes.count))))
    var count = UInt(encoded.count)
    let plain = bytes.bindMemory(to: UInt8.self)
    guard let start = plain.baseAddress,
        compress(&encoded, &count, start, UInt(plain.count)) == Z_OK
    else { return }
    let content = encoded.prefix(Int(count)).withUnsafeBytes {
        decode($0, as: .deflate, upTo: bytes.count)
    }
    precondition((try? content.get()) == Array(bytes), "what zlib wrote is not read back")
}
