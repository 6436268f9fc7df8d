import SQLiteStore
import TestSupport
import Testing

/// The contracts of the ports, for the store on disk and for the one of the other tests.
struct ConformanceTests {
    @Test(arguments: StoreConformance.cases)
    func theSQLiteStoreKeepsTheContract(_ sentence: StoreCase) async throws {
        let directory = TemporaryDirectory()
        try await directory.withStore { try await sentence.run(on: $0) }
    }

    @Test(arguments: StoreConformance.cases)
    func theMemoryStoreKeepsTheContract(_ sentence: StoreCase) async throws {
        try await sentence.run(on: MemoryStore())
    }

    @Test func everySentenceIsSaidOnce() {
        let names = StoreConformance.cases.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(names.count > 70)
    }

    /// Every seed is a history of its own; a failure names it.
    @Test(arguments: Array(stride(from: 0, to: 200, by: 20)))
    func theSQLiteStoreFollowsTheModel(from seed: Int) async throws {
        for seed in seed..<seed + 20 {
            let directory = TemporaryDirectory()
            try await directory.withStore {
                try await StoreHistory(seed: UInt64(seed)).run(on: $0)
            }
        }
    }

    @Test(arguments: Array(stride(from: 0, to: 200, by: 20)))
    func theMemoryStoreFollowsTheModel(from seed: Int) async throws {
        for seed in seed..<seed + 20 {
            try await StoreHistory(seed: UInt64(seed)).run(on: MemoryStore())
        }
    }
}
