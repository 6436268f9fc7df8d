// Any bytes give a head, "need more" or a WireError; the same whole, byte by byte and in pieces;
// no more bytes are kept than the limits say; and a head that is written back parses to the same.

import HTTPWire

private enum Verdict: Equatable {
    case waiting
    case refused(WireError)
    case head(written: [UInt8], consumed: Int)
}

@_cdecl("LLVMFuzzerTestOneInput")
func requestParser(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = Input(start, count)
    let limits = input.limits()
    let verdicts = input.deliveries().map { parse(input.bytes, upTo: $0, limits) }
    for verdict in verdicts {
        precondition(verdict == verdicts[0], "the verdict depends on the delivery")
    }
    if case .head(let written, _) = verdicts[0] {
        let again = written.withUnsafeBytes { parse($0, upTo: [$0.count], limits) }
        precondition(
            again == .head(written: written, consumed: written.count),
            "the head written back is another")
    }
    return 0
}

private func parse(
    _ bytes: UnsafeRawBufferPointer, upTo ends: [Int], _ limits: WireLimits
) -> Verdict {
    var parser = RequestParser()
    do {
        for end in ends {
            let outcome = try parser.parse(
                UnsafeRawBufferPointer(rebasing: bytes[..<end]), limits: limits)
            switch outcome {
            case .needMore:
                precondition(end <= limits.headBytesMax, "more is kept than the limits say")
            case .head(let head, let consumed):
                precondition(consumed <= min(end, limits.headBytesMax), "more is taken than is")
                return .head(written: head.written, consumed: consumed)
            }
        }
    } catch {
        precondition(error.status != nil, "a refusal without a status")
        return .refused(error)
    }
    return .waiting
}
