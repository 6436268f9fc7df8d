import FaultVFS
import Testing

/// A directory whose disk fails when it is told to (Tests/FaultVFS).
///
/// `@unchecked Sendable`: the disk guards itself with a mutex.
final class FaultDisk: @unchecked Sendable {
    private let disk: OpaquePointer
    private let directory: TemporaryDirectory

    init(_ directory: TemporaryDirectory) throws {
        self.directory = directory
        disk = try #require(fault_disk_mount(directory.path))
    }

    deinit {
        fault_disk_unmount(disk)
    }

    /// Lets the `number`th call from now on strike.
    func strike(_ fault: Fault, at number: Int) {
        fault_disk_strike(disk, fault.calls.rawValue, Int64(number), fault.effect)
    }

    /// How many calls that may strike there were since then.
    var calls: Int { Int(fault_disk_calls(disk)) }

    /// Makes room on a full disk.
    func repair() { fault_disk_repair(disk) }

    /// What would be there after a power failure now, in a directory of its own.
    ///
    /// `seed` says which sectors survive that were not synced: 0 is none, 1 is all.
    func salvage(seed: UInt64) throws -> TemporaryDirectory {
        let copy = try directory.copy()
        try #require(fault_disk_salvage(disk, copy.path, seed))
        return copy
    }
}

/// Which calls are counted, and what happens at the one that strikes.
struct Fault: Sendable, CustomStringConvertible {
    struct Calls: OptionSet, Sendable {
        let rawValue: UInt32

        static let open = Calls(rawValue: fault_open)
        static let read = Calls(rawValue: fault_read)
        static let write = Calls(rawValue: fault_write)
        static let sync = Calls(rawValue: fault_sync)
        static let truncate = Calls(rawValue: fault_truncate)
        static let delete = Calls(rawValue: fault_delete)
        static let sharedMemory = Calls(rawValue: fault_shm)
    }

    let description: String
    let calls: Calls
    let effect: fault_effect

    /// The call fails once, with an I/O error of its kind.
    static let failures = [
        Fault(description: "write fails", calls: .write, effect: fault_once),
        failedSync,
        Fault(description: "truncate fails", calls: .truncate, effect: fault_once),
        Fault(description: "open fails", calls: .open, effect: fault_once),
        Fault(description: "delete fails", calls: .delete, effect: fault_once),
        Fault(description: "shared memory fails", calls: .sharedMemory, effect: fault_once),
        Fault(description: "read fails", calls: .read, effect: fault_once),
    ]

    static let failedSync = Fault(description: "sync fails", calls: .sync, effect: fault_once)
    static let shortWrite = Fault(description: "short write", calls: .write, effect: fault_short)
    static let full = Fault(description: "disk full", calls: .write, effect: fault_full)
    static let power = Fault(
        description: "power fails", calls: [.write, .sync, .truncate, .delete],
        effect: fault_power)

    var isFailedSync: Bool { calls == .sync }
    var isPowerFailure: Bool { effect == fault_power }
    /// No more than a lack of room, which passes.
    var isLackOfRoom: Bool { effect == fault_full || effect == fault_short }
}
