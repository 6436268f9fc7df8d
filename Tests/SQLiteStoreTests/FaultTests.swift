import Audiences
import Foundation
import GRDB
import TestSupport
import Testing

@testable import SQLiteStore

/// Every promise of the store, with a disk that breaks its own.
///
/// Each run strikes one call of the disk. CI strikes some of them, spread over the script;
/// MUSTER_FAULTS=all strikes every one. One fault at a time: opening a store blocks its thread, and
/// tests that watch the clock run beside these.
@Suite(.serialized) struct FaultTests {
    private static let runsMax = 8
    private static let isExhaustive =
        ProcessInfo.processInfo.environment["MUSTER_FAULTS"] == "all"

    @Test(arguments: Fault.failures + [.shortWrite, .full, .power])
    func whatWasAcknowledgedIsThereAndTheRestWhollyOrNotAtAll(_ fault: Fault) async throws {
        try await strikeEverywhere(fault, FaultStep.day, on: try await Self.template())
    }

    @Test(arguments: Fault.failures + [.shortWrite, .full, .power])
    func soIsWhatOperatorsDo(_ fault: Fault) async throws {
        try await strikeEverywhere(fault, FaultStep.life, on: try await Self.template())
    }

    /// A start that was answered is one that counts.
    @Test(arguments: Fault.failures + [.shortWrite, .full, .power])
    func soIsWhatInvitedPeopleDo(_ fault: Fault) async throws {
        try await strikeEverywhere(fault, FaultStep.launch, on: try await Self.template())
    }

    @Test(arguments: Fault.failures + [.shortWrite, .full, .power])
    func aDirectoryThatIsMadeOnAFailingDiskIsAStoreOrBecomesOne(_ fault: Fault) async throws {
        try await strikeEverywhere(fault, FaultStep.start, on: nil)
    }

    /// Proof that the power failures above would find a store that answers before it has synced.
    @Test(arguments: ["NORMAL", "OFF"])
    func aStoreThatDoesNotSyncIsFoundOut(_ level: String) async throws {
        let template = try await Self.template()
        let total = try await callCount(.power, FaultStep.day, on: template)
        var found = 0
        for number in Self.spread(over: total, Self.runsMax) {
            var run = FaultRun(.power, at: number, FaultStep.day, from: Self.templateModel)
            run.upkeep = Upkeep()
            run.spoil = { store in
                try await store.pool.writeWithoutTransaction { db in
                    try db.execute(sql: "PRAGMA synchronous = \(level)")
                }
            }
            do {
                _ = try await run.play(on: template)
            } catch {
                found += 1
            }
        }
        #expect(found > Self.runsMax / 4)
    }

    @Test func aFailedSyncStopsWritesUntilTheStoreIsOpenedAnew() async throws {
        let template = try await Self.template()
        let directory = try template.copy()
        let disk = try FaultDisk(directory)
        let store = try directory.open()
        disk.strike(.failedSync, at: 1)
        for message in [
            "The store's disk failed; check it.",
            "The store stopped writing after a fault; restart the server.",
        ] {
            let failure = await #expect(throws: Failure.self) {
                try await FaultStep.page(.add("A", 0..<5)).run(on: store, at: .start)
            }
            #expect(failure?.message == message)
            #expect(failure?.code == .unavailable)
        }
        // What is known is still answered.
        #expect(try await store.connections(ListRange()).items.count == 1)
        try await store.close()
        try await directory.withStore { store in
            try await FaultStep.page(.add("A", 0..<5)).run(on: store, at: .start)
            let visible = try await FaultModel.Visible(reading: store, looksUp: true)
            #expect(visible.members["A"] == Set(0..<5))
        }
    }

    // MARK: - Striking everywhere

    private func strikeEverywhere(
        _ fault: Fault, _ steps: [FaultStep], on template: TemporaryDirectory?
    ) async throws {
        let total = try await callCount(fault, steps, on: template)
        #expect(total > 0)
        let numbers =
            Self.isExhaustive ? Array(1...total) : Self.spread(over: total, Self.runsMax)
        var struck = 0
        for number in numbers {
            let model = template == nil ? FaultModel() : Self.templateModel
            var run = FaultRun(fault, at: number, steps, from: model)
            if try await run.play(on: template) { struck += 1 }
        }
        // Threads make the last calls uncertain by a few.
        #expect(struck >= numbers.count - 2)
        if Self.isExhaustive { print("\(fault): \(struck) of \(total) calls struck") }
    }

    /// How many calls of the fault's kind the script makes on a sound disk.
    private func callCount(
        _ fault: Fault, _ steps: [FaultStep], on template: TemporaryDirectory?
    ) async throws -> Int {
        let directory = try template?.copy() ?? TemporaryDirectory()
        let disk = try FaultDisk(directory)
        disk.strike(fault, at: .max)
        try await directory.withStore { store in
            for (index, step) in steps.enumerated() {
                for part in step.parts {
                    try await part.run(on: store, at: .start.after(minutes: Int64(index)))
                }
            }
        }
        return disk.calls
    }

    /// So many numbers from 1 to `total`, always with both ends.
    private static func spread(over total: Int, _ count: Int) -> [Int] {
        guard total > count else { return Array(1...max(1, total)) }
        return (0..<count).map { 1 + $0 * (total - 1) / (count - 1) }
    }

    /// A store with a connection, closed.
    private static func template() async throws -> TemporaryDirectory {
        let directory = TemporaryDirectory()
        try await directory.withStore { try await FaultStep.connect(1).run(on: $0, at: .start) }
        return directory
    }

    private static let templateModel = FaultModel().after(.connect(1))
}
