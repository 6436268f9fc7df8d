import Audiences
import Foundation
import GRDB
import TestSupport
import Testing

@testable import SQLiteStore

/// A script on a disk that strikes once, and the question what is left.
///
/// A step that returned must be there, a step that threw may be there: whole, or not at all.
/// So there is a set of states the store may be in, and it must be in one of them.
struct FaultRun {
    /// The log is copied into the database every few steps, and people are brought into the
    /// indexes, so that this is struck, too.
    var upkeep = Upkeep(checkpointPages: 40, recentPeopleMax: 30)
    let fault: Fault
    let number: Int
    let steps: [FaultStep]
    /// Runs on the store before the script, as a mistake in it would be.
    var spoil: @Sendable (SQLiteStore) async throws -> Void = { _ in }

    private var possible: Set<FaultModel>
    /// The first step that failed.
    private var failedIndex: Int?
    private var stepIndex = 0

    init(_ fault: Fault, at number: Int, _ steps: [FaultStep], from model: FaultModel) {
        self.fault = fault
        self.number = number
        self.steps = steps
        possible = [model]
    }

    /// Runs the script in a copy of `template`.
    ///
    /// - Returns: whether the fault struck, which it does not when the number is too large.
    mutating func play(on template: TemporaryDirectory?) async throws -> Bool {
        let directory = try template?.copy() ?? TemporaryDirectory()
        let disk = try FaultDisk(directory)
        disk.strike(fault, at: number)
        var killed: TemporaryDirectory?
        if let store = try open(directory, disk) {
            try await spoil(store)
            try await play(on: store, disk)
            // What a kill leaves, in every other run; the others close, which writes as well.
            if number.isMultiple(of: 2) { killed = try directory.copy() }
            try? await store.close()
        }
        let hasStruck = disk.calls >= number
        // Another directory, for handles and locks of the struck store may linger in this one.
        let left =
            if fault.isPowerFailure || fault.isFailedSync {
                try disk.salvage(seed: UInt64(number % 4))
            } else {
                try killed ?? directory.copy()
            }
        try await checkWhatIsLeft(in: left)
        return hasStruck
    }

    /// `nil` if the fault struck already; a lack of room must pass.
    private mutating func open(
        _ directory: TemporaryDirectory, _ disk: FaultDisk
    ) throws -> SQLiteStore? {
        for isLast in [!fault.isLackOfRoom, true] {
            do throws(Failure) {
                return try directory.open(upkeep: upkeep)
            } catch {
                try check(disk.calls >= number, "not opened: \(error) \(error.detail)")
                try check(error.code == .unavailable, "\(error)")
                if isLast { break }
                disk.repair()
            }
        }
        failedIndex = 0
        return nil
    }

    private mutating func play(on store: SQLiteStore, _ disk: FaultDisk) async throws {
        let struckBefore = disk.calls >= number
        for (index, step) in steps.enumerated() {
            stepIndex = index
            // One that failed while the store was opened was made good, or it would not be open.
            let wasSyncLost = fault.isFailedSync && disk.calls >= number && !struckBefore
            var didFail = false
            for (part, failure) in await results(of: step, on: store) {
                guard let failure else {
                    try check(!wasSyncLost, "taken after a failed sync")
                    possible = Set(possible.map { $0.after(part) })
                    continue
                }
                if [.conflict, .notFound].contains(failure.code) {
                    // An earlier step is missing.
                    possible = possible.filter { !$0.allows(part) }
                    try check(!possible.isEmpty, "\(failure)")
                    continue
                }
                didFail = true
                try check(disk.calls >= number, "failed for nothing: \(failure) \(failure.detail)")
                try check(failure.code == .unavailable, "\(failure) \(failure.detail)")
                try await noteFailure(of: part, on: store, disk)
            }
            guard !fault.isPowerFailure else { continue }
            let matching = try await matching(store, disk)
            // What failed may be in the log all the same, until something else is there.
            if !didFail || fault.isLackOfRoom { possible = matching }
        }
    }

