import HTTPWire
import Testing

@Suite struct ReceiveBufferTests {
    @Test func whatIsNotConsumedStaysInOrder() {
        var buffer = ReceiveBuffer()
        var expected: [UInt8] = []
        for round in 0..<200 {
            let more = (0..<(round * 7 % 23)).map { UInt8(truncatingIfNeeded: round &+ $0) }
            more.withUnsafeBytes { buffer.append($0) }
            expected += more
            let count = min(expected.count, round * 5 % 19)
            buffer.consume(count)
            expected.removeFirst(count)
            #expect(buffer.withUnread { Array($0) } == expected)
            #expect(buffer.count == expected.count)
            #expect(buffer.isEmpty == expected.isEmpty)
        }
    }
}
