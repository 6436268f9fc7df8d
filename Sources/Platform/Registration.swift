/// Names one registration for ever: a descriptor's number is used again by its successor, which
/// must not be woken by an event meant for it.
struct Registration: Hashable {
    let id: UInt64

    fileprivate var index: Int { Int(id & 0xffff_ffff) }
}

/// Who is registered with a loop, and until when each may wait.
struct RegistrationTable {
    /// Generations start at 1, so no registration has one of these.
    static let wakeUpID: UInt64 = 0
    static let alarmID: UInt64 = 1

    private struct Slot {
        var generation: UInt32 = 0
        var pollable: (any Pollable)?
        var deadline = MonotonicTime.never
    }

    private var slots: [Slot] = []
    private var free: [Int] = []

    mutating func insert(_ pollable: any Pollable) -> Registration {
        let index: Int
        if let reused = free.popLast() {
            index = reused
        } else {
            index = slots.count
            slots.append(Slot())
        }
        slots[index].generation = max(1, slots[index].generation &+ 1)
        slots[index].pollable = pollable
        slots[index].deadline = .never
        return Registration(id: UInt64(slots[index].generation) << 32 | UInt64(index))
    }

    mutating func remove(_ registration: Registration) {
        guard holds(registration) else { return }
        slots[registration.index].pollable = nil
        slots[registration.index].deadline = .never
        free.append(registration.index)
    }

    func find(_ id: UInt64) -> (any Pollable)? {
        let registration = Registration(id: id)
        return holds(registration) ? slots[registration.index].pollable : nil
    }

    mutating func setDeadline(_ deadline: MonotonicTime, of registration: Registration) {
        guard holds(registration) else { return }
        slots[registration.index].deadline = deadline
    }

    /// Those whose deadline has passed; each is told once.
    mutating func takeExpired(_ now: MonotonicTime) -> [any Pollable] {
        var expired: [any Pollable] = []
        for index in slots.indices where slots[index].deadline <= now {
            slots[index].deadline = .never
            if let pollable = slots[index].pollable { expired.append(pollable) }
        }
        return expired
    }

    var earliestDeadline: MonotonicTime {
        slots.reduce(.never) { min($0, $1.deadline) }
    }

    private func holds(_ registration: Registration) -> Bool {
        slots.indices.contains(registration.index)
            && slots[registration.index].pollable != nil
            && UInt64(slots[registration.index].generation) == registration.id >> 32
    }
}
