import Audiences

/// Makes up histories: everything Mixpanel is known to do, more often than it does it.
struct HistoryWriter {
    private var random: SeededGenerator
    /// Now and then an audience is so large that it is guarded.
    private let isCrowded: Bool
    /// Whether only what can be done to a process whose clock is the real one.
    private let isLive: Bool
    private let audiences = [
        HistoryAudience(1, "A"), HistoryAudience(1, "B"), HistoryAudience(2, "A"),
    ]
    private var session: [HistoryAudience: Int] = [:]
    private var hoursWaited: Int64 = 0

    init(seed: UInt64, isLive: Bool = false) {
        random = SeededGenerator(seed: seed)
        // There are few live ones, and they have time for crowds.
        isCrowded = seed % (isLive ? 3 : 8) == 0
        self.isLive = isLive
    }

    mutating func steps() -> [HistoryStep] {
        var steps = (0..<number(in: 4...(isCrowded && !isLive ? 12 : 40))).map { _ in step() }
        if isCrowded {
            steps.insert(.hold(moreThan: 0.3, connection: 1), at: 0)
            steps.insert(
                .send(1, "A", .members, ["crowd0", "crowd1", "n0"], session: "S0", page: 1, of: 1),
                at: 1)
            if isLive { steps.insert(contentsOf: decision(), at: 2) }
        }
        return (isLive ? steps.compactMap(live) : steps) + [.verify]
    }

    /// A replacement that is held while something else arrives, and then accepted: in a few
    /// histories that would hardly come about by itself.
    private mutating func decision() -> [HistoryStep] {
        let action = oneIn(2) ? SyncAction.addMembers : .removeMembers
        return [
            .send(1, "A", .members, ["n0", "n1"], session: "H0", page: 1, of: 1),
            .send(diff(action, of: audiences[0])), .decide(.accept, audiences[0]),
        ]
    }

    private func live(_ step: HistoryStep) -> HistoryStep? {
        switch step {
        case .wait, .tidy(toTheEnd: false), .delete: nil
        case .tidy(toTheEnd: true): .restart
        default: step
        }
    }

    private mutating func number(in range: ClosedRange<Int>) -> Int {
        Int.random(in: range, using: &random)
    }

    private mutating func oneIn(_ count: Int) -> Bool { number(in: 1...count) == 1 }

    private mutating func step() -> HistoryStep {
        let audience = oneIn(isCrowded ? 9 : 4) ? audiences[number(in: 1...2)] : audiences[0]
        // Where replacements are held, deciding and waiting matter more.
        switch number(in: isCrowded ? 31...130 : 1...100) {
        case ...50: return .send(replacement(of: audience))
        case ...60: return .send(diff(.addMembers, of: audience))
        case ...68: return .send(diff(.removeMembers, of: audience))
        case ...77: return .tidy(toTheEnd: false)
        case ...80: return .tidy(toTheEnd: true)
        case ...84: return .verify
        case ...88: return wait()
        case ...92: return .restore(audience)
        case ...95: return .decide(oneIn(2) ? .accept : .reject, audience)
        case 96:
            let shares = [nil, 0, 0.3, 1]
            return .hold(moreThan: shares[number(in: 0...3)], connection: 1)
        case ...99:
            let id = oneIn(3) ? "r\(number(in: 0...2))" : "n\(number(in: 0...5))"
            return .erase(id, staysErased: oneIn(3))
        case 100: return .delete(connection: oneIn(4) ? 2 : 1)
        case ...112: return .send(replacement(of: audience))
        case ...122: return .decide(oneIn(2) ? .accept : .reject, audience)
        default: return wait()
        }
    }

    /// In all less than the feed is kept.
    private mutating func wait() -> HistoryStep {
        let hours = Int64([1, 2, 23, 25, 49, 73, 80][number(in: 0...6)])
        guard hoursWaited + hours < 600 else { return .tidy(toTheEnd: true) }
        hoursWaited += hours
        return .wait(hours: hours)
    }

    // MARK: Pages

    private mutating func replacement(of audience: HistoryAudience) -> HistoryPage {
        var current = session[audience, default: 1]
        if oneIn(isCrowded ? 2 : 7) { current += 1 }
        session[audience] = current
        let isLate = current > 1 && oneIn(8)
        let total = oneIn(8) ? number(in: 1...4) : isCrowded ? 1 : 2 + current % 2
        var page = HistoryPage(
            audience: audience, action: .members, people: people(),
            session: oneIn(12) ? nil : "S\(isLate ? current - 1 : current)",
            number: number(in: 1...total), total: total)
        if oneIn(10) { page.number = [0, -1, 9][number(in: 0...2)] }
        if oneIn(12) { (page.number, page.total) = (nil, nil) }
        return page
    }

    private mutating func diff(_ action: SyncAction, of audience: HistoryAudience) -> HistoryPage {
        let total = number(in: 1...2)
        var page = HistoryPage(
            audience: audience, action: action, people: people(),
            session: oneIn(8) ? nil : "D\(number(in: 1...9))",
            number: number(in: 1...total), total: total)
        if oneIn(10) { page.number = 9 }
        if oneIn(10) { (page.number, page.total) = (nil, nil) }
        return page
    }

    private mutating func people() -> [String] {
        let isSparse = oneIn(2)
        var people: [String] = []
        for name in 0...5 where isSparse ? oneIn(4) : !oneIn(3) {
            people.append("n\(name)" + reference())
        }
        if isCrowded {
            people += ["crowd0", "crowd1"].filter { _ in oneIn(2) }
        }
        people.shuffle(using: &random)
        if let first = people.first, oneIn(9) { people.append(first) }
        return people
    }

    /// Few, so that people share them, and one that is somebody's distinct id.
    private mutating func reference() -> String {
        switch number(in: 1...12) {
        case ...3: "=r\(number(in: 0...2))"
        case 4: "=n0"
        case 5: "="
        default: ""
        }
    }
}
