import CEpoll
import Glibc

/// The one timer of a loop (timerfd), set to the earliest thing it is wanted for, and silent
/// without any.
///
/// It is never set later: a deadline that moves back, as every request moves its connection's,
/// costs nothing until the old time comes and the owner looks again.
///
/// Not Dispatch's timer, so that there is one thing to wait for: a second source on the queue
/// would have to wait for a turn to end.
struct AlarmClock: ~Copyable {
    let descriptor: Descriptor
    private var ringsAt = MonotonicTime.never
    private var work: [(time: MonotonicTime, body: () -> Void)] = []

    init() throws(PlatformError) {
        let raw = timerfd_create(CLOCK_MONOTONIC, muster_timerfd_flags)
        let code = errno
        guard raw >= 0 else { throw .failed(call: "timerfd_create", code: code) }
        descriptor = Descriptor(owning: raw)
    }

    /// Makes sure that the clock rings at `time`, or earlier.
    mutating func ring(at time: MonotonicTime) {
        guard time < ringsAt else { return }
        ringsAt = time
        // Zero would switch it off; a time that has passed rings at once.
        let nanoseconds = max(1, time.nanoseconds)
        var setting = itimerspec()
        setting.it_value.tv_sec = Int(nanoseconds / 1_000_000_000)
        setting.it_value.tv_nsec = Int(nanoseconds % 1_000_000_000)
        _ = timerfd_settime(descriptor.raw, muster_timerfd_absolute, &setting, nil)
    }

    mutating func add(_ time: MonotonicTime, _ body: @escaping () -> Void) {
        work.append((time, body))
        ring(at: time)
    }

    /// What is due, the earliest first; the clock is set again for the rest.
    mutating func takeDue(_ now: MonotonicTime) -> [() -> Void] {
        var rings: UInt64 = 0
        _ = read(descriptor.raw, &rings, MemoryLayout<UInt64>.size)
        let due = work.filter { $0.time <= now }.sorted { $0.time < $1.time }
        work.removeAll { $0.time <= now }
        ringsAt = .never
        if let next = work.map(\.time).min() { ring(at: next) }
        return due.map(\.body)
    }
}
