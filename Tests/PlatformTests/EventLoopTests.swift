import Platform
import Synchronization
import Testing

struct EventLoopTests {
    @Test func postedWorkRunsOnTheLoopInOrder() async throws {
        let loop = try EventLoop(label: "test")
        let seen = Mutex<[Int]>([])
        for number in 0..<1000 {
            loop.post { seen.withLock { $0.append(number) } }
        }
        #expect(await loop.perform { loop.isCurrent })
        #expect(!loop.isCurrent)
        #expect(seen.withLock { $0 } == Array(0..<1000))
        await loop.shutDown()
    }

    @Test func aTaskThatPrefersTheLoopComesBackToIt() async throws {
        let loop = try EventLoop(label: "test")
        let other = try EventLoop(label: "other")
        let task = Task(executorPreference: loop) {
            var isCurrent = [loop.isCurrent]
            await Task.yield()
            isCurrent.append(loop.isCurrent)
            isCurrent.append(await other.perform { other.isCurrent && !loop.isCurrent })
            isCurrent.append(loop.isCurrent)
            return isCurrent
        }
        #expect(await task.value == [true, true, true, true])
        await loop.shutDown()
        await other.shutDown()
    }

    /// Each post may meet the loop draining, dozing or asleep in Dispatch; a lost wake-up would
    /// make the test hang until its limit.
    @Test(.timeLimit(.minutes(30)))
    func noWakeUpIsLost() async throws {
        let loop = try EventLoop(label: "test")
        await withTaskGroup { group in
            for _ in 0..<4 {
                group.addTask {
                    for round in 0..<2000 {
                        #expect(await loop.perform { round } == round)
                    }
                }
            }
        }
        await loop.shutDown()
    }

    @Test(.timeLimit(.minutes(30)))
    func aTaskThatYieldsForEverDoesNotKeepOthersOut() async throws {
        let loop = try EventLoop(label: "test")
        let isOver = Atomic<Bool>(false)
        let box = Box(isOver)
        let busy = Task(executorPreference: loop) {
            while !box.value.load(ordering: .relaxed) { await Task.yield() }
        }
        let now = await loop.perform { loop.now }
        await withUnsafeContinuation { (done: UnsafeContinuation<Void, Never>) in
            loop.post { loop.schedule(at: now.advanced(by: .milliseconds(5))) { done.resume() } }
        }
        box.value.store(true, ordering: .relaxed)
        await busy.value
        await loop.shutDown()
    }

    @Test func alarmsRingInTheirOrder() async throws {
        let loop = try EventLoop(label: "test")
        let rung = Mutex<[Int]>([])
        await withUnsafeContinuation { (done: UnsafeContinuation<Void, Never>) in
            loop.post {
                for milliseconds in [60, 30, 1] {
                    loop.schedule(at: loop.now.advanced(by: .milliseconds(milliseconds))) {
                        rung.withLock { $0.append(milliseconds) }
                        if milliseconds == 60 { done.resume() }
                    }
                }
            }
        }
        #expect(rung.withLock { $0 } == [1, 30, 60])
        await loop.shutDown()
    }

    /// Each post to a busy loop left a turn behind, of a millisecond each: half a minute.
    @Test(.timeLimit(.minutes(30)))
    func aLoopThatWasBusyEndsAtOnce() async throws {
        let loop = try EventLoop(label: "test")
        let isOver = Box(Atomic(false))
        let busy = Task(executorPreference: loop) {
            while !isOver.value.load(ordering: .relaxed) { await Task.yield() }
        }
        // On a thread of its own, for those of the pool may have much else to do.
        let other = try EventLoop(label: "other")
        let ending = await Task(executorPreference: other) {
            for _ in 0..<30_000 { await loop.perform {} }
            isOver.value.store(true, ordering: .relaxed)
            await busy.value
            let began = MonotonicTime.now()
            await loop.shutDown()
            return MonotonicTime.now().elapsed(since: began)
        }.value
        #expect(ending < .seconds(10))
        await other.shutDown()
    }

    @Test func workPostedAfterTheEndStillRuns() async throws {
        let loop = try EventLoop(label: "test")
        await loop.shutDown()
        #expect(await loop.perform { loop.isCurrent })
    }

    private final class Box: Sendable {
        let value: Atomic<Bool>
        init(_ value: consuming Atomic<Bool>) { self.value = value }
    }
}
