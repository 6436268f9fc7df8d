import Foundation
import Testing

/// Plays one cohort as Mixpanel does, over any number of kills, and knows what must be left.
///
/// A page that gets no answer is sent again, up to five times; then the whole sync is begun again
/// from the top, under a new session. A kill costs a random number of those tries, for a server
/// may be down for any time. Full syncs and diffs alternate, and diffs come between the pages of
/// a full sync.
struct KillClient: Sendable {
    static let cohort = "99"
    private static let triesMax = 5

    fileprivate enum Kind {
        case add, remove
        case replace(number: Int, of: Int)
    }

    fileprivate struct Page {
        let kind: Kind
        let session: String
        let people: Set<Int>
    }

    private var random: SeededGenerator
    private var pages: [Page] = []
    private var sessionCount = 0
    /// The page at the head was sent and not answered.
    private var isUnanswered = false
    /// What the store may hold.
    private var possible: Set<KillModel> = [KillModel()]
    private var counts = (syncs: 0, retries: 0, restarts: 0)

    init(seed: UInt64) {
        random = SeededGenerator(state: seed ^ 0xC11E_4700)
    }

    /// For the summary of a run.
    var story: String {
        "\(counts.syncs) syncs of one cohort, \(counts.retries) pages sent again, "
            + "\(counts.restarts) syncs begun again"
    }

    /// Sends until something breaks.
    mutating func run(sending send: (Data) async throws -> Void) async throws {
        if isUnanswered { comeBack() }
        while true {
            if pages.isEmpty { plan() }
            let page = pages[0]
            let before = possible
            possible.formUnion(before.map { $0.after(page) })
            isUnanswered = true
            try await send(page.body)
            isUnanswered = false
            possible = Set(before.map { $0.after(page) })
            pages.removeFirst()
        }
    }

    /// What was read back must be one of the possible states.
    mutating func check(_ members: Set<String>) throws {
        let found = Set(members.compactMap { Int($0) })
        let matching = possible.filter { $0.members == found }
        try #require(
            !matching.isEmpty,
            "\(found.sorted()) is none of \(possible.map { $0.members.sorted() })")
        possible = matching
    }

    private mutating func comeBack() {
        isUnanswered = false
        let tries = Int(random.next() % UInt64(Self.triesMax + 2))
        if tries < Self.triesMax {
            counts.retries += 1
        } else {
            // From the top: nothing of the run is taken for granted.
            counts.restarts += 1
            pages = []
        }
    }

    private mutating func plan() {
        counts.syncs += 1
        sessionCount += 1
        let session = "k\(sessionCount)"
        if random.next() % 2 == 0 {
            let total = Int(random.next() % 4) + 1
            for number in (1...total).shuffled(using: &random) {
                pages.append(
                    Page(
                        kind: .replace(number: number, of: total), session: session, people: crowd()
                    ))
                guard random.next() % 3 == 0 else { continue }
                pages.append(
                    Page(kind: diffKind(), session: "\(session)-\(number)", people: crowd()))
            }
        } else {
            pages = [
                Page(kind: .add, session: session, people: crowd()),
                Page(kind: .remove, session: session, people: crowd()),
            ]
        }
    }

    private mutating func diffKind() -> Kind { random.next() % 2 == 0 ? .add : .remove }

    private mutating func crowd() -> Set<Int> {
        Set((0..<60).filter { _ in random.next() % 4 == 0 })
    }
}

extension KillClient.Page {
    fileprivate var body: Data {
        let names = people.sorted().map(String.init)
        return switch kind {
        case .add: page("add_members", cohort: KillClient.cohort, session: session, names)
        case .remove: page("remove_members", cohort: KillClient.cohort, session: session, names)
        case .replace(let number, let total):
            page(
                "members", cohort: KillClient.cohort, session: session, number: number, of: total,
                names)
        }
    }
}

/// The cohort after some pages, said with sets.
private struct KillModel: Hashable {
    private struct Diff: Hashable {
        let people: Set<Int>
        let adds: Bool
    }

    private struct Staged: Hashable {
        let session: String
        var pages: [Int: Set<Int>] = [:]
        var diffs: [Diff] = []
    }

    private(set) var members: Set<Int> = []
    private var staged: Staged?
    private var committed: Set<String> = []

    func after(_ page: KillClient.Page) -> KillModel {
        var next = self
        next.apply(page)
        return next
    }

    private mutating func apply(_ page: KillClient.Page) {
        switch page.kind {
        case .add:
            members.formUnion(page.people)
            staged?.diffs.append(Diff(people: page.people, adds: true))
        case .remove:
            members.subtract(page.people)
            staged?.diffs.append(Diff(people: page.people, adds: false))
        case .replace(let number, let total):
            guard !committed.contains(page.session) else { return }
            var open =
                staged.flatMap { $0.session == page.session ? $0 : nil }
                ?? Staged(session: page.session)
            open.pages[number] = page.people
            staged = open
            guard open.pages.count == total else { return }
            members = open.pages.values.reduce(into: []) { $0.formUnion($1) }
            for diff in open.diffs {
                if diff.adds {
                    members.formUnion(diff.people)
                } else {
                    members.subtract(diff.people)
                }
            }
            staged = nil
            committed.insert(page.session)
        }
    }
}
