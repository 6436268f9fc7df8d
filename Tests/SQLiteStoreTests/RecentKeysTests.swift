import TestSupport
import Testing

@testable import SQLiteStore

/// The keys of the people who are in no index yet, and of those on their way there.
struct RecentKeysTests {
    /// What it should know: everybody's two hashes, by person.
    private struct Model {
        var last: Int64 = 10
        var people: [Int64: [KeyKind: Int64]] = [:]
        var next: Int64 = 11
        var lastToLeave: Int64?

        func people(_ kind: KeyKind, _ hash: Int64) -> [Int64] {
            people.filter { $0.value[kind] == hash }.keys.sorted(by: >)
        }
    }

    private func people(_ kind: KeyKind, _ hash: Int64, in keys: RecentKeys) -> [Int64] {
        var people: [Int64] = []
        var next = keys.newest(kind, hash)
        while let person = next {
            people.append(person)
            next = keys.older(kind, hash, than: person)
        }
        return people
    }

    private func step(
        _ keys: inout RecentKeys, _ model: inout Model, _ random: inout SeededGenerator
    ) {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<2:
            keys.beginToLeave()
            if model.lastToLeave == nil, model.next > model.last + 1 {
                model.lastToLeave = model.next - 1
            }
        case 2 where model.lastToLeave != nil:
            let last = model.lastToLeave ?? 0
            for person in model.last...last { model.people[person] = nil }
            (model.last, model.lastToLeave) = (last, nil)
            keys.haveLeft()
        case 3..<10:
            let kind = KeyKind.allCases.randomElement(using: &random) ?? .distinct
            let person = Int64.random(in: model.last - 2...model.next + 2, using: &random)
            keys.forget(kind, of: person)
            model.people[person]?[kind] = nil
        case 10..<20:
            // A transaction that is rolled back has added behind those who leave.
            let first = (model.lastToLeave ?? model.last) + 1
            let kept = Int64.random(in: first...model.next, using: &random)
            keys.truncate(to: Int(kept - model.last - 1))
            for person in kept..<model.next { model.people[person] = nil }
            model.next = kept
        default:
            let distinct = Int64.random(in: -20...20, using: &random)
            let reference = Int64.random(in: -20...20, using: &random)
            keys.append(distinct: distinct, reference: reference == 0 ? nil : reference)
            model.people[model.next] = [.distinct: distinct]
            if reference != 0 { model.people[model.next]?[.reference] = reference }
            model.next += 1
        }
    }

    /// Whoever leaves is found until they have left, and the newest first.
    @Test(arguments: 0..<8 as Range<UInt64>)
    func itFindsWhomAListWould(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var (keys, model) = (RecentKeys(after: 10), Model())
        for _ in 0..<3000 {
            step(&keys, &model, &random)
            #expect(keys.last == model.last)
            #expect(keys.next == model.next)
            #expect(keys.count == Int(model.next - model.last - 1))
            let hash = Int64.random(in: -20...20, using: &random)
            for kind in KeyKind.allCases {
                #expect(people(kind, hash, in: keys) == model.people(kind, hash))
            }
            let both = KeyKind.allCases.flatMap { model.people($0, hash) }
            #expect(keys.people(hash) == both)
        }
        #expect(model.last > 10, "nobody ever left")
    }

    /// What is merged is what left, whoever has come since.
    @Test func whoComesLaterIsNotOnTheirWay() {
        var keys = RecentKeys(after: 0)
        keys.append(distinct: 1, reference: 2)
        keys.beginToLeave()
        keys.append(distinct: 3, reference: 4)
        keys.beginToLeave()
        #expect(keys.leaving(.distinct).count == 1)
        #expect(keys.leaving(.reference).hash(0) == 2)
        #expect(keys.lastToLeave == 1)
        keys.haveLeft()
        #expect(keys.last == 1)
        #expect(keys.leaving(.distinct).count == 0)
        #expect(keys.newest(.distinct, 3) == 2)
        #expect(keys.newest(.distinct, 1) == nil)
    }
}