    /// The failure of each part of a step, `nil` where it was done.
    private func results(
        of step: FaultStep, on store: SQLiteStore
    ) async -> [(FaultStep, Failure?)] {
        let time = Timestamp.start.after(minutes: Int64(stepIndex))
        return await withTaskGroup(of: (Int, Failure?).self) { group in
            for (index, part) in step.parts.enumerated() {
                group.addTask {
                    do throws(Failure) {
                        try await part.run(on: store, at: time)
                        return (index, nil)
                    } catch {
                        return (index, error)
                    }
                }
            }
            var failures = [Failure?](repeating: nil, count: step.parts.count)
            for await (index, failure) in group { failures[index] = failure }
            return Array(zip(step.parts, failures))
        }
    }

    private mutating func noteFailure(
        of part: FaultStep, on store: SQLiteStore, _ disk: FaultDisk
    ) async throws {
        failedIndex = failedIndex ?? stepIndex
        if fault.isLackOfRoom {
            // It must do no harm beyond the one step, and pass by itself.
            disk.repair()
            try await part.run(on: store, at: .start.after(minutes: Int64(stepIndex)))
            possible = Set(possible.map { $0.after(part) })
        } else {
            possible.formUnion(possible.map { $0.after(part) })
        }
    }

    // MARK: - What is left

    private mutating func checkWhatIsLeft(in directory: TemporaryDirectory) async throws {
        try await directory.withStore { store in
            let integrity = try await store.pool.read { db in
                try String.fetchAll(db, sql: "PRAGMA integrity_check")
            }
            try check(integrity == ["ok"], "\(integrity)")
            try await checkVisible(in: store)
            // Mixpanel comes again: what failed, and everything after it.
            for (index, step) in steps.enumerated() where index >= failedIndex ?? steps.count {
                stepIndex = index
                for part in step.parts {
                    try await again(part, on: store)
                }
            }
            try await checkVisible(in: store)
        }
    }

    private mutating func again(_ part: FaultStep, on store: SQLiteStore) async throws {
        do throws(Failure) {
            try await part.run(on: store, at: .start.after(minutes: Int64(stepIndex)))
        } catch {
            // A connection or key that is there, or is gone, although nobody was told so.
            try check([.conflict, .notFound].contains(error.code), "\(error) \(error.detail)")
        }
        possible = Set(possible.map { $0.after(part) })
    }

    private mutating func checkVisible(in store: SQLiteStore) async throws {
        possible = try await matching(store)
    }

    /// The possible states that look as the store does; there must be one.
    private func matching(
        _ store: SQLiteStore, looksUp: Bool = true
    ) async throws -> Set<FaultModel> {
        let visible = try await FaultModel.Visible(reading: store, looksUp: looksUp)
        let matching = possible.filter { $0.visible == visible }
        try check(!matching.isEmpty, "\(visible) is none of \(possible.map(\.visible))")
        return matching
    }

    /// The same while the disk may strike a read: once.
    private func matching(_ store: SQLiteStore, _ disk: FaultDisk) async throws -> Set<FaultModel> {
        do {
            return try await matching(store, looksUp: false)
        } catch let failure as Failure {
            try check(failure.code == .unavailable && disk.calls >= number, "\(failure)")
            return try await matching(store, looksUp: false)
        }
    }

    private func check(_ condition: Bool, _ what: @autoclosure () -> String) throws {
        guard !condition else { return }
        throw Violation(
            description: "\(fault) at call \(number), step \(stepIndex): \(what())")
    }
}

extension TemporaryDirectory {
    /// The files as they are now, as after a kill.
    func copy() throws -> TemporaryDirectory {
        let copy = TemporaryDirectory()
        try FileManager.default.copyItem(atPath: path, toPath: copy.path)
        return copy
    }
}
