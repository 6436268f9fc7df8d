import Audiences
import Dispatch
import HTTPWire
import TestSupport
import Testing

@testable import Endpoints

@Suite struct PeerThrottleTests {
    private let start = Timestamp.start

    private func peer(_ number: Int) -> Peer {
        Peer(address: "10.\(number >> 16 & 255).\(number >> 8 & 255).\(number & 255)")
    }

    @Test func oneBelowTheLimitTriesAndOneAtItWaits() {
        let throttle = PeerThrottle(perMinuteMax: 3)
        for count in 0..<3 {
            #expect(throttle.secondsToWait(.make(), peer(1), at: start) == nil, "\(count)")
            throttle.note(.make(), peer(1), at: start)
        }
        #expect(throttle.secondsToWait(.make(), peer(1), at: start) == 60)
        #expect(throttle.secondsToWait(.make(), peer(1), at: start.after(59_999)) == 1)
        #expect(throttle.secondsToWait(.make(), peer(1), at: start.after(60_000)) == nil)
    }

    @Test func aClockThatIsSetBackHoldsNobodyForEver() {
        let throttle = PeerThrottle(perMinuteMax: 1)
        throttle.note(.make(), peer(1), at: start)
        #expect(throttle.secondsToWait(.make(), peer(1), at: start.after(hours: -1)) == nil)
    }

    /// There is nothing to push out: the memory is the same for one peer and for 100,000.
    @Test func nobodyIsForgottenBecauseHeIsMany() {
        let throttle = PeerThrottle(perMinuteMax: 10)
        for _ in 0..<10 { throttle.note(.make(), peer(0), at: start) }
        for number in 1..<100_000 { throttle.note(.make(), peer(number), at: start) }
        #expect(throttle.secondsToWait(.make(), peer(0), at: start) == 60)
    }

    /// The price of it, as large as it is said to be: 400 busy pairs, and 20,000 innocent ones.
    @Test func theInnocentAreNotHeldBackWithTheBusy() {
        let throttle = PeerThrottle(perMinuteMax: 10)
        for number in 0..<400 {
            for _ in 0..<10 { throttle.note(.make(), peer(number), at: start) }
        }
        let held = (1000..<21_000).count { number in
            throttle.secondsToWait(.make(), peer(number), at: start) != nil
        }
        #expect(held < 20, "two are to be expected")
    }

    @Test func whatWasTakenInAdvanceIsGivenBackOnceAndInItsMinuteOnly() {
        let throttle = PeerThrottle(perMinuteMax: 2)
        #expect(throttle.take(.make(), peer(1), at: start) == nil)
        #expect(throttle.take(.make(), peer(1), at: start) == nil)
        #expect(throttle.take(.make(), peer(1), at: start) == 60)
        throttle.giveBack(.make(), peer(1), takenAt: start, at: start)
        #expect(throttle.take(.make(), peer(1), at: start) == nil)
        #expect(throttle.take(.make(), peer(1), at: start) == 60)
        let later = start.after(60_000)
        #expect(throttle.take(.make(), peer(1), at: later) == nil)
        #expect(throttle.take(.make(), peer(1), at: later) == nil)
        throttle.giveBack(.make(), peer(1), takenAt: start, at: later)
        #expect(throttle.take(.make(), peer(1), at: later) == 60)
    }
}

@Suite(.timeLimit(.minutes(30))) struct SlowLaneTests {
    @Test func oneIsInTheLaneAndAsManyWaitAsMay() async throws {
        let lane = SlowLane()
        try await lane.enter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...SlowLane.waitingMax {
                group.addTask {
                    try await lane.enter()
                    lane.leave()
                }
                while lane.waitingCount < number, !Task.isCancelled { await Task.yield() }
            }
            await #expect(throws: SlowLane.Full.self) { try await lane.enter() }
            lane.leave()
            try await group.waitForAll()
        }
        #expect(try await lane.run { 7 } == 7)
    }

    @Test func whatThrowsLeavesTheLaneToTheNext() async throws {
        let lane = SlowLane()
        for _ in 0..<3 {
            await #expect(throws: CancellationError.self) {
                try await lane.run { throw CancellationError() }
            }
        }
        #expect(try await lane.run { 7 } == 7)
    }

    @Test func workIsDoneElsewhereAndItsCallerGoesOnWhereItWas() async throws {
        let loop = Loop()
        try await Task(executorPreference: loop) {
            #expect(Loop.isHere)
            let wasThere = try await SlowLane().run { Loop.isHere }
            #expect(!wasThere)
            #expect(Loop.isHere)
        }.value
    }

    /// Stands for an event loop.
    private final class Loop: TaskExecutor {
        private static let key = DispatchSpecificKey<Bool>()
        private let queue = DispatchQueue(label: "loop")

        init() { queue.setSpecific(key: Self.key, value: true) }

        static var isHere: Bool { DispatchQueue.getSpecific(key: key) == true }

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        }
    }
}
