package import Audiences

/// Which audience a step of a history is about.
package struct HistoryAudience: Sendable, Hashable {
    package var connection: UInt8
    package var cohort: String

    package init(_ connection: UInt8, _ cohort: String) {
        self.connection = connection
        self.cohort = cohort
    }
}

/// A page as a history writes it.
///
/// People are texts: `n1` says nothing about a reference id, `n1=r1` sets it, `n1=` clears it.
/// `crowd1` stands for ``crowdSize`` people, for only large audiences are guarded.
package struct HistoryPage: Sendable {
    package static let crowdSize = 500

    package var audience: HistoryAudience
    package var action: SyncAction
    package var people: [String]
    package var session: String?
    package var number: Int?
    package var total: Int?

    package var members: [MemberRecord] {
        people.flatMap { text -> [MemberRecord] in
            if text.hasPrefix("crowd") {
                return (0..<Self.crowdSize).map { .make("\(text)-\($0)") }
            }
            let parts = text.split(separator: "=", omittingEmptySubsequences: false)
            guard parts.count == 2 else { return [.make(text)] }
            guard !parts[1].isEmpty else { return [.make(String(parts[0]), reference: .cleared)] }
            return [.make(String(parts[0]), reference: String(parts[1]))]
        }
    }

    package var page: SyncPage {
        .make(
            action, members: members, session: session, page: number, of: total,
            cohort: audience.cohort)
    }
}

/// One step of a history; printed as the Swift that makes it.
package enum HistoryStep: Sendable, CustomStringConvertible {
    case send(HistoryPage)
    /// One step of housekeeping, or all of it.
    case tidy(toTheEnd: Bool)
    case wait(hours: Int64)
    case restore(HistoryAudience)
    case decide(HeldDecision, HistoryAudience)
    case hold(moreThan: Double?, connection: UInt8)
    case erase(String, staysErased: Bool)
    /// A connection is deleted, and made again.
    case delete(connection: UInt8)
    /// The process is killed and begins again; nothing to a store that only a test holds.
    case restart
    /// Housekeeping to the end, then everything is compared.
    case verify

    package static func send(
        _ connection: UInt8, _ cohort: String, _ action: SyncAction, _ people: [String],
        session: String?, page: Int?, of total: Int?
    ) -> HistoryStep {
        .send(
            HistoryPage(
                audience: HistoryAudience(connection, cohort), action: action, people: people,
                session: session, number: page, total: total))
    }

    package var description: String {
        switch self {
        case .send(let page):
            ".send(\(page.audience), .\(page.action), \(page.people), session: \(page.session), "
                + "page: \(page.number), of: \(page.total))"
        case .tidy(let toTheEnd): ".tidy(toTheEnd: \(toTheEnd))"
        case .wait(let hours): ".wait(hours: \(hours))"
        case .restore(let audience): ".restore(HistoryAudience(\(audience)))"
        case .decide(let decision, let audience):
            ".decide(.\(decision), HistoryAudience(\(audience)))"
        case .hold(let share, let connection):
            ".hold(moreThan: \(share), connection: \(connection))"
        case .erase(let id, let stays): ".erase(\"\(id)\", staysErased: \(stays))"
        case .delete(let connection): ".delete(connection: \(connection))"
        case .restart: ".restart"
        case .verify: ".verify"
        }
    }
}

extension DefaultStringInterpolation {
    fileprivate mutating func appendInterpolation(_ audience: HistoryAudience) {
        appendLiteral("\(audience.connection), \"\(audience.cohort)\"")
    }

    fileprivate mutating func appendInterpolation(_ value: String?) {
        appendLiteral(value.map { "\"\($0)\"" } ?? "nil")
    }

    fileprivate mutating func appendInterpolation(_ value: Int?) {
        appendLiteral(value.map { "\($0)" } ?? "nil")
    }

    fileprivate mutating func appendInterpolation(_ value: Double?) {
        appendLiteral(value.map { "\($0)" } ?? "nil")
    }
}
