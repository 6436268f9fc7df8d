import Audiences

/// A random history of pages of one cohort, and what it must lead to.
///
/// The same seed makes the same history, so a failure is repeated by its seed.
package struct StoreHistory: Sendable, CustomStringConvertible {
    enum Step: Sendable {
        case replace(session: Int, number: Int, of: Int, [String])
        case add([String])
        case remove([String])
    }

    private let seed: UInt64
    private let steps: [Step]

    package init(seed: UInt64) {
        self.seed = seed
        var random = SeededGenerator(seed: seed)
        var session = 1
        let names = (0..<8).map { "n\($0)" }
        steps = (0..<Int.random(in: 5...40, using: &random)).map { _ in
            let people = names.filter { _ in Bool.random(using: &random) }
                .shuffled(using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0: return .add(people)
            case 1: return .remove(people)
            default:
                if Int.random(in: 0..<8, using: &random) == 0 { session += 1 }
                // Now and then a late page of the session before, or another total.
                let late = session > 1 && Int.random(in: 0..<6, using: &random) == 0
                let total = Int.random(in: 0..<9, using: &random) == 0 ? 4 : 3
                return .replace(
                    session: late ? session - 1 : session,
                    number: Int.random(in: 1...total, using: &random), of: total, people)
            }
        }
    }

    package var description: String { "seed \(seed)" }

    /// Plays the history on a fresh store, comparing members and times after every page.
    package func run(on store: any Store) async throws {
        let rig = StoreRig(store: store)
        try await store.create(Connection.make(1))
        var model = StoreModel()
        for (index, step) in steps.enumerated() {
            let time = Timestamp.start.after(minutes: Int64(index))
            model.receive(step, at: index)
            try await rig.send(page(for: step, index), at: time)
            guard let audience = try await rig.audience() else {
                try check(model.members.isEmpty, index)
                continue
            }
            var members: [String: Int] = [:]
            for member in try await rig.members(of: audience) {
                let minutes = member.enteredAt.since(.start) / 60_000
                members[member.person.distinctID.text] = Int(minutes)
            }
            try check(members == model.members, index)
            try check(audience.memberCount == members.count, index)
            if index.isMultiple(of: 7) { try await rig.tidy(at: time) }
        }
    }

    private func check(_ condition: Bool, _ index: Int) throws {
        guard !condition else { return }
        throw Violation(description: "\(self), after step \(index): \(steps[index])")
    }

    private func page(for step: Step, _ index: Int) -> SyncPage {
        switch step {
        case .replace(let session, let number, let total, let people):
            .make(.members, people, session: "S\(session)", page: number, of: total)
        case .add(let people):
            .make(.addMembers, people, session: "D\(index)")
        case .remove(let people):
            .make(.removeMembers, people, session: "D\(index)")
        }
    }
}
