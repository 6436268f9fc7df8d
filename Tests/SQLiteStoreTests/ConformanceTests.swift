import Foundation
import TestSupport
import Testing

@testable import SQLiteStore

/// The contracts of the ports, for the store on disk and for the one of the other tests.
struct ConformanceTests {
    @Test(arguments: StoreConformance.cases)
    func theSQLiteStoreKeepsTheContract(_ sentence: StoreCase) async throws {
        let directory = TemporaryDirectory()
        try await directory.withStore { try await sentence.run(on: $0) }
    }

    /// A command finds people by the database alone, whoever adds them.
    @Test(arguments: StoreConformance.cases)
    func aCommandKeepsTheContract(_ sentence: StoreCase) async throws {
        let directory = TemporaryDirectory()
        try await directory.withStore(as: .tool) { try await sentence.run(on: $0) }
    }

    /// The indexes of people are being filled, and read, all the time.
    @Test(arguments: StoreConformance.cases)
    func theContractIsKeptWhilePeopleComeIntoTheIndexes(_ sentence: StoreCase) async throws {
        let directory = TemporaryDirectory()
        try await directory.withStore(upkeep: Upkeep(recentPeopleMax: 2, filterPeopleMin: 1)) {
            try await sentence.run(on: $0)
        }
    }

    @Test(arguments: StoreConformance.cases)
    func theMemoryStoreKeepsTheContract(_ sentence: StoreCase) async throws {
        try await sentence.run(on: MemoryStore())
    }

    @Test func everySentenceIsSaidOnce() {
        let names = StoreConformance.cases.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(names.count > 130)
    }

    /// Every seed is a history of its own; a failure is shrunk and names it.
    ///
    /// `MUSTER_HISTORIES=20000` plays more of them.
    @Test(arguments: HistorySeeds.all)
    func theSQLiteStoreFollowsTheModel(_ seeds: HistorySeeds) async throws {
        try await StoreHistory.play(seeds.range) { body in
            let directory = TemporaryDirectory()
            // Some histories are long enough to fill the indexes, others are not.
            let upkeep = Upkeep(recentPeopleMax: 20, filterPeopleMin: 10)
            try await directory.withStore(upkeep: upkeep) { try await body($0) }
        }
    }

    @Test(arguments: HistorySeeds.all)
    func theMemoryStoreFollowsTheModel(_ seeds: HistorySeeds) async throws {
        try await StoreHistory.play(seeds.range) { try await $0(MemoryStore()) }
    }
}

/// A tenth of the seeds that are played.
struct HistorySeeds: Sendable, CustomTestStringConvertible {
    let range: Range<UInt64>

    static let all: [HistorySeeds] = {
        let asked = ProcessInfo.processInfo.environment["MUSTER_HISTORIES"].flatMap { UInt64($0) }
        let tenth = max(1, (asked ?? 200) / 10)
        return (0..<10).map { HistorySeeds(range: $0 * tenth..<($0 + 1) * tenth) }
    }()

    var testDescription: String { "\(range)" }
}
