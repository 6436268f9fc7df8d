import CEpoll
import Glibc

/// What a descriptor is waited for, and what came of it.
struct Readiness: OptionSet {
    let rawValue: UInt8

    static let read = Readiness(rawValue: 1)
    static let write = Readiness(rawValue: 2)
    /// Both directions are over, or the connection was reset; reported without being asked for.
    static let hangUp = Readiness(rawValue: 4)
}

/// Tells which of many descriptors are ready: epoll, level-triggered, behind five functions.
///
/// Another system is another file with these five functions; nothing above knows of epoll.
struct Poller: ~Copyable {
    /// Readable itself whenever one of its descriptors is ready, so Dispatch can watch it.
    let descriptor: Descriptor
    private let events: UnsafeMutablePointer<epoll_event>

    /// Events taken in one call: enough that the call costs nothing per event, few enough that
    /// the mailbox is looked at between two of them.
    static let batchEventsMax = 256

    init() throws(PlatformError) {
        let raw = epoll_create1(muster_epoll_cloexec)
        let code = errno
        guard raw >= 0 else { throw .failed(call: "epoll_create1", code: code) }
        descriptor = Descriptor(owning: raw)
        events = .allocate(capacity: Self.batchEventsMax)
    }

    deinit {
        events.deallocate()
    }

    func add(_ watched: Int32, _ interest: Readiness, id: UInt64) throws(PlatformError) {
        try control(EPOLL_CTL_ADD, watched, interest, id)
    }

    func change(_ watched: Int32, to interest: Readiness, id: UInt64) throws(PlatformError) {
        try control(EPOLL_CTL_MOD, watched, interest, id)
    }

    func remove(_ watched: Int32) {
        // Can only fail if it is not there, and then there is nothing to do.
        try? control(EPOLL_CTL_DEL, watched, [], 0)
    }

    /// Waits for events and hands each to `body`; returns how many there were.
    ///
    /// `milliseconds`: 0 looks without waiting. A signal ends the wait early, with 0.
    func wait(milliseconds: Int32, _ body: (UInt64, Readiness) -> Void) -> Int {
        let found = Int(
            epoll_wait(descriptor.raw, events, Int32(Self.batchEventsMax), milliseconds))
        guard found > 0 else { return 0 }
        for index in 0..<found {
            let event = events[index]
            var readiness: Readiness = []
            if event.events & muster_epoll_in != 0 { readiness.insert(.read) }
            if event.events & muster_epoll_out != 0 { readiness.insert(.write) }
            if event.events & (muster_epoll_hang_up | muster_epoll_error) != 0 {
                readiness.insert(.hangUp)
            }
            body(event.data.u64, readiness)
        }
        return found
    }

    private func control(
        _ operation: Int32, _ watched: Int32, _ interest: Readiness, _ id: UInt64
    ) throws(PlatformError) {
        var event = epoll_event()
        if interest.contains(.read) { event.events |= muster_epoll_in }
        if interest.contains(.write) { event.events |= muster_epoll_out }
        event.data.u64 = id
        let result = epoll_ctl(descriptor.raw, operation, watched, &event)
        let code = errno
        guard result == 0 else { throw .failed(call: "epoll_ctl", code: code) }
    }
}

/// A descriptor that other threads make readable to end the loop's sleep (eventfd).
struct WakeUp: ~Copyable {
    let descriptor: Descriptor

    init() throws(PlatformError) {
        let raw = eventfd(0, muster_eventfd_flags)
        let code = errno
        guard raw >= 0 else { throw .failed(call: "eventfd", code: code) }
        descriptor = Descriptor(owning: raw)
    }

    /// Makes it readable.
    ///
    /// A full counter (EAGAIN) is readable already.
    func signal() {
        var one: UInt64 = 1
        _ = write(descriptor.raw, &one, MemoryLayout<UInt64>.size)
    }

    func clear() {
        var count: UInt64 = 0
        _ = read(descriptor.raw, &count, MemoryLayout<UInt64>.size)
    }
}
