// Any bytes give body bytes, "need more" or a WireError; the same whole, byte by byte and in
// pieces; no more comes out than went in; and a body in chunks of our own decodes to the same.

import HTTPWire

private struct Decoded: Equatable {
    enum Verdict: Equatable {
        case waiting
        case refused(WireError)
        case ended(consumed: Int)
    }

    var body: [UInt8] = []
    var verdict = Verdict.waiting
}

@_cdecl("LLVMFuzzerTestOneInput")
func chunkedDecoder(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = Input(start, count)
    let limits = input.limits()
    let deliveries = input.deliveries()
    let results = deliveries.map { decode(input.bytes, upTo: $0, limits) }
    for result in results {
        precondition(result == results[0], "the body depends on the delivery")
        precondition(result.body.count <= count, "more came out than went in")
    }
    let chunks = written(results[0].body, cutAt: deliveries[2])
    let again = chunks.withUnsafeBytes { decode($0, upTo: [$0.count], WireLimits()) }
    precondition(
        again == Decoded(body: results[0].body, verdict: .ended(consumed: chunks.count)),
        "our own chunks decode to something else")
    return 0
}

private func decode(
    _ bytes: UnsafeRawBufferPointer, upTo ends: [Int], _ limits: WireLimits
) -> Decoded {
    var decoder = ChunkedDecoder()
    var decoded = Decoded()
    var consumed = 0
    do {
        for end in ends {
            while consumed < end {
                let unread = UnsafeRawBufferPointer(rebasing: bytes[consumed..<end])
                let announced = decoder.chunkBytesLeft
                switch try decoder.next(unread, limits: limits) {
                case .needMore:
                    consumed = end
                case .data(let range):
                    precondition(!range.isEmpty, "a piece of nothing")
                    precondition(
                        announced == 0 || announced == range.count + decoder.chunkBytesLeft,
                        "a chunk of another length than announced")
                    decoded.body += unread[range]
                    consumed += range.upperBound
                case .end(let count):
                    decoded.verdict = .ended(consumed: consumed + count)
                    return decoded
                }
            }
        }
    } catch {
        decoded.verdict = .refused(error)
    }
    return decoded
}

private func written(_ body: [UInt8], cutAt ends: [Int]) -> [UInt8] {
    var bytes: [UInt8] = []
    var start = 0
    for end in ends where end > start && end <= body.count {
        Serializer.appendChunk(Array(body[start..<end]), to: &bytes)
        start = end
    }
    Serializer.appendChunk(Array(body[start...]), to: &bytes)
    Serializer.appendLastChunk(to: &bytes)
    return bytes
}
