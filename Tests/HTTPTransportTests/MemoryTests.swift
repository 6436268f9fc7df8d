import HTTPWire
import Platform
import Testing

@testable import HTTPTransport

/// What is kept for the next request, and what is not.
@Suite(.timeLimit(.minutes(30)))
struct MemoryTests {
    private let block = 256 * 1024

    @Test func thePoolKeepsUpToItsLimit() {
        let pool = BufferPool(bytesMax: 2 * block)
        var buffers = (0..<3).map { _ in pool.take(block) }
        #expect(pool.freeBytes == 0)
        buffers.removeLast(2)
        #expect(pool.freeBytes == 2 * block)
        buffers.removeAll()
        #expect(pool.freeBytes == 2 * block)
        buffers.append(pool.take(block))
        #expect(pool.freeBytes == block)
        pool.giveBack()
        #expect(pool.freeBytes == 0)
        buffers.removeAll()
        #expect(pool.freeBytes == block)
    }

    @Test func aBusyTimeIsWatchedOnceAndEndsWithTheFirstQuietPeriod() {
        var memory = IdleMemory()
        func starts(_ uses: Int) -> [Int] { (1...uses).filter { _ in memory.used() } }
        func decision() -> IdleMemory.Decision { memory.elapsed() }
        let busy = IdleMemory.usesBusyMin
        #expect(starts(busy - 1) == [])
        #expect(starts(1) == [1])
        #expect(starts(busy) == [])
        #expect(decision() == .lookAgain)
        #expect(starts(busy - 1) == [])
        #expect(decision() == .giveBack)
        // From the beginning.
        #expect(starts(busy) == [busy])
    }

    @Test(arguments: [true, false])
    func afterTheDelayTheMemoryIsGivenBack(isOver: Bool) async throws {
        var limits = TransportLimits.forTests
        limits.memoryIdleDelay = isOver ? .milliseconds(50) : .seconds(3600)
        try await withServer(limits: limits) { server in
            let client = try await Client(to: server.address)
            let body = String(repeating: "x", count: 20_000)
            for _ in 0..<IdleMemory.usesBusyMin {
                try await client.send(
                    "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n" + body)
                let answer = ok("post /b " + body)
                #expect(try await client.read(count: answer.utf8.count) == answer)
            }
            if isOver {
                while server.pooledBytes > 0 { await Task.yield() }
            } else {
                #expect(server.pooledBytes > 0)
            }
            await client.close()
        }
    }
}
