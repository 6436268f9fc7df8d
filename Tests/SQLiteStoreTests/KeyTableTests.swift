import TestSupport
import Testing

@testable import SQLiteStore

/// The hash table of people who are in no index yet.
struct KeyTableTests {
    private func places(_ hash: Int64, in table: KeyTable) -> [Int] {
        var places: [Int] = []
        var next = table.newest(hash)
        while let place = next {
            places.append(place)
            next = table.older(than: place)
        }
        return places
    }

    @Test func whatIsAddedIsFoundTheNewestFirst() {
        var table = KeyTable()
        for hash in [7, 9, 7, nil, 0, 7] as [Int64?] { table.append(hash) }
        #expect(places(7, in: table) == [5, 2, 0])
        #expect(places(9, in: table) == [1])
        // No hash is not the hash 0.
        #expect(places(0, in: table) == [4])
        #expect(places(8, in: table).isEmpty)
        #expect(table.count == 6)
    }

    /// Whatever is done, it finds what a list would.
    @Test(arguments: 0..<8 as Range<UInt64>)
    func itFindsWhatAListWould(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var table = KeyTable()
        var list: [Int64?] = []
        for _ in 0..<4000 {
            switch Int.random(in: 0..<20, using: &random) {
            case 0 where !list.isEmpty:
                let place = list.indices.randomElement(using: &random) ?? 0
                table.forget(place)
                list[place] = nil
            case 1, 2, 3:
                if !list.isEmpty { list.removeLast() }
                table.removeLast()
            default:
                // Few low bits, so that chains meet; many equal ones.
                let hash = Int64.random(in: -40...40, using: &random) << 4
                list.append(hash == 16 ? nil : hash)
                table.append(hash == 16 ? nil : hash)
            }
        }
        #expect(list.count > 100)
        for hash in (-40...40).map({ Int64($0) << 4 }) {
            let expected = list.indices.filter { list[$0] == hash }.reversed()
            #expect(places(hash, in: table) == Array(expected))
        }
        let sorted = table.sorted.compactMap { list[Int($0)] }
        #expect(sorted.count == table.sorted.count)
        #expect(sorted.sorted() == list.compactMap(\.self).sorted())
    }

    /// By the upper bits, the negative ones first.
    @Test func whatIsSortedIsInTheOrderOfAnIndex() {
        var random = SeededGenerator(seed: 1)
        var table = KeyTable()
        let hashes = (0..<5000).map { _ in Int64.random(in: .min ... .max, using: &random) }
        for hash in hashes + [.min, .max, 0, -1] { table.append(hash) }
        let parts = table.sorted.compactMap { table.hash(Int($0)) }.map { $0 >> 48 }
        #expect(parts.count == 5004)
        #expect(parts == parts.sorted())
        #expect(KeyTable().sorted.isEmpty)
    }

    /// Many people may have the same reference id.
    @Test func equalHashesTakeNoLonger() {
        var table = KeyTable()
        for _ in 0..<300_000 { table.append(3) }
        #expect(table.newest(3) == 299_999)
        for _ in 0..<299_999 { table.removeLast() }
        #expect(places(3, in: table) == [0])
    }
}
