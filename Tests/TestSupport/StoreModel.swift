import Audiences

/// What an audience must be after a history of pages, said as directly as possible.
///
/// Independent of ``MemoryStore`` and of ``SyncSession``: sets of names, no counts, no tables.
/// It knows named sessions with regular page numbers only, which is where the order of things
/// matters.
struct StoreModel {
    private struct Replacement {
        var session: Int
        var total: Int
        var pages: [Int: Set<String>] = [:]
        /// Who is staged, and since when they will have been members.
        var entered: [String: Int] = [:]
        /// What came meanwhile: who, whether they were added, when.
        var diffs: [(people: [String], isAdd: Bool)] = []
    }

    private(set) var members: [String: Int] = [:]
    private var replacement: Replacement?
    /// Sessions whose further pages change nothing.
    private var finished: Set<Int> = []

    mutating func receive(_ step: StoreHistory.Step, at time: Int) {
        switch step {
        case .replace(let session, let number, let total, let people):
            replace(session, number, total, Set(people), at: time)
        case .add(let people):
            for name in people where members[name] == nil { members[name] = time }
            replacement?.diffs.append((people, true))
        case .remove(let people):
            for name in people { members[name] = nil }
            replacement?.diffs.append((people, false))
        }
    }

    private mutating func replace(
        _ session: Int, _ number: Int, _ total: Int, _ people: Set<String>, at time: Int
    ) {
        guard !finished.contains(session) else { return }
        if let open = replacement, open.session != session {
            finished.insert(open.session)
            replacement = nil
        }
        var open = replacement ?? Replacement(session: session, total: total)
        open.total = max(open.total, total)
        open.pages[number] = people
        let everybody = open.pages.values.reduce(Set()) { $0.union($1) }
        var entered: [String: Int] = [:]
        for name in everybody {
            entered[name] = open.entered[name] ?? members[name] ?? time
        }
        open.entered = entered
        replacement = open
        guard open.pages.count == open.total else { return }
        var next = open.entered
        for diff in open.diffs {
            for name in diff.people {
                next[name] = diff.isAdd ? members[name] ?? time : nil
            }
        }
        members = next
        finished.insert(session)
        replacement = nil
    }
}
