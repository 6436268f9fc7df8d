import Audiences

/// A random history of what Mixpanel and operators do to a store.
///
/// The same seed makes the same history. One that a store does not follow is shrunk to the few
/// steps it takes, and printed so that it can be pasted into a test.
package struct StoreHistory: Sendable {
    /// Gives `body` a store with nothing in it, and does away with it.
    package typealias Fresh =
        @Sendable (_ body: @Sendable (any Store) async throws -> Void) async throws -> Void
    /// Plays a history on something with nothing in it; throws as that fails.
    package typealias Trial = @Sendable (StoreHistory) async throws -> Void

    package var steps: [HistoryStep]
    /// Chooses what is asked between the steps.
    private let seed: UInt64

    package init(_ steps: [HistoryStep], seed: UInt64 = 0) {
        self.steps = steps
        self.seed = seed
    }

    package init(seed: UInt64) {
        var writer = HistoryWriter(seed: seed)
        self.init(writer.steps(), seed: seed)
    }

    /// A history that a running server can be put through.
    package init(liveSeed seed: UInt64) {
        var writer = HistoryWriter(seed: seed, isLive: true)
        self.init(writer.steps(), seed: seed)
    }

    /// Plays the histories of these seeds; throws the first that fails, shrunk.
    package static func play(_ seeds: Range<UInt64>, on fresh: Fresh) async throws {
        for seed in seeds {
            try await StoreHistory(seed: seed).play { history in
                try await fresh { try await history.run(on: $0) }
            }
        }
    }

    /// Plays this history; throws ``Violation`` with the smallest one that fails as well.
    package func play(_ trial: Trial) async throws {
        guard let failure = await failure(trial) else { return }
        let small = await shrunk(trial)
        let reason = await small.failure(trial) ?? failure
        let lines = small.steps.map { "    \($0),\n" }.joined()
        throw Violation(
            description: "seed \(seed), \(steps.count) steps, \(small.steps.count) needed: "
                + "\(reason)\n\(lines)")
    }

    /// Plays this history on a store with nothing in it; throws as it fails.
    package func run(on store: any Store) async throws {
        var player = HistoryPlayer(store: store, seed: seed)
        try await player.play(steps)
    }

    private func failure(_ trial: Trial) async -> String? {
        do {
            try await trial(self)
            return nil
        } catch {
            return "\(error)"
        }
    }

    // MARK: Shrinking

    /// How long making a history smaller may take; there are some thousand ways to try.
    private static let shrinkingMax = Duration.seconds(60)

    private func shrunk(_ trial: Trial) async -> StoreHistory {
        var smallest = self
        let deadline = ContinuousClock.now + Self.shrinkingMax
        var isSmaller = true
        while isSmaller {
            isSmaller = false
            var chunk = max(1, smallest.steps.count / 2)
            while chunk >= 1 {
                var start = 0
                while start < smallest.steps.count {
                    var candidate = smallest
                    let end = min(start + chunk, candidate.steps.count)
                    candidate.steps.removeSubrange(start..<end)
                    guard ContinuousClock.now < deadline, !Task.isCancelled else {
                        return smallest
                    }
                    if await candidate.failure(trial) != nil {
                        smallest = candidate
                        isSmaller = true
                    } else {
                        start += chunk
                    }
                }
                chunk /= 2
            }
            for candidate in smallest.steps.indices.flatMap(smallest.simpler) {
                guard candidate.weight < smallest.weight else { continue }
                guard ContinuousClock.now < deadline, !Task.isCancelled else { return smallest }
                if await candidate.failure(trial) != nil {
                    smallest = candidate
                    isSmaller = true
                }
            }
        }
        return smallest
    }

    private var weight: Int { steps.reduce(0) { $0 + $1.weight } }

    /// This history with one step said more simply, in each way there is.
    private func simpler(_ index: Int) -> [StoreHistory] {
        steps[index].simpler.map { step in
            var copy = self
            copy.steps[index] = step
            return copy
        }
    }
}

extension HistoryStep {
    /// How much there is to read.
    fileprivate var weight: Int {
        switch self {
        case .send(let page): 10 + page.people.reduce(0) { $0 + $1.utf8.count } + (page.total ?? 0)
        case .wait(let hours): 2 + Int(hours)
        default: 2
        }
    }

    fileprivate var simpler: [HistoryStep] {
        switch self {
        case .send(let page): page.simpler.map { .send($0) }
        case .wait(let hours) where hours > 1: [.wait(hours: hours / 2)]
        default: []
        }
    }
}

extension HistoryPage {
    /// Half of its people, one fewer, no reference ids, a page fewer.
    fileprivate var simpler: [HistoryPage] {
        var pages: [HistoryPage] = []
        let half = people.count / 2
        let lists = [Array(people.prefix(half)), Array(people.dropFirst(half))]
        for list in lists + people.indices.map({ index in people.filter { $0 != people[index] } }) {
            pages.append(self)
            pages[pages.count - 1].people = list
        }
        pages.append(self)
        pages[pages.count - 1].people = people.map { String($0.prefix { $0 != "=" }) }
        if let total, let number, total > 1, number < total {
            pages.append(self)
            pages[pages.count - 1].total = total - 1
        }
        return pages
    }
}
