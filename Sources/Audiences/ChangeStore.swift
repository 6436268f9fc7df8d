/// The change feed: everybody who entered or left an audience, in order.
///
/// Exactly one row for each real change, until its connection is deleted. Diffs write theirs at
/// once; those of a replacement are found by comparing its two snapshots after the switch and carry
/// the time of the switch. Whoever applies the rows in their order holds, once nothing is left to
/// be compared, exactly the memberships of the store; of one person the rows are always in the
/// order in which things happened.
package protocol ChangeStore: Sendable {
    /// Changes after a place in the feed, oldest first.
    ///
    /// - Parameters:
    ///   - sequence: the last change the reader knows; 0 is the beginning.
    ///   - audience: only changes of this audience if given.
    ///   - limit: 1...``Limits/listItemsMax``.
    /// - Returns: at most `limit` changes. It may hold none and still be followed by others, for
    ///   the store looks at a bounded number of rows each time.
    /// - Throws: `gone` if changes after `sequence` have been removed already; `invalid` if
    ///   `sequence` is negative or lies ahead of the feed; `notFound` for an unknown audience.
    func changes(
        after sequence: Int64, in audience: AudienceID?, limit: Int
    ) async throws(Failure) -> ChangePage

    /// The sequence number of the latest change; 0 before the first.
    func latestChange() async throws(Failure) -> Int64

    /// Returns when there are changes after `sequence`, at the latest after `timeout`, or when
    /// the task is cancelled.
    func awaitChange(after sequence: Int64, for timeout: Duration) async throws(Failure)
}

/// Somebody entered or left an audience.
package struct MembershipChange: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case entered
        case left
    }

    /// 1, 2, 3 … without a gap but for the changes of connections that were deleted.
    package var sequence: Int64
    package var kind: Kind
    package var audience: AudienceID
    /// With today's reference id and without traits; `nil` if they have been erased.
    package var person: Person?
    /// `nil` if no session did it (a snapshot was restored, somebody was erased), if Mixpanel
    /// sent no session id, or if the sync log does not reach back so far.
    package var sessionID: ExternalID?
    /// When readers of the audience saw it.
    package var at: Timestamp

    package init(
        sequence: Int64, kind: Kind, audience: AudienceID, person: Person?,
        sessionID: ExternalID?, at: Timestamp
    ) {
        self.sequence = sequence
        self.kind = kind
        self.audience = audience
        self.person = person
        self.sessionID = sessionID
        self.at = at
    }
}

package struct ChangePage: Sendable, Hashable {
    package var changes: [MembershipChange]
    /// Where to go on: the last row that was looked at, whether it is among ``changes`` or not.
    package var next: Int64
    /// More rows follow at once.
    package var hasMore: Bool

    package init(changes: [MembershipChange], next: Int64, hasMore: Bool) {
        self.changes = changes
        self.next = next
        self.hasMore = hasMore
    }
}
