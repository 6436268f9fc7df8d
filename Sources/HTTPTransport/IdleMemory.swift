/// Decides when freed memory goes back to the system: once things are quiet after they were busy.
///
/// Giving back costs page faults later, so a busy loop keeps what it has; and a trickle, such as
/// the probes of a load balancer, must neither prevent the giving back nor make it a habit.
struct IdleMemory {
    enum Decision {
        case lookAgain, giveBack
    }

    /// Uses after which there may be something worth giving back, and fewer of which, in one
    /// period, are quiet.
    static let usesBusyMin = 32

    private var usesSinceGivenBack = 0
    private var usesInPeriod = 0
    private var isWatching = false

    /// Notes that memory was taken or freed; true if the first period begins now.
    mutating func used() -> Bool {
        usesInPeriod = min(usesInPeriod + 1, Self.usesBusyMin)
        usesSinceGivenBack = min(usesSinceGivenBack + 1, Self.usesBusyMin)
        guard !isWatching, usesSinceGivenBack == Self.usesBusyMin else { return false }
        usesInPeriod = 0
        isWatching = true
        return true
    }

    /// A period is over.
    mutating func elapsed() -> Decision {
        defer { usesInPeriod = 0 }
        guard usesInPeriod < Self.usesBusyMin else { return .lookAgain }
        usesSinceGivenBack = 0
        isWatching = false
        return .giveBack
    }
}
