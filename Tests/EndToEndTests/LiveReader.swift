import TestSupport

/// Keeps the members of some audiences by nothing but the change feed, and believes no row that
/// says what can't be.
struct LiveReader {
    /// The last row that was read, of whatever audience.
    private(set) var place: Int
    /// How many rows were about the audiences that are followed.
    private(set) var count: Int64 = 0
    private var members: [String: Set<String>] = [:]
    /// Members who have been erased, and whose leaving has not been read yet.
    private var nameless: [String: Int] = [:]

    init(after place: Int) {
        self.place = place
    }

    /// Takes the next rows of the feed.
    mutating func take(_ changes: [LiveChange], of audiences: Set<String>) throws {
        for change in changes {
            guard change.seq == place + 1 else {
                throw Violation(description: "row \(change.seq) of the feed follows \(place)")
            }
            place = change.seq
            if audiences.contains(change.audienceId) { try take(change) }
        }
    }

    /// Takes a row, wherever in the feed it stands.
    mutating func take(_ change: LiveChange) throws {
        count += 1
        let isReal =
            switch (change.change, change.mixpanelDistinctId) {
            case ("entered", let name?):
                members[change.audienceId, default: []].insert(name).inserted
            case ("left", let name?):
                members[change.audienceId]?.remove(name) != nil
            case ("entered", nil):
                adjust(change.audienceId, by: 1) > 0
            default:
                adjust(change.audienceId, by: -1) >= 0
            }
        guard !isReal else { return }
        let name = change.mixpanelDistinctId ?? "somebody who was erased"
        throw Violation(
            description: "row \(change.seq) of the feed: \(name) \(change.change) again")
    }

    /// Somebody is being erased: the rows about them that are still to be read have no name.
    mutating func forget(_ name: String, in audience: String) {
        if members[audience]?.remove(name) != nil { adjust(audience, by: 1) }
    }

    /// What was read must come to these members.
    func expect(_ expected: Set<String>, in audience: String) throws {
        let found = members[audience] ?? []
        guard found != expected || nameless[audience, default: 0] != 0 else { return }
        throw Violation(
            description: "the feed comes to \(found.sorted().prefix(9)) and "
                + "\(nameless[audience, default: 0]) erased instead of "
                + "\(expected.sorted().prefix(9))")
    }

    @discardableResult
    private mutating func adjust(_ audience: String, by difference: Int) -> Int {
        nameless[audience, default: 0] += difference
        return nameless[audience, default: 0]
    }
}
